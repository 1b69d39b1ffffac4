import Glibc

@testable import PawlLanguage

/// `systemd-analyze calendar`, which is systemd's own reader of calendar expressions.
enum SystemdAnalyze {
    /// What it says of an expression.
    struct Answer: Equatable {
        /// Nil where it is none.
        var normalForm: String?
        /// To the second, in UTC; empty for never, nil where it gave up the search.
        var elapses: [String]?
    }

    static let path = "/usr/bin/systemd-analyze"
    /// Whether it is there: the package systemd has it.
    static let isThere = access(path, X_OK) == 0
    static let absence: String = "systemd-analyze is not installed: 'make check' installs the package systemd"

    /// What it says of some expressions, with the moments after one that is given in seconds since 1970.
    static func calendar(_ expressions: [String], after moment: Int64, count: Int) throws -> [Answer] {
        var arguments = [path, "calendar", "--base-time=@\(moment)", "--iterations=\(count)", "--"]
        // What it cannot read leaves no trace on stdout, so behind each stands one that can be told from all others.
        for (index, text) in expressions.enumerated() { arguments += [text, "@\(1_000_000_000 + index)"] }
        var blocks: [(original: String, answer: Answer)] = []
        var original = ""
        for line in try output(of: arguments).split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { continue }
            let value = String(parts[1].dropFirst())
            switch parts[0].drop(while: { $0 == " " }) {
            case "Original form": original = value
            case "Normalized form":
                blocks.append((original, Answer(normalForm: value)))
                original = ""
            case "Next elapse": blocks[blocks.count - 1].answer.elapses = value == "never" ? [] : [value]
            case let key where key.hasPrefix("Iter. #"): blocks[blocks.count - 1].answer.elapses?.append(value)
            default: break
            }
        }
        var rest = blocks[...]
        return expressions.indices.map { index in
            let mark = "@\(1_000_000_000 + index)"
            guard let first = rest.popFirst(), first.original != mark else { return Answer() }
            rest = rest.dropFirst()
            return first.answer
        }
    }

    private static func output(of arguments: [String]) throws -> String {
        var pipe: [Int32] = [0, 0]
        guard Glibc.pipe(&pipe) == 0 else { throw Failure() }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, pipe[1], 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addclose(&actions, pipe[0])
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        // The host's own zone is UTC for it, and its words are English.
        let settings = ["TZ=UTC", "LC_ALL=C", "SYSTEMD_PAGER=", "SYSTEMD_COLORS=0"]
        var environment: [UnsafeMutablePointer<CChar>?] = settings.map { strdup($0) } + [nil]
        defer { for word in words + environment { free(word) } }
        var process = pid_t()
        let spawned = posix_spawn(&process, path, &actions, nil, &words, &environment)
        close(pipe[1])
        defer { close(pipe[0]) }
        guard spawned == 0 else { throw Failure() }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(pipe[0], &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        var status: Int32 = 0
        waitpid(process, &status, 0)
        return String(decoding: bytes, as: UTF8.self)
    }

    struct Failure: Error {}
}
