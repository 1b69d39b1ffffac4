import EventLoopKit
import PawlLanguage
import PawlModel
import Testing

@testable import PawlDaemon
@testable import VarlinkKit

@Suite("Who may do what")
struct AuthorizationTests {
    private static func peer(_ uid: UInt32) -> Peer { Peer(pid: 1, uid: uid, gid: uid, groups: []) }
    private static let alice = RuntimeScope.user(
        UserFolders(uid: 1000, home: "/home/a", configuration: "/c", state: "/s", runtime: "/r"))

    @Test("a user's pawld obeys that user and root, and nobody else")
    func user() async {
        let authorization = Authorization(scope: AuthorizationTests.alice, executor: EventLoop(name: "test"))
        #expect(await authorization.rights(of: AuthorizationTests.peer(1000)) == .operate)
        #expect(await authorization.rights(of: AuthorizationTests.peer(0)) == .operate)
        #expect(await authorization.rights(of: AuthorizationTests.peer(1001)) == .nothing)
    }

    @Test("that of the host obeys root, and others as far as a workflow allows it")
    func system() async {
        let authorization = Authorization(executor: EventLoop(name: "test"))
        #expect(await authorization.rights(of: AuthorizationTests.peer(0)) == .operate)
        #expect(await authorization.rights(of: AuthorizationTests.peer(1001)) == .allowed)
    }
}
