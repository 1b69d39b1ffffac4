import Glibc
import PawlAPI
import PawlModel
import Testing

@testable import PawlCommands

@Suite("A workflow as a unit")
struct UnitTests {
    @Test("a stop cancels the run that was started for the unit; where there is none it is done")
    func stop() {
        let manager = FakeManager()
        manager.on(.describeRun, .answer(Sample.status(Sample.run(.running, []))))
        manager.on(.cancelRun, .answer(Sample.status(Sample.run(.cancelled, [], ended: 2))))
        var surroundings = manager.surroundings()
        surroundings.unitExit = ("killed", "TERM")
        #expect(PawlProgram.run(["unit", "stop", "a"], surroundings) == 0)
        #expect(
            manager.calls == [
                #"DescribeRun {"run":"pawl@a.service"}"#, #"CancelRun {"run":"\#(Sample.name)"}"#,
            ])
        manager.on(.describeRun, .failure(.refused(APIError(.noSuchRun, "there is no run"))))
        #expect(PawlProgram.run(["unit", "stop", "a"], surroundings) == 0)
        #expect(surroundings.errors.text == "")
    }

    @Test(
        "whatever else ends the process that follows the run leaves the run alone",
        arguments: [("exited", "1"), ("killed", "KILL"), ("", "")])
    func otherEnds(code: String, status: String) {
        let manager = FakeManager()
        var surroundings = manager.surroundings()
        surroundings.unitExit = (code, status)
        #expect(PawlProgram.run(["unit", "stop", "a"], surroundings) == 0)
        #expect(manager.calls.isEmpty)
    }

    @Test("what cannot be a workflow's name is none, and nobody is asked")
    func name() {
        let manager = FakeManager()
        #expect(manager.run("unit", "start", "../x").status == 4)
        #expect(manager.calls.isEmpty)
    }

    @Test("a notice is one datagram")
    func notice() throws {
        let path = "/tmp/pawl-notice-\(getpid())"
        let receiver = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer {
            close(receiver)
            unlink(path)
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(receiver, $0, length) }
        }
        #expect(bound == 0)
        StatusNotice(path: path).send("STATUS=[1/2] a")
        var buffer = [UInt8](repeating: 0, count: 100)
        let count = recv(receiver, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        #expect(String(decoding: buffer.prefix(max(0, count)), as: UTF8.self) == "STATUS=[1/2] a")
        StatusNotice(path: nil).send("STATUS=to nobody")
    }
}
