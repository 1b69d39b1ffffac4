/// The kinds of entries that pawld writes to the journal (`man:systemd.journal-fields(7)`, MESSAGE_ID=). An ID is given
/// once and never changed, since people filter by it.
enum MessageID: String, Sendable, CaseIterable {
    /// pawld has taken up its runs and answers.
    case daemonReady = "d3db90e5d9bc4c3ab3a719db14dfee6e"
    /// A run was started.
    case runStarted = "b6984bf5a5cb4d07bdf6ceb70052050f"
    /// A run has ended.
    case runEnded = "bc9c0d8495f14088ad490291ed95d058"
    /// A run waits for a person.
    case runStopped = "423e8e60a22c4a8390bc7b200d5f3372"
    /// A step was started.
    case stepStarted = "0504c6fcad824c4f996cd481e16d52ff"
    /// A step has ended.
    case stepEnded = "0d50af2951594a4293b43d238438b673"
    /// A run was paused, or goes on.
    case runPaused = "5f0f3b0c1c8d4c0e9a1e6d2b7f94a683"
    /// Somebody has set limits of a run's slice.
    case runLimited = "c991db8a1587409a84bfa93e006b8471"
    /// A run or a step waits for a lock that another one has, or was refused it.
    case lockWanted = "23ae51c0ad03490780156d7965c085b4"
    /// The configuration or a workflow has faults.
    case faulty = "1934c010dab34ed39923fd8334048f52"
    /// Nothing can be recorded.
    case storeFailed = "b053a3083378415bb668f9ea791c31b6"
    /// A run was set aside, since pawld did not survive taking it up.
    case setAside = "6e356045505940589478bf161e82794d"
    /// A unit bears one of our names and no run knows it.
    case orphan = "50aa9f1a65004eb7b4aa3512b5de5ff2"
    /// A part of the host is used beyond its threshold, or is not any more.
    case resource = "f1b0c2b7f4c64f6c9b5d0a8e3d72c6e1"
    /// Somebody asked for what he may not.
    case refused = "c6f3a1f6c2b44a5fa1e0d83c1b7d2a90"
    /// The store was damaged, or runs are missing from it.
    case storeDamaged = "7a5c3e0b9d0f4c52a1f26c3b88e4d917"
    /// About a workflow's schedule.
    case schedule = "3c5f1b7e9a6d4d0f8b2e6c41d7a90f35"
}
