import PawlModel

/// The colours of states where there is no style sheet.
enum Palette {
    /// What a box is filled with.
    static func fill(_ state: StepState) -> String {
        switch state {
        case .waiting: "#f4f5f7"
        case .running: "#fdf3d3"
        case .succeeded: "#dff5e3"
        case .failed, .timedOut: "#fde4e4"
        case .cancelled: "#ece8f8"
        case .skipped: "#f4f5f7"
        case .interrupted: "#fdeadb"
        }
    }

    /// What its frame is drawn with.
    static func line(_ state: StepState) -> String {
        switch state {
        case .waiting, .skipped: "#8a929c"
        case .running: "#a56a00"
        case .succeeded: "#1e7e3c"
        case .failed, .timedOut: "#c62a36"
        case .cancelled: "#6f4fc0"
        case .interrupted: "#b9501c"
        }
    }
}
