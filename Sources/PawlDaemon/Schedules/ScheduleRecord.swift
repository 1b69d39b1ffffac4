import PawlModel

/// What pawld remembers of the schedules.
struct ScheduleRecord: Codable, Equatable, Sendable {
    /// One that is in force.
    struct Entry: Codable, Equatable, Sendable {
        /// What its timer was made of.
        var timer: String
        /// In which life of systemd it was made.
        var epoch: String
        /// Up to when all moments had their run, or need none: microseconds since 1970.
        var handled: Timestamp
        /// The run of its unit that was counted last.
        var run: String?
    }

    /// The workflows whose schedule was turned off, by name.
    var disabled: [String] = []
    /// Those whose schedule is in force.
    var workflows: [String: Entry] = [:]
}
