import PawlModel
import Testing

@Suite("Requester")
struct RequesterTests {
    private func words(_ uid: UInt32, _ user: String?, login: String? = nil) -> String {
        Requester(uid: uid, user: user, login: login).description
    }

    @Test("whoever asks is called by the name, and after sudo by that of the person")
    func names() {
        #expect(words(1000, "ada", login: "ada") == "ada")
        #expect(words(1000, "ada") == "ada")
        #expect(words(0, "root", login: "ada") == "ada as root")
        #expect(words(0, "root") == "root")
    }

    @Test("who has no name is called by the number")
    func numbers() {
        #expect(words(1234, nil) == "uid 1234")
        #expect(words(1234, nil, login: "ada") == "ada as uid 1234")
        #expect(Requester(uid: 7).description == "uid 7")
    }
}
