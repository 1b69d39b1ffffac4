import PawlAPI
import PawlLanguage
import PawlPictures

extension Graph {
    /// A workflow's own steps and those of its handlers, each as a graph.
    static func parts(of workflow: Workflow) -> [Graph] {
        // What pawl adds by itself is no part of anybody's plan.
        let phases = StepPhase.allCases.filter { $0 != .services }
        return phases.compactMap { phase in
            let steps = workflow.steps.filter { $0.phase == phase }
            guard !steps.isEmpty else { return nil }
            var places: [Int: Int] = [:]
            for (place, step) in steps.enumerated() { places[step.index] = place }
            var graph = Graph(title: phase == .main ? "" : phase.rawValue, nodes: steps.map(Graph.node), edges: [])
            for (place, step) in steps.enumerated() {
                for (dependency, kind) in zip(step.dependencies, step.dependencyKinds) {
                    // Of a step in the part before there is nothing to draw here.
                    guard let from = places[dependency] else { continue }
                    graph.edges.append(Graph.Edge(from, place, Graph.Edge.Kind(kind.rawValue)))
                }
            }
            return graph
        }
    }

    private static func node(_ step: Step) -> Graph.Node {
        Graph.Node(
            id: step.id, note: note(action: step.action.word, workflow: step.call?.workflow),
            isConditional: step.when != nil, hasItems: step.foreach != nil)
    }

    /// What is said of a step beside its name, where it is not just a program that runs.
    static func note(action: String, workflow: String?) -> String? {
        switch action {
        case "script", "command", "none": nil
        case "workflow": "workflow \(workflow ?? "")"
        case "approval": "waits for approval"
        case "reboot": "reboots the host"
        case "wait": "waits until it holds"
        case "stop-services": "stops services"
        default: action
        }
    }
}

extension Graph.Edge.Kind {
    /// The kind by its word in the language and on the socket.
    init(_ word: String) {
        switch word {
        case "any": self = .any
        case "ended": self = .ended
        case "failed": self = .failed
        default: self = .done
        }
    }
}
