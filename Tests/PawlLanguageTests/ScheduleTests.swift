import PawlModel
import Testing

@testable import PawlLanguage

@Suite("Schedules of workflows")
struct ScheduleTests {
    private func schedule(_ text: String) throws -> Schedule? {
        let (workflow, diagnostics) = WorkflowReader.read(
            "\(text)\nsteps: [{id: a, run: echo}]\n", file: "w", name: "w")
        return try #require(workflow, "\(diagnostics)").schedule
    }

    @Test("a text, a list and a map are forms of the same")
    func forms() throws {
        let one = try #require(try schedule("schedule: Mon 3:00"))
        #expect(one.expressions.map(\.description) == ["Mon *-*-* 03:00:00"])
        #expect((one.accuracy, one.randomizedDelay) == (.seconds(1), .zero))
        #expect(one.catchUp == .none)
        #expect(!one.isDelayFixed)
        let two = try #require(try schedule("schedule: [daily, 'Sat *-*~7/1 18:00 Europe/Berlin']\ncatch_up: all"))
        #expect(
            two.expressions.map(\.description) == ["*-*-* 00:00:00", "Sat *-*~07/1 18:00:00 Europe/Berlin"])
        #expect(two.catchUp == .all)
        let map = try #require(
            try schedule(
                "schedule: {OnCalendar: hourly, RandomizedDelaySec: 5min, FixedRandomDelay: true, AccuracySec: 1min}"))
        #expect(map.expressions.map(\.description) == ["*-*-* *:00:00"])
        #expect((map.accuracy, map.randomizedDelay) == (.seconds(60), .seconds(300)))
        #expect(map.isDelayFixed)
        #expect(try schedule("description: none") == nil)
    }

    @Test("what keeps one from being a schedule is told with its place", arguments: cases)
    func told(_ fault: FaultCase) { fault.check() }

    static let cases: [FaultCase] = [
        FaultCase(
            "schedule: Mom 3:00\nsteps: [{id: a, run: echo}]\n",
            ["1:11: error: 'Mom 3:00': 'Mom' is not a weekday such as Mon (did you mean 'Mon'?)"]),
        FaultCase(
            "schedule: '*-2-30'\nsteps: [{id: a, run: echo}]\n",
            [
                "1:12: error: '*-2-30': this never elapses: there is no such day in the calendar until the year 2199"
            ]),
        FaultCase(
            "schedule:\n  - daily\n  - \"*-*-* 25:00\"\nsteps: [{id: a, run: echo}]\n",
            ["3:12: error: '*-*-* 25:00': an hour is a number from 0 to 23"]),
        FaultCase(
            "schedule: 0 3 * * *\nsteps: [{id: a, run: echo}]\n",
            [
                "1:11: error: '0 3 * * *': this is cron's form of a schedule and not systemd's (weekdays, date and time, such as 'Mon *-*-* 03:00')"
            ]),
        FaultCase(
            "schedule: []\nsteps: [{id: a, run: echo}]\n",
            [
                "1:11: error: 'schedule' takes one calendar expression or a list of calendar expressions such as 'Mon *-*-* 03:00', or a map with 'OnCalendar', not an empty list"
            ]),
        FaultCase(
            "schedule: {OnCalender: daily}\nsteps: [{id: a, run: echo}]\n",
            [
                "1:11: error: 'schedule' has no 'OnCalendar'",
                "1:12: error: unknown key 'OnCalender' (did you mean 'OnCalendar'?)",
            ]),
        FaultCase(
            "schedule: {OnCalendar: daily, RandomizedDelaySec: soon}\ncatch_up: every\nsteps: [{id: a, run: echo}]\n",
            [
                "1:51: error: 'RandomizedDelaySec' takes a time span such as 90s, 5min or 2h, not 'soon'",
                "2:11: error: 'catch_up' is one of none, one, all, not 'every'",
            ]),
        FaultCase(
            "variables: {at: daily}\nschedule: Mon ${at}\nsteps: [{id: a, run: echo}]\n",
            ["2:15: error: 'schedule' takes no '${...}': no run has given a variable its value yet"]),
        FaultCase(
            "catch_up: one\nsteps: [{id: a, run: echo}]\n",
            ["1:1: error: 'catch_up' without a 'schedule' has nothing to catch up"]),
    ]

    @Test("a time zone that the host does not have is told where it stands")
    func zones() throws {
        let (workflow, _) = WorkflowReader.read(
            "schedule: [daily, 3:00 Europe/Brelin, 4:00 Europe/Berlin, 5:00 UTC]\nsteps: [{id: a, run: echo}]\n",
            file: "w", name: "w")
        let faults = try #require(workflow?.schedule).zoneFaults { $0 == "Europe/Berlin" }
        #expect(
            faults.map(\.description) == [
                "w:1:19: error: there is no time zone 'Europe/Brelin' on this host ('timedatectl list-timezones' shows them)"
            ])
    }

    @Test("the next moment is the first of all expressions'")
    func next() throws {
        let schedule = try #require(try schedule("schedule: ['*:20', '*:50:30', '2020-1-1']"))
        let moments = [0, 1, 2].reduce(into: [Timestamp(microseconds: 1_600_000_000_000_000)]) { moments, _ in
            if let next = schedule.next(after: moments[moments.count - 1], clocks: { _ in .utc }) {
                moments.append(next)
            }
        }
        #expect(
            moments.dropFirst().map(TimeText.text) == [
                "2020-09-13T12:50:30.000Z", "2020-09-13T13:20:00.000Z", "2020-09-13T13:50:30.000Z",
            ])
    }
}
