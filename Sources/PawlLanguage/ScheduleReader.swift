import PawlModel
import YAMLKit

/// Reads `schedule` and `catch_up`.
struct ScheduleReader {
    let faults: Faults

    /// The schedule of a workflow: an expression, a list of them, or a map of a timer's directives.
    func read(_ schedule: YAMLEntry?, catchUp: YAMLEntry?) -> Schedule? {
        let choice = catchUp.map { faults.choice($0, of: CatchUp.self) }
        guard let schedule else {
            if let catchUp { faults.error(catchUp.key.mark, "'catch_up' without a 'schedule' has nothing to catch up") }
            return nil
        }
        var result = Schedule()
        if let choice { result.catchUp = choice ?? .none }
        if schedule.value.mapping != nil {
            guard let keys = faults.entries(schedule.value, of: "'schedule'", keys: Schema.scheduleKeys) else {
                return nil
            }
            guard let calendar = keys["OnCalendar"] else {
                faults.error(schedule.place, "'schedule' has no 'OnCalendar'")
                return nil
            }
            readExpressions(calendar, into: &result)
            if let delay = keys["RandomizedDelaySec"].flatMap({ faults.duration($0, orZero: true) }) {
                result.randomizedDelay = delay
            }
            if let accuracy = keys["AccuracySec"].flatMap({ faults.duration($0) }) { result.accuracy = accuracy }
            result.isDelayFixed = keys["FixedRandomDelay"].flatMap(faults.boolean) ?? false
        } else {
            readExpressions(schedule, into: &result)
        }
        return result
    }

    /// How many expressions one timer may have: each costs systemd a look at the calendar whenever the timer elapses.
    private static let most = 100

    private func readExpressions(_ entry: YAMLEntry, into schedule: inout Schedule) {
        let nodes = entry.value.sequence ?? [entry.value]
        guard !nodes.isEmpty, nodes.count <= ScheduleReader.most,
            nodes.allSatisfy({ $0.scalar != nil && !$0.isEmpty })
        else {
            let wanted =
                nodes.count > ScheduleReader.most
                ? "at most \(ScheduleReader.most)" : "one calendar expression or a list of"
            let whole = entry.key.text == "schedule" ? ", or a map with 'OnCalendar'" : ""
            faults.refuse(entry, "\(wanted) calendar expressions such as 'Mon *-*-* 03:00'\(whole)")
            return
        }
        for node in nodes { read(node, entry.key.text, into: &schedule) }
    }

    private func read(_ node: YAMLNode, _ key: String, into schedule: inout Schedule) {
        guard let text = node.scalar?.text else { return }
        // Its timer is there before any run has values.
        if let start = text.firstRange(of: "${")?.lowerBound {
            let offset = text.distance(from: text.startIndex, to: start)
            faults.error(in: node, at: offset, "'\(key)' takes no '${...}': no run has given a variable its value yet")
            return
        }
        do throws(SyntaxFault) {
            let expression = try CalendarExpression(text)
            guard expression.everElapses else { throw SyntaxFault(message: CalendarExpression.neverElapses, offset: 0) }
            schedule.expressions.append(expression)
            schedule.places.append(
                Schedule.Place(file: faults.file(of: node.mark), line: node.mark.line, column: node.mark.column))
        } catch {
            faults.refuse(in: node, at: error.offset, "'\(text)': \(error.message)", hint: error.hint)
        }
    }
}
