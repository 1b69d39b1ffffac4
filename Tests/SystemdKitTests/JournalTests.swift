import EventLoopKit
import SystemdKit
import Testing

extension SystemTests {
    @Suite("Journal", .enabled(if: SystemTests.hasSystemd))
    struct JournalTests {
        let loop = EventLoop(name: "test-journal")
        let id = "\(UInt64.random(in: 0 ... .max))"

        private func write(_ message: String, part: String = "a") throws {
            try Journal.write(fields: [
                ("MESSAGE", message), ("PRIORITY", "6"), ("SYSTEMDKIT_TEST", id), ("SYSTEMDKIT_PART", part),
            ])
        }

        private func reader(_ position: JournalPosition, _ more: [JournalMatch] = []) async throws -> JournalReader {
            let reader = JournalReader(loop: loop, fields: ["MESSAGE", "SYSTEMDKIT_PART", "_PID", "NO_SUCH_FIELD"])
            try await reader.open(matches: [.field("SYSTEMDKIT_TEST", id)] + more, at: position)
            return reader
        }

        @Test("what is written is followed, then found by its fields, from any position")
        func writeFollowRead() async throws {
            defer { loop.stop() }
            let follower = try await reader(.tail(0))
            let messages = (0..<20).map { "message \($0)" }
            let async = Task {
                var followed: [String] = []
                while followed.count < 20 { followed += try await follower.follow().compactMap { $0["MESSAGE"] } }
                return followed
            }
            for (index, message) in messages.enumerated() {
                try write(message, part: index.isMultiple(of: 2) ? "even" : "odd")
            }
            #expect(try await async.value == messages)

            let all = try await reader(.head).read()
            #expect(all.map { $0["MESSAGE"] } == messages)
            #expect(all.allSatisfy { $0.realtime > 0 && $0["_PID"] != nil && $0["NO_SUCH_FIELD"] == nil })
            let batches = try await reader(.head)
            #expect(try await batches.read(upTo: 15).count == 15)
            #expect(try await batches.read(upTo: 15).count == 5)
            #expect(try await batches.read(upTo: 15).isEmpty)

            #expect(try await reader(.tail(3)).read().map { $0["MESSAGE"] } == Array(messages.suffix(3)))
            #expect(try await reader(.tail(100)).read().count == 20)
            #expect(try await reader(.tail(0)).read().isEmpty)
            let after = try await reader(.after(cursor: all[16].cursor)).read()
            #expect(after.map { $0["MESSAGE"] } == Array(messages.suffix(3)))
            #expect(try await reader(.since(realtime: all[18].realtime)).read().count >= 2)

            let odd = try await reader(.head, [.field("SYSTEMDKIT_PART", "odd")]).read()
            #expect(odd.count == 10)
            let any = [JournalMatch.field("SYSTEMDKIT_PART", "odd"), .field("SYSTEMDKIT_PART", "even")]
            #expect(try await reader(.head, any).read().count == 20)
            let alternative = [
                .field("SYSTEMDKIT_PART", "odd"), .disjunction, JournalMatch.field("MESSAGE", "message 0"),
            ]
            #expect(try await reader(.head, alternative).read().count >= 11)
        }

        @Test("a follower that is cancelled, and one whose reader is closed, stop waiting")
        func followEnds() async throws {
            defer { loop.stop() }
            let reader = try await reader(.tail(0))
            let cancelled = Task { try await reader.follow() }
            await Task.yield()
            cancelled.cancel()
            let error = await #expect(throws: SystemdError.self) { try await cancelled.value }
            #expect(error?.isCancelled == true)
            let other = Task { try await reader.follow() }
            // The reader's own thread turns to `close` only once the follower waits or has not begun.
            await Task.yield()
            await reader.close()
            #expect(try await other.value.isEmpty)
        }

        @Test("five thousand entries are read in batches")
        func many() async throws {
            defer { loop.stop() }
            for index in 0..<5_000 { try write("\(index)") }
            let reader = try await reader(.head)
            var count = 0
            while count < 5_000 { count += try await reader.follow().count }
            #expect(count == 5_000)
        }
    }
}

@Suite("A journal that is read")
struct JournalReaderTests {
    @Test("who comes back to follow a reader that was closed meanwhile is told of the end, and not of an error")
    func closed() async throws {
        let loop = EventLoop(name: "test-journal")
        defer { loop.stop() }
        let reader = JournalReader(loop: loop, fields: ["MESSAGE"])
        try await reader.open(matches: [.field("SYSTEMDKIT_TEST", "none")], at: .head)
        await reader.close()
        #expect(try await reader.follow().isEmpty)
    }

    @Test("a reader that was never opened cannot be followed")
    func unopened() async {
        let loop = EventLoop(name: "test-journal")
        defer { loop.stop() }
        let reader = JournalReader(loop: loop, fields: ["MESSAGE"])
        let error = await #expect(throws: SystemdError.self) { try await reader.follow() }
        #expect(error?.errno == 9)
    }
}

@Suite("Names of journal fields")
struct JournalFieldTests {
    @Test(
        "that journald would drop are refused",
        arguments: ["lower", "", "_TRUSTED", "1A", "A B", "A=B", String(repeating: "A", count: 65)])
    func refused(name: String) {
        let error = #expect(throws: SystemdError.self) { try Journal.write(fields: [(name, "x")]) }
        #expect(error?.errno == 22)
    }
}
