/// What may go wrong with one seed. Each seed has some of it and not all: a world where everything fails hides what only
/// shows when most of it holds.
// SAFETY: as for `Schedule`.
final class Faults: @unchecked Sendable {
    /// What happens once, at some moment.
    enum Blow: CaseIterable {
        case kill, terminate, hold, powerCut, shutDown, busLoss, reload, reexec, stopByHand, resetByHand, clockJump
        case cancel, failCommits, foreignUnit, pause
    }

    let seed: UInt64
    /// The blows that this seed has, one of each kind or several.
    var blows: [Blow] = []
    /// The first blows come after so many steps of pawld's own: every await point is one.
    var killAfterJobs: [Int] = []
    var refusesStarts = false
    var losesReceipts = false
    var fillsDisk = false
    var reorders = false
    var isLate = false
    var repeatsBootID = false
    /// Two people ask for different things at once.
    var isContradictory = false
    /// Calls of a pawld that was killed may arrive after those of the next one.
    var arrivesLate = false
    /// So many of the next commits fail, each either done or not.
    var failingCommits = 0
    /// How many runs and steps may go on at once, in all.
    var maxRuns: Int?
    var maxSteps: Int?
    /// How often there is no room for a step for a while.
    var gates = 0
    /// Only for a while; then everything holds, so that every run must end.
    var isOver = false

    init(seed: UInt64, chance: inout Chance) {
        self.seed = seed
        func has(_ chance: inout Chance, oneIn times: Int) -> Bool { chance.once(in: times) }
        refusesStarts = has(&chance, oneIn: 8)
        losesReceipts = has(&chance, oneIn: 4)
        fillsDisk = has(&chance, oneIn: 8)
        reorders = has(&chance, oneIn: 3)
        isLate = has(&chance, oneIn: 8)
        repeatsBootID = has(&chance, oneIn: 6)
        isContradictory = has(&chance, oneIn: 4)
        let kinds = Blow.allCases.filter { _ in chance.once(in: 3) }
        if !kinds.isEmpty {
            for _ in 0..<chance.below(8) { blows.append(chance.one(of: kinds)) }
        }
        // Nothing could help a step whose start arrives when all that would tell of it is gone: with what takes that away there
        // is no such delay.
        arrivesLate =
            chance.once(in: 3) && !losesReceipts && !isContradictory && !blows.contains(.cancel)
            && !blows.contains(.foreignUnit)
        if chance.once(in: 4) { maxRuns = 1 + chance.below(2) }
        if chance.once(in: 4) { maxSteps = 1 + chance.below(4) }
        if chance.once(in: 6) { gates = 1 + chance.below(3) }
        for _ in 0..<chance.below(4) { killAfterJobs.append(chance.below(chance.once(in: 2) ? 40 : 400)) }
    }

    func end() {
        (refusesStarts, losesReceipts, fillsDisk, isLate) = (false, false, false, false)
        failingCommits = 0
        isOver = true
    }
}
