import Glibc
import PawlModel
import Testing

@testable import PawlLanguage

@Suite("Calendar expressions")
struct CalendarTests {
    // MARK: Against systemd's own reader

    @Test(
        "are read as systemd reads them, one by one",
        .enabled(if: SystemdAnalyze.isThere, Comment(rawValue: SystemdAnalyze.absence)))
    func corpus() throws { try compare(CalendarCorpus.all, after: 1_767_225_600) }

    @Test(
        "of any form are read as systemd reads them",
        .enabled(if: SystemdAnalyze.isThere, Comment(rawValue: SystemdAnalyze.absence)), arguments: 1...8)
    func generated(seed: UInt64) throws {
        var corpus = CalendarCorpus(seed: seed)
        let expressions = (0..<250).flatMap { _ in corpus.expression() }
        let moment = Int64(corpus.number(0...4_000_000_000))
        try compare(expressions, after: moment)
    }

    private func compare(_ expressions: [String], after moment: Int64) throws {
        let answers = try SystemdAnalyze.calendar(expressions, after: moment, count: 4)
        var isValid = 0
        for (text, answer) in zip(expressions, answers) {
            let (expression, fault) = CalendarTests.parsed(text)
            // A later systemd takes more of them; what is taken here it takes too.
            if fault?.message == CalendarExpression.tooFarFromEnd { continue }
            let hasZone = expression?.zone.map { CalendarTests.clocks(of: $0) != nil } ?? true
            #expect(
                (hasZone ? expression?.description : nil) == answer.normalForm, "'\(text)' after @\(moment)")
            guard let expression, hasZone, answer.normalForm != nil else { continue }
            isValid += 1
            // What a timer is made of is the normal form.
            #expect(try CalendarExpression(expression.description) == expression, "'\(text)'")
            // It gives up after a thousand steps; what it has not found is not compared.
            guard let elapses = answer.elapses else { continue }
            #expect(CalendarTests.elapses(expression, after: moment) == elapses, "'\(text)' after @\(moment)")
            if !expression.everElapses { #expect(elapses.isEmpty, "'\(text)'") }
        }
        #expect(isValid > expressions.count / 3)
    }

    private static func parsed(_ text: String) -> (CalendarExpression?, SyntaxFault?) {
        do throws(SyntaxFault) { return (try CalendarExpression(text), nil) } catch { return (nil, error) }
    }

    private static func elapses(_ expression: CalendarExpression, after moment: Int64) -> [String] {
        let clocks = expression.zone.flatMap(clocks) ?? .utc
        var (found, last) = ([String](), Timestamp(microseconds: moment * 1_000_000))
        while found.count < 4, let next = expression.next(after: last, on: clocks) {
            found.append(text(of: next))
            last = next
        }
        return found
    }

    private static func text(of moment: Timestamp) -> String {
        let (second, _) = CivilDate.divided(moment.microseconds, by: 1_000_000)
        let text = Array(TimeText.text(of: Timestamp(microseconds: second * 1_000_000)))
        let day = CivilDate.divided(second, by: 86_400).quotient
        let weekday = CalendarExpression.weekdayNames[Int((day + 3) % 7)].prefix(3)
        return "\(weekday) \(String(text[..<10])) \(String(text[11..<19])) UTC"
    }

    static func clocks(of zone: String) -> ZoneClocks? {
        if zone == "UTC" { return .utc }
        let file = open("/usr/share/zoneinfo/\(zone)", O_RDONLY)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(file, &bytes, bytes.count)
        return count > 0 ? ZoneClocks(Array(bytes.prefix(count))) : nil
    }

    // MARK: Without it

    @Test("that can be none are told with their place", arguments: faults)
    func told(_ text: String, _ column: Int, _ message: String) throws {
        let fault = try #require(CalendarTests.parsed(text).1)
        #expect(fault.message + (fault.hint.map { " (\($0))" } ?? "") == message)
        #expect(fault.offset == column)
    }

    private static let faults: [(String, Int, String)] = [
        ("", 0, "there is no calendar expression (such as 'Mon *-*-* 03:00')"),
        ("Mom *-*-* 03:00", 0, "'Mom' is not a weekday such as Mon (did you mean 'Mon'?)"),
        ("dayly", 0, "'dayly' is not a weekday such as Mon (did you mean 'daily'?)"),
        ("@daily", 1, "behind '@' stand seconds since 1970, until the year 2199 (did you mean 'daily'?)"),
        (
            "0 3 * * *", 0,
            "this is cron's form of a schedule and not systemd's (weekdays, date and time, such as 'Mon *-*-* 03:00')"
        ),
        ("Mon *-*-* 25:00", 10, "an hour is a number from 0 to 23"),
        ("*-*-* 3:75", 8, "a minute is a number from 0 to 59"),
        ("*:*/15", 2, "a repetition begins with a number and not with '*' (such as '0/15' from 0 on)"),
        ("*-13-01", 2, "a month is a number from 1 to 12"),
        ("*-*~29", 4, "a day from the end of the month is a number from 1 to 28"),
        (
            "Sat..Mon", 5,
            "a week goes from Monday to Sunday, so this range has no end (write two ranges, such as 'Sat..Sun,Mon')"
        ),
        ("12", 2, "here stands nothing in place of '-' of a date or ':' of a time"),
        ("*-*-1/0", 6, "a repetition every 0 is none"),
        ("*-*-20..10", 4, "the end of this range comes before its beginning"),
    ]

    @Test(
        "never elapse where the calendar has no such day",
        arguments: [
            ("2-30", false), ("Mon 2021-01-05", false), ("*-*-31", true), ("2-29", true), ("1970-1-1", true),
            ("4-31", false),
            ("Mon 2100-2-29", false), ("@0", true),
        ])
    func never(_ text: String, elapses: Bool) throws {
        #expect(try CalendarExpression(text).everElapses == elapses)
    }
}
