/// When a workflow runs by itself, in a list.
package struct ScheduleStatus: Sendable, Codable, Equatable {
    /// Whose timer it is, if there is one.
    package enum State: String, Sendable, Codable, CaseIterable {
        /// That of the workflow's own schedule.
        case enabled
        /// None: somebody has turned the schedule off.
        case disabled
        /// One that somebody has written.
        case overridden
    }

    /// The calendar expressions, in systemd's normal form.
    package var expressions: [String]
    /// What becomes of what was missed: `none`, `one` or `all`.
    package var catchUp: String
    /// Whose timer it is.
    package var state: State
    /// The file of the timer that goes before the schedule.
    package var timer: String?
    /// When the timer elapses next, RFC 3339 in UTC; nil if it does not, or if systemd did not say.
    package var next: String?

    /// Makes a status.
    package init(expressions: [String], catchUp: String, state: State, timer: String? = nil, next: String? = nil) {
        self.expressions = expressions
        self.catchUp = catchUp
        self.state = state
        self.timer = timer
        self.next = next
    }

    private enum CodingKeys: String, CodingKey {
        case expressions, state, timer, next
        case catchUp = "catch_up"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(expressions, forKey: .expressions)
        try container.encode(catchUp, forKey: .catchUp)
        try container.encode(state, forKey: .state)
        try container.encode(timer, forKey: .timer)
        try container.encode(next, forKey: .next)
    }
}
