import PawlLanguage
import Testing

@testable import PawlDaemon

@Suite("Use of the host")
struct ResourceTests {
    @Test("What the kernel tells is read, of both versions of control groups", arguments: [1, 2])
    func reader(version: Int) throws {
        let folder = try TemporaryFolder()
        func write(_ path: String, _ text: String) throws {
            var parents: [String] = []
            for part in path.split(separator: "/").dropLast() {
                parents.append(String(part))
                _ = try? folder.make(parents.joined(separator: "/"))
            }
            try folder.write(path, text)
        }
        try write("proc/meminfo", "MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    250 kB\n")
        try write("proc/stat", "cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 2 3\n")
        try write(
            "proc/pressure/memory",
            "some avg10=12.50 avg60=1.00 avg300=0.00 total=1\nfull avg10=99.00 avg60=0.00 avg300=0.00 total=1\n")
        if version == 2 {
            try write("sys/fs/cgroup/pawl.slice/memory.current", "5000\n")
            try write("sys/fs/cgroup/pawl.slice/memory.max", "max\n")
            try write("sys/fs/cgroup/pawl.slice/memory.stat", "anon 3000\ninactive_file 1000\n")
        } else {
            try write("sys/fs/cgroup/memory/pawl.slice/memory.usage_in_bytes", "5000\n")
            try write("sys/fs/cgroup/memory/pawl.slice/memory.limit_in_bytes", "9223372036854771712\n")
            try write("sys/fs/cgroup/memory/pawl.slice/memory.stat", "cache 1\ntotal_inactive_file 1000\n")
        }
        var reader = HostUseReader(root: folder.path, folder: "")
        reader.span = 0
        var use = reader.read()
        #expect(use.memory == 0.75 && use.cpu == nil && use.pressure == 0.125)
        #expect(use.slice?.used == 4000 && use.slice?.limit == nil)
        #expect((0...1).contains(try #require(use.disk)))
        try write("proc/stat", "cpu  160 0 110 720 110 0 0 0 0 0\n")
        if version == 2 {
            try write("sys/fs/cgroup/pawl.slice/memory.max", "8000\n")
        } else {
            try write("sys/fs/cgroup/memory/pawl.slice/memory.limit_in_bytes", "8000\n")
        }
        use = reader.read()
        #expect(use.cpu == 0.7 && use.slice?.limit == 8000)
        // For a moment processors are always busy: it is said of some seconds only.
        reader.span = 3600
        try write("proc/stat", "cpu  999 0 110 720 110 0 0 0 0 0\n")
        #expect(reader.read().cpu == 0.7)
    }

    @Test("What the kernel does not tell is not known")
    func silence() throws {
        var reader = HostUseReader(root: try TemporaryFolder().path, folder: "/nowhere")
        #expect(reader.read() == HostUse())
        var watch = ResourceWatch()
        #expect(watch.crossings(HostUse(), ResourceLimits(all: 0.5)).isEmpty)
        #expect(watch.admission(HostUse(), ResourceLimits(all: 0.5), running: 0, young: 0, processors: 2).gate == nil)
    }

    @Test("A threshold is told once when it is come to, and once when the use is clearly below it again")
    func crossings() {
        var watch = ResourceWatch()
        var told: [String] = []
        for use in [0.5, 0.84, 0.85, 0.99, 0.84, 0.81, 0.86, 0.79, 0.2, 0.9] {
            let crossings = watch.crossings(HostUse(memory: use), ResourceLimits(all: 0.85))
            told += crossings.map { "\($0.part.rawValue) \($0.use) \($0.isAbove)" }
        }
        #expect(told == ["memory 0.85 true", "memory 0.79 false", "memory 0.9 true"])
        // One that is turned off is not below.
        #expect(watch.crossings(HostUse(memory: 0.1), ResourceLimits()).isEmpty)
    }

    private func limits(_ part: String, _ limit: Double) -> ResourceLimits {
        var limits = ResourceLimits()
        limits[part] = limit
        return limits
    }

    @Test(
        "While a part is used beyond its limit no step starts, and it says which",
        arguments: [
            ("memory", HostUse(memory: 0.91), "memory of the host is used to 91 %, and its limit is 90 %"),
            ("disk", HostUse(disk: 0.9), "the disk of /var/lib/pawl is used to 90 %, and its limit is 90 %"),
            (
                "pressure", HostUse(pressure: 0.95),
                "time in which something waits for memory is used to 95 %, and its limit is 90 %"
            ),
            (
                "memory", HostUse(memory: 0.1, slice: (950, 1000)),
                "memory of pawl.slice is used to 95 %, and its limit is 90 %"
            ),
        ])
    func gate(part: String, use: HostUse, words: String) {
        var watch = ResourceWatch()
        #expect(watch.admission(use, limits(part, 0.9), running: 3, young: 0, processors: 2).gate == words)
        #expect(watch.admission(use, ResourceLimits(), running: 3, young: 0, processors: 2).gate == nil)
    }

    @Test("No more steps start than have shown that they fit")
    func budget() {
        var watch = ResourceWatch()
        let limits = limits("memory", 0.85)
        func ask(_ used: UInt64, running: Int, young: Int) -> (gate: String?, budget: Int?) {
            watch.admission(
                HostUse(memory: 0.1, slice: (used, 1000)), limits, running: running, young: young, processors: 2)
        }
        // Nobody knows yet what a step takes.
        #expect(ask(0, running: 0, young: 0).budget == 2)
        #expect(ask(100, running: 2, young: 2).budget == 0)
        #expect(ask(400, running: 2, young: 0).budget == 2)
        // Two have 200 each, and those that have just started will have.
        #expect(
            ask(450, running: 4, young: 2).gate?.hasPrefix("memory of pawl.slice is used to 45 %, and a step takes")
                == true)
        #expect(ask(800, running: 4, young: 0).gate != nil)
        #expect(ask(600, running: 3, young: 0).budget == 1)
        // Where nothing runs one may try, however much it takes.
        #expect(ask(700, running: 0, young: 0).budget == 1)
        #expect(ask(860, running: 0, young: 0).gate != nil)
    }
}
