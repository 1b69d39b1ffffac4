import Glibc
import PawlModel

/// How much of the host is in use, as the kernel tells. Each part from 0 to 1; nil where it does not tell.
struct HostUse: Sendable, Equatable {
    /// Memory that nobody could get without taking it from others.
    var memory: Double?
    /// The time in which processors were busy, since the last look.
    var cpu: Double?
    /// The file system of `/var/lib/pawl`, in bytes or in files, whichever is fuller.
    var disk: Double?
    /// The time in which something waited for memory (PSI `some`, over ten seconds).
    var pressure: Double?
    /// Memory of `pawl.slice` in bytes, without what could be had back at once; and its limit, nil without one.
    var slice: (used: UInt64, limit: UInt64?)?

    static func == (left: HostUse, right: HostUse) -> Bool {
        left.memory == right.memory && left.cpu == right.cpu && left.disk == right.disk
            && left.pressure == right.pressure && left.slice?.used == right.slice?.used
            && left.slice?.limit == right.slice?.limit
    }
}

/// Reads how much of the host is in use (`man:proc(5)`, the kernel's `cgroup-v2.rst` and `memory.rst`).
struct HostUseReader {
    /// What stands before each path; empty but in tests.
    var root = ""
    /// The folder whose file system is looked at.
    var folder = RuntimeScope.system.state
    /// The control group of the manager that the steps run under.
    var group = ""
    /// Over how many seconds at least processors have to be busy: for a moment they always are.
    var span = 5.0
    private var ticks: (busy: UInt64, all: UInt64, time: Double)?
    private var lastBusy: Double?

    init(root: String = "", folder: String = RuntimeScope.system.state, group: String = "") {
        (self.root, self.folder, self.group) = (root, folder, group)
    }

    /// Looks at all of it.
    mutating func read() -> HostUse {
        var use = HostUse()
        let memory = numbers("/proc/meminfo")
        if let all = memory["MemTotal:"], let free = memory["MemAvailable:"], all > 0 {
            use.memory = 1 - Double(min(free, all)) / Double(all)
        }
        use.cpu = busy()
        use.disk = fullness()
        use.pressure = pressure()
        use.slice = slice()
        return use
    }

    private mutating func busy() -> Double? {
        guard let line = text("/proc/stat")?.split(separator: "\n").first, line.hasPrefix("cpu ") else { return nil }
        let fields = line.split(separator: " ").dropFirst().prefix(8).compactMap { UInt64($0) }
        guard fields.count >= 5 else { return nil }
        // The fourth and the fifth are idle, and waiting for a disk.
        let all = fields.reduce(0, +)
        var clock = timespec()
        clock_gettime(CLOCK_MONOTONIC, &clock)
        let time = Double(clock.tv_sec) + Double(clock.tv_nsec) / 1e9
        if let ticks, time - ticks.time < span { return lastBusy }
        let now = (busy: all - fields[3] - fields[4], all: all, time: time)
        defer { ticks = now }
        guard let ticks, now.all > ticks.all, now.busy >= ticks.busy else { return nil }
        lastBusy = Double(now.busy - ticks.busy) / Double(now.all - ticks.all)
        return lastBusy
    }

    private func fullness() -> Double? {
        var status = statvfs()
        guard statvfs(root + folder, &status) == 0, status.f_blocks > 0 else { return nil }
        func part(_ all: UInt, _ free: UInt, _ available: UInt) -> Double {
            // As df(1) counts: what is kept for root is neither used nor to be had.
            let used = Double(all - min(free, all))
            let sum = used + Double(available)
            return sum > 0 ? used / sum : 0
        }
        let bytes = part(status.f_blocks, status.f_bfree, status.f_bavail)
        return status.f_files > 0 ? max(bytes, part(status.f_files, status.f_ffree, status.f_favail)) : bytes
    }

    private func pressure() -> Double? {
        guard let line = text("/proc/pressure/memory")?.split(separator: "\n").first(where: { $0.hasPrefix("some ") }),
            let word = line.split(separator: " ").first(where: { $0.hasPrefix("avg10=") }),
            let percent = Double(word.dropFirst("avg10=".count))
        else { return nil }
        return percent / 100
    }

    private func slice() -> (used: UInt64, limit: UInt64?)? {
        let two = "/sys/fs/cgroup\(group)/pawl.slice"
        if let used = number("\(two)/memory.current") {
            let cached = numbers("\(two)/memory.stat")["inactive_file"] ?? 0
            return (used - min(cached, used), number("\(two)/memory.max"))
        }
        let one = "/sys/fs/cgroup/memory\(group)/pawl.slice"
        guard let used = number("\(one)/memory.usage_in_bytes") else { return nil }
        let cached = numbers("\(one)/memory.stat")["total_inactive_file"] ?? 0
        let limit = number("\(one)/memory.limit_in_bytes")
        // Without a limit version 1 has the greatest number of pages there could be.
        return (used - min(cached, used), limit.flatMap { $0 >= 1 << 62 ? nil : $0 })
    }

    private func text(_ path: String) -> String? {
        SmallFile.read(root + path, limit: 64 << 10).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The number that a file consists of; nil for `max`, and where there is no such file.
    private func number(_ path: String) -> UInt64? {
        text(path).flatMap { UInt64($0.prefix { $0 != "\n" }) }
    }

    /// The numbers of a file with a name and a number in each line.
    private func numbers(_ path: String) -> [Substring: UInt64] {
        var numbers: [Substring: UInt64] = [:]
        for line in (text(path) ?? "").split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
            if words.count >= 2, let number = UInt64(words[1]) { numbers[words[0]] = number }
        }
        return numbers
    }
}
