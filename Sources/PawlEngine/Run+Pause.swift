import PawlLanguage
package import PawlModel

/// The run was paused: from here on nothing of it is started, and its steps stand still.
package struct RunPaused: Requested, Sendable, Codable, Equatable {
    /// Who asked, by uid.
    package var uid: UInt32
    /// Who asked, for people.
    package var who: String?
    /// The run above it that was paused, where it was paused along with that.
    package var above: RunID?

    /// Makes the body.
    package init(requester: Requester, above: RunID? = nil) {
        (uid, who, self.above) = (requester.uid, requester.who, above)
    }
}

/// A paused run goes on.
package struct RunUnpaused: Requested, Sendable, Codable, Equatable {
    /// Who asked, by uid.
    package var uid: UInt32
    /// Who asked, for people.
    package var who: String?

    /// Makes the body.
    package init(requester: Requester) { (uid, who) = (requester.uid, requester.who) }
}

/// A run that stands still since somebody wants it to. It decides nothing, what it waits for waits along, and no time passes for
/// it: what ends all the same is recorded, and judged once it goes on.
extension Run {
    /// What it goes on as.
    struct Pause: Sendable {
        var since: Timestamp
        var state: RunState
        var reason: String?
        var above: RunID?
    }

    /// Whether it is paused.
    package var isPaused: Bool { pause != nil }

    /// Whether a step goes on while the run is paused: systemd takes it for hung as soon as it is silent, and nothing that it is told
    /// later changes that, since 252 keeps `WatchdogSec=` as it was at the start.
    package func runsOn(_ place: Place) -> Bool {
        workflow.steps[place.step].unit.contains { $0.name == "WatchdogSec" }
    }

    /// The run that it was paused along with, if it was.
    package var pausedAbove: RunID? { pause?.above }

    /// Why it cannot be paused, or nil if it can.
    func refusalOfPause() -> String? {
        if state.isEnded { return "the run '\(name)' \(state.sentence) already" }
        if isPaused { return "the run '\(name)' is paused already" }
        return cancel == nil ? nil : "the run '\(name)' is being cancelled"
    }

    mutating func apply(_ body: RunPaused, at time: Timestamp) {
        guard refusalOfPause() == nil else { return }
        pause = Pause(since: time, state: state, reason: reason, above: body.above)
        wasPaused = true
        state = .paused
        reason = "paused by \(body.requester): 'pawl unpause \(name)' goes on, 'pawl cancel \(name)' ends it"
    }

    /// No time has passed for it: its moments move along, and what runs has as much longer.
    mutating func endPause(at time: Timestamp) {
        guard let pause else { return }
        self.pause = nil
        (state, reason) = (pause.state, pause.reason)
        let seconds = max(0, time.seconds(since: pause.since))
        clockWasSet(by: seconds)
        unpaused = time
        for place in running {
            let last = self[place].attempts.count - 1
            if last >= 0 { self[place].attempts[last].pausedSeconds += seconds }
        }
    }
}
