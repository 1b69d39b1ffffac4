import PawlAPI
import Testing

@testable import PawlCommands

@Suite("enable, disable and the schedules in list")
struct ScheduleVerbTests {
    private func schedule(_ state: String, timer: String = "null", next: String = "null") -> String {
        #"{"expressions":["*-*-* 03:00:00"],"catch_up":"one","state":"\#(state)","timer":\#(timer),"next":\#(next)}"#
    }

    @Test("enable says when the workflow runs next, and that of an admin's own timer goes before it")
    func enable() {
        let manager = FakeManager()
        let next = schedule("enabled", next: #""2026-11-22T03:00:00.000Z""#)
        manager.on(.setSchedule, .answer(#"{"workflow":"backup","schedule":\#(next)}"#))
        var result = manager.run("enable", "backup")
        #expect(result.status == 0)
        #expect(result.output == "The schedule of workflow 'backup' is on, next at Sun 2026-11-22 03:00:00 UTC.\n")
        #expect(manager.calls == [#"SetSchedule {"enabled":true,"workflow":"backup"}"#])
        let other = schedule("overridden", timer: #""/etc/systemd/system/pawl@backup.timer""#)
        manager.on(.setSchedule, .answer(#"{"workflow":"backup","schedule":\#(other)}"#))
        result = manager.run("enable", "backup")
        #expect(result.output == "The schedule of workflow 'backup' is on.\n")
        #expect(result.errors.contains("is that of /etc/systemd/system/pawl@backup.timer"))
    }

    @Test("disable says so, as JSON too, and exits with the status of what kept it from it")
    func disable() {
        let manager = FakeManager()
        manager.on(.setSchedule, .answer(#"{"workflow":"backup","schedule":\#(schedule("disabled"))}"#))
        #expect(manager.run("disable", "backup").output == "The schedule of workflow 'backup' is off.\n")
        manager.on(.setSchedule, .answer(#"{"workflow":"backup","schedule":null}"#))
        let json = manager.run("disable", "backup", "-o", "json").output
        #expect(json == #"{"schedule":null,"workflow":"backup"}"# + "\n")
        manager.on(.setSchedule, .failure(.refused(APIError(.invalidState, "workflow 'backup' has no 'schedule'"))))
        #expect(manager.run("disable", "backup").status == 8)
    }

    @Test("list has when each workflow runs next")
    func list() {
        let manager = FakeManager()
        func workflow(_ name: String, _ schedule: String) -> String {
            #"{"name":"\#(name)","file":"/f","faulty":false,"masked":false,"startable":true,"schedule":\#(schedule),"faults":[]}"#
        }
        let workflows = [
            workflow("a", "null"), workflow("b", schedule("disabled")),
            workflow("c", schedule("enabled", next: #""2026-11-22T03:00:00.000Z""#)),
            workflow("d", schedule("enabled")),
        ]
        manager.on(.listWorkflows, .answer(#"{"workflows":[\#(workflows.joined(separator: ","))]}"#))
        let lines = manager.run("list").output.split(separator: "\n").map {
            $0.split(separator: " ").joined(separator: " ")
        }
        #expect(
            lines == [
                "NAME STATE NEXT FILE DESCRIPTION", "a ok - /f", "b ok disabled /f",
                "c ok Sun 2026-11-22 03:00:00 UTC /f", "d ok never /f",
            ])
    }
}
