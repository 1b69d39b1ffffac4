package import PawlLanguage
package import PawlModel

/// The items of a step with `foreach` are known; they stay as they are, whatever is evaluated later.
package struct StepExpanded: Sendable, Codable, Equatable {
    /// The step's name.
    package var step: String
    /// What `item` is for each of them.
    package var items: [Value]

    /// Makes the body.
    package init(step: String, items: [Value]) {
        self.step = step
        self.items = items
    }
}

/// A step waits for a person's word.
package struct ApprovalAsked: Sendable, Codable, Equatable {
    /// The step's name.
    package var step: String
    /// The foreach item's number.
    package var item: Int?
    /// For what.
    package var text: String

    /// Makes the body.
    package init(step: String, item: Int? = nil, text: String) {
        self.step = step
        self.item = item
        self.text = text
    }

    /// What the step does, and how it is answered, once for those who look at the run and those who read the journal.
    ///
    /// - Parameter run: the run's name.
    package func words(of run: String) -> String {
        let step = Names.step(step, item: item)
        return "waits for approval: \(text) ('pawl approve \(run) \(step)' says yes, 'pawl reject' no)"
    }
}

/// A person has said yes or no.
package struct ApprovalAnswered: Requested, Sendable, Codable, Equatable {
    /// The step's name.
    package var step: String
    /// The foreach item's number.
    package var item: Int?
    /// Whether it was a yes.
    package var isApproved: Bool
    /// Who, by uid.
    package var uid: UInt32
    /// Who, for people.
    package var who: String?
    /// What he has said about it.
    package var comment: String?

    /// So many bytes a comment may have.
    package static let longestComment = 1024

    /// Makes the body.
    package init(step: String, item: Int? = nil, isApproved: Bool, requester: Requester, comment: String? = nil) {
        self.comment = comment
        self.step = step
        self.item = item
        self.isApproved = isApproved
        (uid, who) = (requester.uid, requester.who)
    }

    private enum CodingKeys: String, CodingKey {
        case step, item, uid, who, comment
        case isApproved = "approved"
    }
}

/// The steps are over, and handlers have their turn.
package struct PhaseBegan: Sendable, Codable, Equatable {
    /// Which.
    package var phase: StepPhase
    /// How the run ends, as far as the steps before are concerned.
    package var state: RunState
    /// Why, in words.
    package var reason: String?

    /// Makes the body.
    package init(phase: StepPhase, state: RunState, reason: String?) {
        self.phase = phase
        self.state = state
        self.reason = reason
    }
}

/// What the run has done is being taken back by another one.
package struct RunUndone: Requested, Sendable, Codable, Equatable {
    /// The other run's name.
    package var by: String
    /// Who asked, by uid.
    package var uid: UInt32
    /// Who asked, for people.
    package var who: String?

    /// Makes the body.
    package init(by: String, requester: Requester) {
        self.by = by
        (uid, who) = (requester.uid, requester.who)
    }
}
