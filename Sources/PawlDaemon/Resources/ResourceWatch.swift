import PawlLanguage
import PawlModel

/// What follows from how much of the host is in use: what is said, and whether a step may start.
struct ResourceWatch: Sendable {
    /// A part of the host.
    enum Part: String, Sendable, CaseIterable {
        case memory, cpu, disk, pressure

        /// What stands in sentences.
        ///
        /// - Parameter folder: the store's.
        func words(_ folder: String) -> String {
            switch self {
            case .memory: "memory of the host"
            case .cpu: "CPU of the host"
            case .disk: "the disk of \(folder)"
            case .pressure: "time in which something waits for memory"
            }
        }
    }

    /// A threshold that was crossed.
    struct Crossing: Sendable, Equatable {
        var part: Part
        var use: Double
        var threshold: Double
        /// Whether it is above now; else it is below again.
        var isAbove: Bool
        /// The part in words.
        var words: String
    }

    /// A step that is younger than this has not shown how much memory it takes.
    static let youth = 3.0
    /// So far below its threshold something has to fall before it is said to be below.
    private static let slack = 0.05

    private var above: Set<Part> = []
    /// The most memory that a step had on average, of those that have shown it.
    private(set) var largestStep: Double = 0

    /// The store's folder, whose disk is one of the parts.
    private let folder: String

    init(folder: String = RuntimeScope.system.state) { self.folder = folder }

    static func use(_ use: HostUse, _ part: Part) -> Double? {
        switch part {
        case .memory: use.memory
        case .cpu: use.cpu
        case .disk: use.disk
        case .pressure: use.pressure
        }
    }

    /// The thresholds that were crossed since the last look.
    mutating func crossings(_ use: HostUse, _ thresholds: ResourceLimits) -> [Crossing] {
        Part.allCases.compactMap { part in
            guard let threshold = thresholds[part.rawValue], let value = ResourceWatch.use(use, part) else {
                above.remove(part)
                return nil
            }
            if value >= threshold, above.insert(part).inserted {
                return Crossing(
                    part: part, use: value, threshold: threshold, isAbove: true, words: part.words(folder))
            }
            if value < threshold - ResourceWatch.slack, above.remove(part) != nil {
                return Crossing(
                    part: part, use: value, threshold: threshold, isAbove: false, words: part.words(folder))
            }
            return nil
        }
    }

    /// Why no step may start, in words; and else how many may until the next look, nil for any number.
    ///
    /// - Parameters:
    ///   - running: how many steps run.
    ///   - young: how many of those have not shown yet how much memory they take.
    ///   - processors: how many may be so at once, for as long as nobody knows better.
    mutating func admission(
        _ use: HostUse, _ limits: ResourceLimits, running: Int, young: Int, processors: Int
    ) -> (gate: String?, budget: Int?) {
        for part in [Part.disk, .pressure, .memory] {
            guard let limit = limits[part.rawValue], let value = ResourceWatch.use(use, part), value >= limit else {
                continue
            }
            return ("\(part.words(folder)) is used to \(percent(value)), and its limit is \(percent(limit))", nil)
        }
        guard let limit = limits["memory"] else { return (nil, nil) }
        if let used = use.slice?.used, running > young {
            largestStep = max(largestStep, Double(used) / Double(running))
        }
        var budget = max(0, processors - young)
        if let slice = use.slice, let most = slice.limit {
            let part = Double(slice.used) / Double(most)
            if part >= limit {
                return ("memory of pawl.slice is used to \(percent(part)), and its limit is \(percent(limit))", nil)
            }
            if largestStep > 0 {
                // What the young ones will take is taken.
                let left = limit * Double(most) - Double(slice.used) - Double(young) * largestStep
                let fits = Int(max(0, left / largestStep))
                if fits == 0, running > 0 {
                    return (
                        "memory of pawl.slice is used to \(percent(part)), and a step takes up to "
                            + "\(percent(largestStep / Double(most))) of it", nil
                    )
                }
                budget = min(budget, max(fits, running == 0 ? 1 : 0))
            }
        }
        return (nil, budget)
    }

    private func percent(_ part: Double) -> String { "\(Int((part * 100).rounded())) %" }
}
