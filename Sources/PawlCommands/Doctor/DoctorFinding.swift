/// What `pawl doctor` has to say about one thing.
struct DoctorFinding: Encodable, Equatable {
    /// How it stands with it.
    enum State: String, Encodable {
        /// As it should be.
        case ok
        /// Something that pawl does is worth less here.
        case warning
        /// A promise of pawl's does not hold here.
        case error
        /// It could not be looked at.
        case unknown
    }

    /// What was looked at: one word, the same in every version.
    var check: String
    /// How it stands with it.
    var state: State
    /// What was found, and what follows from it.
    var message: String
    /// The command that mends it.
    var mend: String?

    init(_ check: String, _ state: State, _ message: String, mend: String? = nil) {
        (self.check, self.state, self.message, self.mend) = (check, state, message, mend)
    }

    private enum CodingKeys: String, CodingKey { case check, state, message, mend }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(check, forKey: .check)
        try container.encode(state, forKey: .state)
        try container.encode(message, forKey: .message)
        // Keys are always there, so that a reader need not tell a missing one from an empty one.
        try container.encode(mend, forKey: .mend)
    }
}
