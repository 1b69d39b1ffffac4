import ArgumentParser
import PawlAPI
import PawlModel

/// What a shell offers where a workflow, a run or a step is meant. Whoever presses Tab wants names or nothing, so a pawld that
/// cannot be reached offers none.
enum Completions {
    /// Workflows that can be started.
    static let workflows = CompletionKind.custom { words, _, _ in
        let known = try? client(words)?.workflows()
        return known.map { workflows in workflows.filter(\.startable).map(\.name) } ?? []
    }

    /// The runs, the newest first.
    static let allRuns = CompletionKind.custom { words, _, _ in
        let known = try? client(words)?.runs(all: true)
        return (known ?? []).prefix(most).map(\.run) + ["@last"]
    }

    /// The steps of the run that stands before on the line.
    static let steps = CompletionKind.custom { words, index, _ in
        let before = words.prefix(max(0, index)).filter { !$0.hasPrefix("-") }.dropFirst(2)
        guard let run = before.last, let status = try? client(words)?.status(of: run) else {
            return []
        }
        return status.steps.map(\.name)
    }

    /// The pawld that the line is about.
    private static func client(_ words: [String]) -> ManagerClient? {
        (try? PawlProgram.scope(of: words)).map { PawlProgram.surroundings($0).client }
    }

    /// No shell shows more than some hundred names in a way that helps anybody.
    private static let most = 500
}
