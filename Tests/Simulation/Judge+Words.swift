import PawlEngine
import PawlModel

extension Judge {
    /// A step or an item as the records name it.
    func place(_ step: String, _ item: Int?) -> String { item.map { "\(step).\($0)" } ?? step }
}

/// Signals by name, as receipts have them.
enum SignalNames {
    static func text(_ signal: Int) -> String { signal == 9 ? "KILL" : signal == 15 ? "TERM" : String(signal) }
}

extension Event {
    var summary: String {
        switch self {
        case .attemptEnded(let body):
            "\(kind.rawValue) \(body.step).\(body.number) \(body.outcome.state) \(body.outcome.reason ?? "")"
        case .attemptOrdered(let body): "\(kind.rawValue) \(body.step).\(body.number)"
        case .stepEnded(let body): "\(kind.rawValue) \(body.step) \(body.state)"
        case .delaySet(let body): "\(kind.rawValue) \(body.step)"
        case .lockWanted(let body): "\(kind.rawValue) \(body.step ?? "") \(body.item ?? -1) \(body.key) \(body.ticket)"
        case .lockGranted(let body): "\(kind.rawValue) \(body.step ?? "") \(body.item ?? -1) \(body.key)"
        case .cancelRequested(let body): "\(kind.rawValue) \(body.reason ?? "")"
        default: kind.rawValue
        }
    }
}
