import Glibc
import PawlLanguage
import PawlModel

/// The host as `pawl doctor` looks at it: files below a root, which a test has in a folder, and a few questions to systemd and
/// the kernel.
struct HostView {
    /// What stands before every path; empty on the host itself.
    var root = ""
    /// Runs a program of systemd's and gives its output; nil where it cannot be had.
    var output: (_ program: [String]) -> String? = HostView.output
    /// How much of a file system is free, from 0 to 1, in bytes and in files.
    var free: (_ path: String) -> Double? = HostView.free
    /// Whether the caller is root, who sees all of it.
    var isRoot = geteuid() == 0

    /// What is known of a file.
    struct File {
        var uid: UInt32
        var mode: UInt32
    }

    /// Looks at a file, links followed; nil where there is none.
    func look(_ path: String) -> File? {
        var status = stat()
        guard stat(root + path, &status) == 0 else { return nil }
        return File(uid: status.st_uid, mode: status.st_mode & 0o7777)
    }

    /// The text of a file; nil where it cannot be read.
    func text(_ path: String) -> String? { (try? TextFile.read(root + path))?.text }

    /// The type of the file system that a path is on: that of the last mount at its longest prefix (`man:proc(5)`).
    func fileSystem(of path: String) -> String? {
        var found: (length: Int, type: String)?
        for line in (text("/proc/self/mountinfo") ?? "").split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 6, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count else { continue }
            let point = fields[4]
            guard point == "/" || path == point || path.hasPrefix("\(point)/") else { continue }
            if point.count >= found?.length ?? 0 { found = (point.count, String(fields[dash + 1])) }
        }
        return found?.type
    }

    /// The names in a folder, sorted; none where it cannot be read.
    func names(in folder: String) -> [String] {
        guard let stream = opendir(root + folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    // MARK: Users

    /// The name of a user; nil where there is none.
    var userName: (_ uid: UInt32) -> String? = { uid in getpwuid(uid)?.pointee.pw_name.map { String(cString: $0) } }

    /// Whether a user's manager stays up without a session, as `loginctl enable-linger` leaves it on disk; nil where that cannot
    /// be told.
    func isLingering(_ uid: UInt32) -> Bool? {
        userName(uid).map { look("/var/lib/systemd/linger/\($0)") != nil }
    }

    /// What a user's manager can do here.
    func userManager(_ scope: RuntimeScope) -> UserManager {
        let file = "cgroup.controllers"
        return UserManager(
            ofHost: text("/sys/fs/cgroup/\(file)"), ofManager: text("/sys/fs/cgroup\(scope.controlGroup)/\(file)"))
    }

    // MARK: The host itself

    private static func output(_ program: [String]) -> String? {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        var words = program.map { strdup($0) } + [nil]
        defer { for word in words { Glibc.free(word) } }
        var child = pid_t()
        let fault = posix_spawnp(&child, program[0], &actions, nil, &words, environ)
        close(ends[1])
        guard fault == 0 else { return nil }
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(ends[0], &chunk, chunk.count)
            if count > 0 { output += chunk[..<count] } else if count == 0 || errno != EINTR { break }
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        // The status of 'is-enabled' says what it prints too.
        let text = String(decoding: output, as: UTF8.self)
        return text.isEmpty ? nil : text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    private static func free(_ path: String) -> Double? {
        var status = statvfs()
        guard statvfs(path, &status) == 0, status.f_blocks > 0 else { return nil }
        let bytes = Double(status.f_bavail) / Double(status.f_blocks)
        guard status.f_files > 0 else { return bytes }
        return min(bytes, Double(status.f_favail) / Double(status.f_files))
    }
}
