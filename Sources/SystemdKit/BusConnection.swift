internal import CSystemd
internal import EventLoopKit
internal import Glibc

/// One sd-bus object and its place in the loop: created, used and freed on the loop's thread.
final class BusConnection {
    /// How many messages are handled before the loop turns to others.
    private static let messagesPerTurn = 64

    let pointer: OpaquePointer
    private let loop: EventLoop
    private weak var owner: Bus?
    private var watch: DescriptorWatch?
    private var preparation: EventLoop.Preparation?
    private var timer: EventLoop.Timer?
    private var timerDeadline = UInt64.max
    private var isReady = false
    private var isClosed = false
    private var isProcessingQueued = false

    init(_ address: Bus.Address, loop: EventLoop, owner: Bus) throws(BusError) {
        self.loop = loop
        self.owner = owner
        pointer = try BusConnection.open(address)
        let descriptor = sd_bus_get_fd(pointer)
        guard descriptor >= 0 else {
            sd_bus_close_unref(pointer)
            throw BusError(errno: descriptor, message: "sd_bus_get_fd failed")
        }
        watch = loop.watch(descriptor, for: []) { [weak self] _ in self?.process() }
        preparation = loop.addPreparation { [weak self] in self?.prepare() }
    }

    /// Frees the sd-bus object. The watch goes first, since sd-bus closes the descriptor.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        preparation?.cancel()
        watch?.cancel()
        timer?.cancel()
        sd_bus_close_unref(pointer)
    }

    private static func open(_ address: Bus.Address) throws(BusError) -> OpaquePointer {
        var bus: OpaquePointer?
        switch address {
        case .system: try BusError.check(sd_bus_open_system(&bus), "Connecting to the system bus")
        case .user: try BusError.check(sd_bus_open_user(&bus), "Connecting to the user bus")
        case .address(let address):
            try BusError.check(sd_bus_new(&bus), "sd_bus_new")
            for result in [
                sd_bus_set_address(bus, address), sd_bus_set_bus_client(bus, 1), sd_bus_start(bus),
            ] where result < 0 {
                sd_bus_unref(bus)
                throw BusError(errno: result, message: "Connecting to the bus at '\(address)' failed")
            }
        }
        guard let bus else { throw BusError(errno: ENOMEM, message: "Connecting to the bus gave nothing") }
        return bus
    }

    /// Before each wait: what sd-bus waits for changes with every call (man:sd_bus_get_fd(3)).
    private func prepare() {
        guard !isClosed else { return }
        let events = sd_bus_get_events(pointer)
        var deadline = UInt64.max
        guard events >= 0, sd_bus_get_timeout(pointer, &deadline) >= 0 else { return queueProcessing() }
        var interest: Interest = []
        if events & CInt(POLLIN) != 0 { interest.insert(.readable) }
        if events & CInt(POLLOUT) != 0 { interest.insert(.writable) }
        if let watch, watch.interest != interest { watch.interest = interest }
        // Zero: messages have been read already and wait to be handled.
        if deadline == 0 { return queueProcessing() }
        guard deadline != timerDeadline else { return }
        timer?.cancel()
        timer = nil
        timerDeadline = deadline
        guard deadline != .max else { return }
        timer = loop.schedule(after: MonotonicClock.duration(until: deadline)) { [weak self] in
            self?.timerDeadline = .max
            self?.process()
        }
    }

    /// Handles what is left after others had their turn.
    private func queueProcessing() {
        guard !isProcessingQueued else { return }
        isProcessingQueued = true
        // The owner is Sendable and this object is not: the way leads over it.
        loop.perform { [weak owner] in
            owner?.assumeIsolated { $0.connection?.processQueued() }
        }
    }

    private func processQueued() {
        isProcessingQueued = false
        process()
    }

    private func process() {
        for _ in 0..<BusConnection.messagesPerTurn {
            // A callback may have ended the connection.
            guard !isClosed, let owner else { return }
            let result = sd_bus_process(pointer, nil)
            guard !isClosed else { return }
            if result < 0 || sd_bus_is_open(pointer) <= 0 {
                let error = BusError(errno: result < 0 ? result : ECONNRESET, message: "The bus went away")
                return owner.assumeIsolated { $0.lose(error) }
            }
            if !isReady, sd_bus_is_ready(pointer) > 0 {
                isReady = true
                owner.assumeIsolated { $0.connected() }
            }
            if result == 0 { return }
        }
    }
}

@available(*, unavailable)
extension BusConnection: Sendable {}

/// The clock in which libsystemd tells its deadlines: CLOCK_MONOTONIC in microseconds.
enum MonotonicClock {
    static func duration(until deadline: UInt64) -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let now = UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1_000
        return deadline <= now ? .zero : .microseconds(Int64(clamping: deadline - now))
    }
}
