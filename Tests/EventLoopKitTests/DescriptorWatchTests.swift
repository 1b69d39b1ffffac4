import CLinux
import EventLoopKit
import Glibc
import Testing

/// A pipe that closes itself.
final class Pipe: Sendable {
    struct Failed: Error { let errno: CInt }

    let reader: CInt
    let writer: CInt

    init() throws {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failed(errno: errno) }
        (reader, writer) = (ends[0], ends[1])
    }

    deinit {
        close(reader)
        close(writer)
    }

    func write() { _ = Glibc.write(writer, "x", 1) }

    func read() -> Int {
        var byte: UInt8 = 0
        return Glibc.read(reader, &byte, 1)
    }
}

/// Watches a descriptor and tells what the handler got, until `count` reports.
private func reports(
    _ loop: EventLoop, _ descriptor: CInt, _ interest: Interest, count: Int,
    then: @escaping @Sendable (DescriptorWatch, Int) -> Void = { _, _ in }
) async -> [Interest] {
    await withCheckedContinuation { continuation in
        loop.perform {
            var found: [Interest] = []
            var watch: DescriptorWatch?
            watch = loop.watch(descriptor, for: interest) { interest in
                loop.checkOnLoop()
                found.append(interest)
                if let watch { then(watch, found.count) }
                guard found.count == count else { return }
                watch?.cancel()
                watch?.cancel()
                watch = nil
                continuation.resume(returning: found)
            }
        }
    }
}

@Suite("DescriptorWatch")
struct DescriptorWatchTests {
    let loop = EventLoop(name: "test-watch")

    @Test("is level-triggered: called until what is there has been read")
    func levelTriggered() async throws {
        defer { loop.stop() }
        let pipe = try Pipe()
        pipe.write()
        #expect(await reports(loop, pipe.reader, .readable, count: 3) == [.readable, .readable, .readable])
    }

    @Test("a changed interest holds from the next wait on")
    func changedInterest() async throws {
        defer { loop.stop() }
        var ends: [CInt] = [-1, -1]
        #expect(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        _ = write(ends[1], "x", 1)
        let found = await reports(loop, ends[0], .readable, count: 2) { watch, _ in watch.interest = .writable }
        #expect(found == [.readable, .writable])
    }

    @Test("a peer that closes is reported as hang-up and as readable, so that read tells the end")
    func hangup() async throws {
        defer { loop.stop() }
        var ends: [CInt] = [-1, -1]
        #expect(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        close(ends[1])
        defer { close(ends[0]) }
        let found = await reports(loop, ends[0], .readable, count: 1)
        #expect(found == [[.readable, .hangup, .closed]])
    }

    @Test("a peer that has only finished sending is not gone")
    func halfClosed() async throws {
        defer { loop.stop() }
        var ends: [CInt] = [-1, -1]
        #expect(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        shutdown(ends[1], CInt(SHUT_WR))
        let found = await reports(loop, ends[0], [.readable, .closed], count: 1)
        #expect(found == [[.readable]])
    }

    @Test("with no interest a hang-up is not reported, let alone in a busy loop")
    func noInterest() async throws {
        defer { loop.stop() }
        let (loop, pipe) = (loop, try Pipe())
        let waker = try Pipe()
        let turns: Int = await withCheckedContinuation { continuation in
            loop.perform {
                var turns = 0
                var quiet: DescriptorWatch?
                quiet = loop.watch(pipe.writer, for: []) { _ in Issue.record("reported without an interest") }
                _ = loop.addPreparation { turns += 1 }
                _ = loop.schedule(after: .milliseconds(30)) {
                    quiet?.cancel()
                    quiet = nil
                    continuation.resume(returning: turns)
                }
                waker.write()
            }
        }
        #expect(turns <= 3)
    }

    @Test("a watch cancelled by a handler of the same wait is not called any more")
    func cancelledByAnother() async throws {
        defer { loop.stop() }
        let (loop, first, second) = (loop, try Pipe(), try Pipe())
        first.write()
        second.write()
        let calls: Int = await withCheckedContinuation { continuation in
            loop.perform {
                var calls = 0
                var watches: [DescriptorWatch] = []
                for pipe in [first, second] {
                    let watch = loop.watch(pipe.reader, for: .readable) { _ in
                        calls += 1
                        for watch in watches { watch.cancel() }
                        watches = []
                    }
                    watches.append(watch)
                }
                _ = loop.schedule(after: .milliseconds(5)) { continuation.resume(returning: calls) }
            }
        }
        #expect(calls == 1)
    }
}

@Suite("CLinux")
struct CLinuxTests {
    @Test("peer credentials are the caller's own on a pair of sockets")
    func peerCredentials() {
        var ends: [CInt] = [-1, -1]
        #expect(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        var (pid, uid, gid): (pid_t, uid_t, gid_t) = (-1, 99, 99)
        #expect(clinux_peer_credentials(ends[0], &pid, &uid, &gid) == 0)
        #expect(pid == getpid())
        #expect(uid == getuid())
        #expect(gid == getgid())
        #expect(clinux_peer_credentials(-1, &pid, &uid, &gid) == -1)
    }

    @Test("peer groups are as many as getgroups tells")
    func peerGroups() {
        var ends: [CInt] = [-1, -1]
        #expect(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        var groups = [gid_t](repeating: 0, count: 64)
        var count = groups.count
        #expect(clinux_peer_groups(ends[0], &groups, &count) == 0)
        #expect(count == Int(getgroups(0, nil)))
    }
}
