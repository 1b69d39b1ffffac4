internal import CLinux
internal import Glibc

/// What to wait for on a descriptor, and what was found.
package struct Interest: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// There is something to read, or the end of it.
    package static let readable = Interest(rawValue: 1)
    /// There is room to write, or an error that a write would tell.
    package static let writable = Interest(rawValue: 2)
    /// The peer closed its end. Asked for, it is reported also while nothing is read; a full hang-up is reported always.
    package static let hangup = Interest(rawValue: 4)

    /// Nobody is at the other end any more: both directions are shut. A peer that only finished sending is still there.
    package static let closed = Interest(rawValue: 8)

    var events: UInt32 {
        var events: UInt32 = 0
        if contains(.readable) { events |= UInt32(CLINUX_EPOLL_IN) }
        if contains(.writable) { events |= UInt32(CLINUX_EPOLL_OUT) }
        if contains(.hangup) { events |= UInt32(CLINUX_EPOLL_READ_HANGUP) }
        return events
    }

    /// What epoll reported, for somebody who asked for `interest`. An error or a hang-up counts as readable and
    /// writable too, since it is read(2) and write(2) that say which.
    init(events: UInt32, interest: Interest) {
        var found: Interest = []
        if events & UInt32(CLINUX_EPOLL_IN) != 0 { found.insert(.readable) }
        if events & UInt32(CLINUX_EPOLL_OUT) != 0 { found.insert(.writable) }
        if events & UInt32(CLINUX_EPOLL_READ_HANGUP) != 0 { found.insert(.hangup) }
        if events & UInt32(CLINUX_EPOLL_ERROR | CLINUX_EPOLL_HANGUP) != 0 {
            found.formUnion([.hangup, .closed])
            found.formUnion(interest.intersection([.readable, .writable]))
        }
        self = found
    }
}

/// A descriptor that an event loop watches, level-triggered: the handler is called as long as it is ready. Used on the
/// loop's thread only. Letting go of the value does not end the watch, `cancel()` does: before the descriptor is closed.
package final class DescriptorWatch {
    private let loop: EventLoop
    private let key: UInt64
    private var isRegistered = false
    private var isCancelled = false
    private var handler: ((Interest) -> Void)?

    /// The watched descriptor.
    package let descriptor: CInt

    /// What the handler is called for. Empty: nothing at all, not even a hang-up.
    package var interest: Interest {
        didSet {
            loop.checkOnLoop()
            if interest != oldValue { register() }
        }
    }

    init(_ descriptor: CInt, interest: Interest, loop: EventLoop, key: UInt64, handler: @escaping (Interest) -> Void) {
        self.descriptor = descriptor
        self.interest = interest
        self.loop = loop
        self.key = key
        self.handler = handler
        register()
    }

    /// Ends the watch; the handler is not called again and let go of. Any number of times.
    package func cancel() {
        loop.checkOnLoop()
        guard !isCancelled else { return }
        isCancelled = true
        register()
        handler = nil
        loop.watches[key] = nil
    }

    func report(events: UInt32) {
        // The interest may have changed by a handler that ran before this one for the same wait.
        let found = Interest(events: events, interest: interest)
        guard !isCancelled, !interest.isEmpty, let handler, !found.isDisjoint(with: interest.union(.hangup)) else {
            return
        }
        handler(found)
    }

    private func register() {
        // epoll reports hang-ups for no events too, and would do so in a busy loop: nothing wanted means removed.
        let wanted = !isCancelled && !interest.isEmpty
        switch (isRegistered, wanted) {
        case (false, true):
            EventLoop.check(clinux_epoll_add(loop.epoll, descriptor, interest.events, key), "epoll_ctl(ADD)")
        case (true, true):
            EventLoop.check(clinux_epoll_modify(loop.epoll, descriptor, interest.events, key), "epoll_ctl(MOD)")
        case (true, false):
            // A library may have closed its descriptor already (libdbus and sd-bus do at a disconnect).
            if clinux_epoll_remove(loop.epoll, descriptor) < 0 {
                precondition(errno == EBADF || errno == ENOENT, "epoll_ctl(DEL) failed: errno \(errno)")
            }
        case (false, false): break
        }
        isRegistered = wanted
    }
}

@available(*, unavailable)
extension DescriptorWatch: Sendable {}

extension EventLoop {
    static let wakeKey: UInt64 = 0
    static let timerKey: UInt64 = 1
    static let firstWatchKey: UInt64 = 2

    /// Calls `handler` on the loop's thread whenever `descriptor` is ready for one of `interest`; on the loop only.
    /// The descriptor is a socket, pipe, eventfd or the like (man:epoll_ctl(2) refuses plain files), watched once.
    package func watch(
        _ descriptor: CInt, for interest: Interest, handler: @escaping (Interest) -> Void
    ) -> DescriptorWatch {
        checkOnLoop()
        // A key is never used again, so a report for a cancelled watch cannot reach another one on the same number.
        let key = nextKey
        nextKey += 1
        let watch = DescriptorWatch(descriptor, interest: interest, loop: self, key: key, handler: handler)
        watches[key] = watch
        return watch
    }

    func waitForDescriptors(timeout: CInt) {
        withUnsafeTemporaryAllocation(of: clinux_epoll_event.self, capacity: 64) { reports in
            let count = clinux_epoll_wait(epoll, reports.baseAddress, CInt(reports.count), timeout)
            guard count > 0 else {
                precondition(count == 0 || errno == EINTR, "epoll_wait failed: errno \(errno)")
                return
            }
            var timersAreDue = false
            for report in reports.prefix(Int(count)) {
                switch report.key {
                case EventLoop.wakeKey: clear(wakeDescriptor)
                case EventLoop.timerKey:
                    clear(timerDescriptor)
                    timersAreDue = true
                default: watches[report.key]?.report(events: report.events)
                }
            }
            if timersAreDue { runTimers() }
        }
    }

    private func clear(_ descriptor: CInt) {
        var counter: UInt64 = 0
        _ = read(descriptor, &counter, MemoryLayout<UInt64>.size)
    }
}
