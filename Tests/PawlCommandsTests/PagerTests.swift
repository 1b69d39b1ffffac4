import Testing

@testable import PawlCommands

@Suite("The pager")
struct PagerTests {
    private func choice(_ environment: [String: String] = [:], isPrivileged: Bool = false) -> Pager.Choice {
        Pager.Choice(isPrivileged: isPrivileged) { environment[$0] }
    }

    @Test("It is systemd's, then everybody's, then less; an empty one and cat are none")
    func command() {
        #expect(choice().command == ["less"])
        #expect(choice(["PAGER": "most -s"]).command == ["most", "-s"])
        #expect(choice(["PAGER": "most", "SYSTEMD_PAGER": "more"]).command == ["more"])
        #expect(choice(["PAGER": "most", "SYSTEMD_PAGER": ""]).command == [])
        #expect(choice(["PAGER": "cat"]).command == [])
    }

    @Test("less has systemd's options, which SYSTEMD_LESS replaces")
    func less() {
        #expect(choice().environment == ["LESS=FRSXMK"])
        #expect(choice(["SYSTEMD_LESS": "FR", "LESS": "x"]).environment == ["LESS=FR"])
    }

    @Test("Whoever has more rights than he came with gets less alone, which starts nothing")
    func secure() {
        #expect(choice(["PAGER": "sh"], isPrivileged: true).command == ["less"])
        #expect(choice(isPrivileged: true).environment == ["LESS=FRSXMK", "LESSSECURE=1"])
        #expect(choice(["PAGER": ""], isPrivileged: true).command == [])
        #expect(choice(["PAGER": "most", "SYSTEMD_PAGERSECURE": "0"], isPrivileged: true).command == ["most"])
        #expect(choice(["SYSTEMD_PAGERSECURE": "1"]).environment == ["LESS=FRSXMK", "LESSSECURE=1"])
    }
}
