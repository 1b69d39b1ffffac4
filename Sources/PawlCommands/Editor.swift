import Glibc
import PawlAPI

/// The program that a person edits with.
struct Editor {
    /// What the environment names, taken apart at blanks; empty where it names nothing.
    let chosen: [String]

    /// What is looked for without a choice, and where the chosen one cannot be found, as systemctl does.
    private static let known = ["editor", "nano", "vim", "vi"]

    /// Reads the environment: `SYSTEMD_EDITOR`, `VISUAL`, `EDITOR`, the first one that is not empty.
    init(environment: (String) -> String? = { name in getenv(name).map { String(cString: $0) } }) {
        let names = ["SYSTEMD_EDITOR", "VISUAL", "EDITOR"]
        let value = names.lazy.compactMap(environment).first { !$0.isEmpty } ?? ""
        // No shell: what is in the value besides words is nothing but text.
        chosen = value.split(separator: " ").map(String.init)
    }

    /// Has somebody edit a file, and returns when the program has ended.
    func edit(_ file: String) throws(CommandFailure) {
        for program in (chosen.isEmpty ? [] : [chosen]) + Editor.known.map({ [$0] }) {
            guard let status = try Editor.run(program + [file]) else { continue }
            guard status == 0 else {
                throw CommandFailure(.failed, "the editor '\(program.joined(separator: " "))' has failed (\(status))")
            }
            return
        }
        throw CommandFailure(
            .failed,
            "there is no editor: set SYSTEMD_EDITOR, VISUAL or EDITOR, or install one of "
                + Editor.known.joined(separator: ", "))
    }

    /// Runs a program to its end. Nil where there is no such program.
    private static func run(_ arguments: [String]) throws(CommandFailure) -> Int32? {
        do throws(ChildProgram.Failure) {
            return try ChildProgram(arguments: arguments).run()
        } catch {
            if error.number == ENOENT { return nil }
            throw CommandFailure(.failed, "the editor '\(arguments[0])' cannot be run: \(error.words)")
        }
    }

    /// Standard input, to its end.
    static func standardInput() throws(CommandFailure) -> String {
        do {
            return try TextFile.read(descriptor: STDIN_FILENO, "standard input").text
        } catch {
            throw CommandFailure(
                .usage, "standard input cannot be read: \(error.reason)", faults: error.fault.map { [$0] } ?? [])
        }
    }
}
