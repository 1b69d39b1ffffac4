import Glibc
import PawlModel

/// The environment of what a step runs: that of its unit, and the credentials that the plan wants in it.
///
/// It is handed to the programs and never becomes that of this process, whose own the recorder and `/proc` would show.
struct StepEnvironment {
    /// `NAME=VALUE`, as bytes: nobody has said that a secret is text.
    private let entries: [[UInt8]]

    /// The environment of this process, as it is.
    init() { entries = StepEnvironment.own() }

    /// The environment of this process with credentials in it, byte for byte.
    init(_ credentials: [Credential], folder: String?) throws(CredentialFault) {
        guard credentials.contains(where: { $0.variable != nil }) else {
            entries = StepEnvironment.own()
            return
        }
        guard let folder else { throw CredentialFault("systemd has given the step no credentials") }
        var added: [[UInt8]] = []
        for credential in credentials {
            guard let variable = credential.variable else { continue }
            added.append(try StepEnvironment.entry(of: credential.name, as: variable, folder))
        }
        let names = credentials.compactMap(\.variable).map { Array("\($0)=".utf8) }
        entries = StepEnvironment.own().filter { entry in !names.contains { entry.starts(with: $0) } } + added
    }

    /// The kernel takes no longer entry than 32 pages, its last zero included (`man:execve(2)`).
    static let longestEntry = 32 * sysconf(Int32(_SC_PAGESIZE)) - 1

    private static func entry(
        of name: String, as variable: String, _ folder: String
    ) throws(CredentialFault) -> [UInt8] {
        let head = Array("\(variable)=".utf8)
        let most = longestEntry - head.count
        let value: [UInt8]
        do throws(FileFault) {
            value = try TextFile.bytes("\(folder)/\(name)", limit: most + 1)
        } catch {
            throw CredentialFault("credential '\(name)' is not there: \(error)")
        }
        let instead = "its program can only read it at $CREDENTIALS_DIRECTORY/\(name)"
        guard value.count <= most else {
            throw CredentialFault(
                "credential '\(name)' is too large for the variable \(variable), which holds \(most) bytes: \(instead)")
        }
        guard !value.contains(0) else {
            throw CredentialFault(
                "credential '\(name)' has a NUL byte in it, which no variable can hold, \(variable) neither: \(instead)"
            )
        }
        return head + value
    }

    private static func own() -> [[UInt8]] {
        var result: [[UInt8]] = []
        var next = environ
        while let entry = next.pointee {
            result.append(Array(UnsafeRawBufferPointer(start: entry, count: strlen(entry))))
            next += 1
        }
        return result
    }

    /// Hands the entries to a call of C's.
    func withPointers<Result>(_ body: ([UnsafeMutablePointer<CChar>?]) -> Result) -> Result {
        let pointers: [UnsafeMutablePointer<CChar>?] = entries.map { entry in
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: entry.count + 1)
            for (place, byte) in entry.enumerated() { copy[place] = CChar(bitPattern: byte) }
            copy[entry.count] = 0
            return copy
        }
        defer { for pointer in pointers { pointer?.deallocate() } }
        return body(pointers + [nil])
    }

    /// Becomes a program: its unit sees nobody but it. Comes back only with the reason why that cannot be, an errno.
    ///
    /// Not by `execvp`, which would have a shell read what is no program.
    func become(_ command: [String]) -> Int32 {
        guard let program = command.first else { return ENOENT }
        let arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var paths = [program]
        if !program.contains("/") {
            let folders = getenv("PATH").map { String(cString: $0) } ?? ""
            paths = folders.split(separator: ":").map { "\($0)/\(program)" }
        }
        return withPointers { environment in
            var reason = ENOENT
            for path in paths {
                execve(path, arguments, environment)
                switch errno {
                case ENOENT, ENOTDIR: break
                case EACCES: reason = EACCES
                default: return errno
                }
            }
            return reason
        }
    }
}

/// A credential that cannot be put into the environment. Nothing of its content is in the words.
struct CredentialFault: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
