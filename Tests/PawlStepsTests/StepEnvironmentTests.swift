import FoundationEssentials
import Glibc
import PawlModel
import Testing

@testable import PawlSteps

@Suite("Credentials in the environment of a step's program")
struct StepEnvironmentTests {
    private final class Folder {
        let path = "/tmp/pawl-credentials-\(UUID().uuidString)"
        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(atPath: path) }
        func write(_ name: String, _ bytes: [UInt8]) throws {
            try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
        }
    }

    private func printed(_ environment: StepEnvironment, _ script: String) throws -> [UInt8] {
        let child = try ChildProcess.run(["sh", "-c", script], output: .taken(limit: 1 << 20), in: environment)
        #expect(child.end == .exited(0))
        return child.output
    }

    private func fault(_ folder: Folder, _ name: String = "db") -> String? {
        do throws(CredentialFault) {
            _ = try StepEnvironment([Credential(name: name, variable: "DB")], folder: folder.path)
            return nil
        } catch {
            return error.description
        }
    }

    @Test(
        "A program gets it byte for byte, with quotes, newlines and what is no text",
        arguments: [
            Array("plain".utf8), Array("\"; touch /tmp/x #$(touch /tmp/y)'\n\n ".utf8), [], [0xff, 0x0a, 0x80, 0x01],
            Array("a=b=c".utf8),
        ])
    func bytes(_ value: [UInt8]) throws {
        let folder = try Folder()
        try folder.write("db", value)
        let environment = try StepEnvironment(
            [Credential(name: "db", variable: "DB"), Credential(name: "unread")], folder: folder.path)
        #expect(try printed(environment, "printf '%s<' \"$DB\"") == value + [UInt8(ascii: "<")])
    }

    @Test("All else is as it was, once each, and this process has nothing of it")
    func others() throws {
        let folder = try Folder()
        try folder.write("db", Array("secret".utf8))
        let environment = try StepEnvironment([Credential(name: "db", variable: "HOME")], folder: folder.path)
        func lines(_ environment: StepEnvironment) throws -> [String] {
            String(
                decoding: try printed(environment, "env -0 | tr '\\n\\0' ' \\n' | grep -v ^_= | sort"), as: UTF8.self
            )
            .split(separator: "\n").map(String.init)
        }
        let before = try lines(StepEnvironment()).filter { !$0.hasPrefix("HOME=") }
        #expect(try lines(environment) == (before + ["HOME=secret"]).sorted())
        #expect(getenv("HOME").map { String(cString: $0) } != "secret")
    }

    @Test("The longest value that the kernel takes is taken, and one byte more is a fault that says none of it")
    func large() throws {
        let folder = try Folder()
        let most = StepEnvironment.longestEntry - "DB=".utf8.count
        try folder.write("db", [UInt8](repeating: UInt8(ascii: "x"), count: most))
        let environment = try StepEnvironment([Credential(name: "db", variable: "DB")], folder: folder.path)
        #expect(try printed(environment, "printf %s \"${#DB}\"") == Array("\(most)".utf8))
        try folder.write("db", [UInt8](repeating: UInt8(ascii: "x"), count: most + 1))
        let text = try #require(fault(folder))
        #expect(text.hasPrefix("credential 'db' is too large for the variable DB, which holds \(most) bytes: "))
        #expect(!text.contains("xx"))
    }

    @Test("A NUL byte is a fault, and so is a credential that is not there")
    func faults() throws {
        let folder = try Folder()
        try folder.write("db", Array("geheim\0geheim".utf8))
        let text = try #require(fault(folder))
        #expect(text.hasPrefix("credential 'db' has a NUL byte in it, which no variable can hold"))
        #expect(!text.contains("geheim"))
        #expect(fault(folder, "none")?.hasPrefix("credential 'none' is not there: cannot open ") == true)
        do throws(CredentialFault) {
            _ = try StepEnvironment([Credential(name: "db", variable: "DB")], folder: nil)
            Issue.record("there is no folder")
        } catch {
            #expect(error.description == "systemd has given the step no credentials")
        }
    }

    @Test("A program that cannot be become is told by its errno, and no shell reads it")
    func become() throws {
        let folder = try Folder()
        try folder.write("text", Array("touch /tmp/should-not-be\n".utf8))
        #expect(StepEnvironment().become(["\(folder.path)/text"]) == EACCES)
        // Copied by a process of its own: what this one has open for writing another test's fork may hold for a moment, and nobody
        // executes a file that somebody writes (`man:execve(2)`, ETXTBSY).
        let program = "\(folder.path)/program"
        _ = try ChildProcess.run(["cp", "\(folder.path)/text", program], output: .inherited, in: StepEnvironment())
        chmod(program, 0o755)
        #expect(StepEnvironment().become([program]) == ENOEXEC)
        #expect(StepEnvironment().become(["/nonexistent/program"]) == ENOENT)
        #expect(StepEnvironment().become(["no-such-program-anywhere"]) == ENOENT)
        #expect(StepEnvironment().become([]) == ENOENT)
    }
}
