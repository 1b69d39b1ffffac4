import FoundationEssentials
package import PawlEngine
import SQLiteKit

/// How long the steps of a workflow took in its last runs.
extension Store {
    /// So many of a step are kept: enough for a median, and a workflow that has become slower shows it soon.
    static let mostTimes = 20

    /// What is kept of one run or item of a step: the run's number, so that one that is retried is not counted twice, and
    /// milliseconds. `[7, 1250]` is shorter than a JSON object, and there are twenty of them for each step.
    private typealias Entry = [Int64]

    /// How long the steps of a workflow took, by their names.
    package func times(of workflow: String) throws -> [String: StepTimes] {
        var times: [String: StepTimes] = [:]
        try connection.each("SELECT step, items, times FROM step_times WHERE workflow = ?", [.text(workflow)]) { row in
            let step: String = try row.get(0)
            let entries = Store.entries(try row.get(2))
            times[step] = StepTimes(items: try row.get(1), seconds: entries.map { Double($0[1]) / 1000 })
        }
        return times
    }

    /// Adds what a run that has ended tells, in the transaction that ends it.
    func record(_ times: [String: StepTimes], of run: Int64, _ workflow: String, steps: [String]) throws {
        var known: [String: [Entry]] = [:]
        try connection.each("SELECT step, times FROM step_times WHERE workflow = ?", [.text(workflow)]) { row in
            let step: String = try row.get(0)
            known[step] = Store.entries(try row.get(1))
        }
        // Rows are as many as the workflow has steps, whatever it was before.
        for gone in Set(known.keys).subtracting(steps).sorted() {
            try connection.run(
                "DELETE FROM step_times WHERE workflow = ? AND step = ?", [.text(workflow), .text(gone)])
        }
        for (step, new) in times.sorted(by: { $0.key < $1.key }) {
            var entries = (known[step] ?? []).filter { $0[0] != run }
            entries += new.seconds.map { [run, Int64(($0 * 1000).rounded())] }
            let text = entries.suffix(Store.mostTimes).map { "[\($0[0]),\($0[1])]" }.joined(separator: ",")
            try connection.run(
                """
                INSERT INTO step_times (workflow, step, items, times) VALUES (?, ?, ?, ?)
                ON CONFLICT (workflow, step) DO UPDATE SET items = excluded.items, times = excluded.times
                """, [.text(workflow), .text(step), .init(new.items), .text("[\(text)]")])
        }
    }

    /// Forgets workflows that have no run any more: their names may have been made for one run each.
    func forgetTimes(of workflows: Set<String>) throws {
        for workflow in workflows.sorted() {
            try connection.run(
                """
                DELETE FROM step_times WHERE workflow = ?
                    AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.workflow = step_times.workflow)
                """, [.text(workflow)])
        }
    }

    /// What cannot be read is not known: no run depends on it.
    private static func entries(_ text: String) -> [Entry] {
        let entries = (try? JSONDecoder().decode([Entry].self, from: Data(text.utf8))) ?? []
        return entries.filter { $0.count == 2 && $0[1] >= 0 }
    }
}
