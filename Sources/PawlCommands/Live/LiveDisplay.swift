import PawlAPI
import PawlModel

/// A picture that is drawn again in place, with what the steps write, and a question at ^C.
final class LiveDisplay: RunDisplay {
    private let surroundings: Surroundings
    private let keys: (any TerminalKeys)?
    private let tails: StepTails
    private var cancellation: ManagerClient?
    private var isAsking = false
    private var isCancelling = false
    private var told: Timestamp
    private var drawnLines = 0
    private var drawnSize: (width: Int, height: Int)?
    private var drawnText = ""
    private var drawnAt = -Double.infinity
    private var hasBegun = false
    /// Whether another program has been in front of the terminal since the last picture.
    private var isHidden = false

    /// No more pictures a second are drawn than somebody can see.
    private static let pause = 0.04
    static let question = "^C: l leave it running, c cancel the run, g go on"

    init(_ surroundings: Surroundings) {
        self.surroundings = surroundings
        keys = surroundings.keys
        tails = StepTails(surroundings)
        told = surroundings.now()
    }

    func show(_ status: RunStatus, changes: [RunChange], answer: RunStatus) throws {
        told = surroundings.now()
        try heed(status)
        // What comes in faster is seen in the next one.
        guard surroundings.monotonic() - drawnAt >= LiveDisplay.pause else { return }
        draw(status)
    }

    func tick(_ status: RunStatus, isWaiting: Bool) throws {
        try heed(status)
        if !isWaiting { tails.take(of: status) }
        draw(status, remark: isWaiting ? "waiting for pawld" : isCancelling ? "cancelling" : nil)
    }

    func end(_ status: RunStatus) throws {
        isAsking = false
        tails.finish(status)
        draw(status)
        close()
        let text = RunText(zone: surroundings.zone, style: surroundings.style)
        for line in text.outcome(status, now: surroundings.now()) { surroundings.output.line(line) }
    }

    func close() {
        guard hasBegun else { return }
        hasBegun = false
        if !isHidden { surroundings.output.write("\u{1B}[?25h") }
        surroundings.output.flush()
        keys?.end()
    }

    // MARK: Keys

    private func heed(_ status: RunStatus) throws {
        // Who reads a terminal from behind is stopped for it.
        guard let keys, hasBegun, surroundings.isInFront() else { return }
        for _ in 0..<keys.takeInterrupts() {
            // A second one is no answer: whoever presses it wants to be gone.
            if isAsking { throw left(status) }
            isAsking = true
        }
        while let key = keys.next() {
            guard isAsking else { continue }
            switch key {
            case "l", "L", "q", "Q": throw left(status)
            case "c", "C":
                isAsking = false
                cancel(status)
            case "g", "G", "\u{1B}", "\n", "\r": isAsking = false
            default: break
            }
        }
        readRefusal(status.run)
    }

    private func left(_ status: RunStatus) -> FollowerLeft {
        isAsking = false
        draw(status)
        return FollowerLeft(message: RunFollower.goesOn(status.run))
    }

    /// Asks for the run's end. The answer would come only then, and by then the run itself has told.
    private func cancel(_ status: RunStatus) {
        guard !isCancelling else { return }
        let client = surroundings.client
        do {
            try client.open(.cancelRun, Messages.Cancel(run: status.run))
            (cancellation, isCancelling) = (client, true)
        } catch {
            surroundings.warn("run \(status.run) was not cancelled: \(Style.harmless(error.message))")
            drawnLines = 0
        }
    }

    /// A cancellation that is refused is said at once, and one whose answer was lost can be asked for again.
    private func readRefusal(_ run: String) {
        guard let client = cancellation else { return }
        do throws(ManagerError) {
            if case .answer = try client.next(as: Messages.Status.self, within: 0) { cancellation = nil }
        } catch {
            (cancellation, isCancelling) = (nil, false)
            // It had ended already: that is told by the run itself.
            if case .refused(let refusal) = error, refusal.code == .invalidState { return }
            surroundings.warn("run \(run) was not cancelled: \(Style.harmless(error.message))")
            drawnLines = 0
        }
    }

    // MARK: Drawing

    private func draw(_ status: RunStatus, remark: String? = nil) {
        guard surroundings.isInFront() else {
            // Whoever works at the terminal meanwhile has the name, and the outcome once there is one.
            if !isHidden, !hasBegun {
                surroundings.output.line(RunText(zone: surroundings.zone, style: surroundings.style).heading(status))
                surroundings.output.flush()
            }
            (isHidden, isAsking) = (true, false)
            return
        }
        if isHidden {
            // Above the cursor is what others have written, and the shell has set the terminal anew.
            (isHidden, drawnLines) = (false, 0)
            keys?.end()
            hasBegun = false
        }
        if !hasBegun {
            hasBegun = true
            keys?.begin()
            surroundings.output.write("\u{1B}[?25l")
        }
        // Asked each time: the window may have been made smaller.
        let size = surroundings.screenSize() ?? (80, 24)
        let state = LiveState(
            status: status, told: told, tails: tails.lines, remark: remark,
            question: isAsking ? LiveDisplay.question : nil)
        let lines = RunFrame(style: surroundings.style).lines(
            state, now: surroundings.now(), width: size.width, height: size.height)
        var start = drawnLines > 0 ? "\u{1B}[\(drawnLines)A\r" : ""
        let isFresh = drawnSize.map { $0 != size } ?? false || keys?.takeContinue() == true
        // A terminal of another size has broken the lines anew, each in its own way: nobody knows where the picture is.
        if isFresh { start = "\u{1B}[H\u{1B}[2J\u{1B}[?25l" }
        // Each line clears its rest, the last one what an earlier picture had below (man:console_codes(4): CUU, EL, ED). The
        // whole of it is shown at once where the terminal knows how to (mode 2026), and is one write in any case.
        let text = lines.map { $0 + "\u{1B}[K\n" }.joined() + "\u{1B}[J"
        drawnAt = surroundings.monotonic()
        guard text != drawnText || isFresh || drawnLines == 0 else { return }
        surroundings.output.write("\u{1B}[?2026h" + start + text + "\u{1B}[?2026l")
        surroundings.output.flush()
        (drawnLines, drawnSize, drawnText) = (lines.count, size, text)
    }
}
