import PawlAPI
import PawlModel
import PawlPictures

/// Gets from pawld what a report is made of.
struct ReportSource {
    let client: ManagerClient
    let surroundings: Surroundings

    /// Of no more failed steps the log is asked for: the first failures are mostly the cause of the others.
    private static let mostLogs = 25

    /// The run, what it goes by, and the ends of the logs of what failed.
    func facts(of run: String, lines: Int) throws -> (facts: RunFacts, status: RunStatus, definition: RunDefinition?) {
        let status = try client.status(of: run)
        var definition: RunDefinition?
        do throws(ManagerError) {
            // By its own name: '@last' may be another one by now.
            definition = try client.definition(of: status.run)
        } catch .refused(let error) {
            surroundings.warn("what the run '\(status.run)' goes by is not to be had: \(error.message)")
        }
        var facts = RunFacts(status, definition, now: surroundings.now())
        try addLogs(to: &facts, status, lines: lines)
        return (facts, status, definition)
    }

    private func addLogs(to facts: inout RunFacts, _ status: RunStatus, lines: Int) throws {
        let failed = facts.places.filter { facts[$0].isFailure && !facts[$0].attempts.isEmpty }
        for place in failed.prefix(lines == 0 ? 0 : Self.mostLogs) {
            let (id, item) = (facts.steps[place.step].id, facts[place].item)
            guard let step = status.steps.first(where: { $0.id == id && $0.item == item }) else { continue }
            do {
                facts.steps[place.step].records[place.record].log = try client.logEnd(
                    of: status.run, step, count: lines)
            } catch ManagerError.refused(let error) {
                surroundings.warn("the log of step '\(id)' cannot be shown: \(error.message)")
            }
        }
    }

    /// How times and sizes are written, in the reader's own zone.
    static func forms(_ zone: Zone) -> Report.Forms {
        Report.Forms(duration: { TimeForms.duration($0) }, size: { TimeForms.size($0) }, moment: { zone.full($0) })
    }
}
