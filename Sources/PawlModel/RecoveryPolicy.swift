/// What becomes of a run that had not ended when its host was lost.
package enum RecoveryPolicy: String, Sendable, Codable, CaseIterable {
    /// It goes on from where it was; what was running was interrupted.
    case resume
    /// All of its steps are done again, from the first one.
    case restart
    /// It fails.
    case fail
}
