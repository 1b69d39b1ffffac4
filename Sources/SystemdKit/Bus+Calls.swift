internal import CSystemd
internal import EventLoopKit

/// A method call that waits for its reply. Its caller is answered exactly once, by reply, timeout, disconnection or
/// cancellation, since whoever answers takes the completion out first.
final class PendingCall {
    let number: UInt64
    unowned let bus: Bus
    var slot: OpaquePointer?
    private var completion: ((Result<[BusValue], BusError>) -> Void)?

    init(number: UInt64, bus: Bus, completion: @escaping (Result<[BusValue], BusError>) -> Void) {
        self.number = number
        self.bus = bus
        self.completion = completion
    }

    func complete(_ result: Result<[BusValue], BusError>) {
        let completion = completion
        self.completion = nil
        completion?(result)
    }
}

/// The calls that wait until there is room on the connection, in the order in which they were made.
struct CallQueue {
    typealias Waiting = (call: Bus.Call, completion: (Result<[BusValue], BusError>) -> Void)

    private var waiting: [UInt64: Waiting] = [:]
    private var order: [UInt64] = []
    private var first = 0

    mutating func append(_ call: Waiting, number: UInt64) {
        waiting[number] = call
        order.append(number)
    }

    mutating func remove(_ number: UInt64) -> Waiting? { waiting.removeValue(forKey: number) }

    mutating func removeFirst() -> (number: UInt64, waiting: Waiting)? {
        while first < order.count {
            let number = order[first]
            first += 1
            // Those that were cancelled meanwhile are gone.
            if let call = waiting.removeValue(forKey: number) { return (number, call) }
        }
        order = []
        first = 0
        return nil
    }
}

@available(*, unavailable)
extension PendingCall: Sendable {}

extension Bus {
    /// dbus-daemon refuses a connection's calls beyond 128 that have no reply yet (`max_replies_per_connection`
    /// in man:dbus-daemon(1)); the rest is for sd-bus's own.
    static let maximumPendingCalls = 100

    /// A method call to be made.
    package struct Call: Sendable {
        package var destination: String
        package var path: String
        package var interface: String
        package var member: String
        package var arguments: [BusValue]
        /// How long to wait for the reply, from when it is sent; afterwards the outcome is unknown.
        package var timeout: Duration

        package init(
            destination: String, path: String, interface: String, member: String, arguments: [BusValue] = [],
            timeout: Duration = .seconds(25)
        ) {
            self.destination = destination
            self.path = path
            self.interface = interface
            self.member = member
            self.arguments = arguments
            self.timeout = timeout
        }
    }

    /// Makes a method call and returns the arguments of the reply.
    /// - Throws: the peer's error, or one whose `isUnknownOutcome` or `isUnavailable` holds. A cancelled caller gets
    ///   an error whose `isCancelled` holds: the call may have been carried out all the same.
    package func call(_ call: Call) async throws(BusError) -> [BusValue] {
        let results = await results(of: [call])
        return try results[0].get()
    }

    /// Makes several calls at once, as one burst on the wire, and returns their results in the same order.
    package func results(of calls: [Call]) async -> [Result<[BusValue], BusError>] {
        if calls.isEmpty { return [] }
        let first = nextCall
        let numbers = first..<first + UInt64(calls.count)
        nextCall = numbers.upperBound
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let collector = Collector(count: calls.count, continuation)
                for (index, call) in calls.enumerated() {
                    send(call, number: first + UInt64(index)) { collector.results[index] = $0 }
                }
            }
        } onCancel: {
            // Runs after the operation above has sent its calls, since that holds the loop until it waits.
            loop.perform { self.assumeIsolated { $0.cancel(numbers) } }
        }
    }

    /// Makes a call and hands the result to `completion` on the loop; at once if it cannot be sent.
    func send(_ call: Call, completion: @escaping (Result<[BusValue], BusError>) -> Void) {
        nextCall += 1
        send(call, number: nextCall - 1, completion: completion)
    }

    private func send(
        _ call: Call, number: UInt64, completion: @escaping (Result<[BusValue], BusError>) -> Void
    ) {
        guard let connection else { return completion(.failure(Bus.notConnected)) }
        guard pendingCalls.count < Bus.maximumPendingCalls else {
            return queuedCalls.append((call, completion), number: number)
        }
        let pending = PendingCall(number: number, bus: self, completion: completion)
        do throws(BusError) {
            let message = try BusMessage(
                methodCall: call.member, on: call.interface, of: call.path, at: call.destination,
                bus: connection.pointer)
            // Whoever is not on the bus is told as such; the bus is not to start it (PID 1 cannot be started).
            try BusError.check(sd_bus_message_set_auto_start(message.pointer, 0), "sd_bus_message_set_auto_start")
            for argument in call.arguments { try message.append(argument) }
            let result = sd_bus_call_async(
                connection.pointer, &pending.slot, message.pointer, receiveReply,
                Unmanaged.passUnretained(pending).toOpaque(), call.timeout.microseconds)
            try BusError.check(result, "Sending \(call.interface).\(call.member)")
        } catch {
            return pending.complete(.failure(error))
        }
        // The table keeps it alive until its slot is gone.
        pendingCalls[number] = pending
    }

    /// The reply came, or will not come any more.
    func finish(_ number: UInt64, _ result: Result<[BusValue], BusError>) {
        guard let pending = pendingCalls.removeValue(forKey: number) else { return }
        sd_bus_slot_unref(pending.slot)
        pending.slot = nil
        pending.complete(result)
        while pendingCalls.count < Bus.maximumPendingCalls, let next = queuedCalls.removeFirst() {
            send(next.waiting.call, number: next.number, completion: next.waiting.completion)
        }
    }

    /// Ends all calls with the connection.
    func finishAll(_ reason: BusError) {
        // Those in the queue first: they were not sent, and `finish` would send them now.
        while let next = queuedCalls.removeFirst() { next.waiting.completion(.failure(Bus.notConnected)) }
        let error = BusError(
            name: BusError.disconnected,
            message: "The connection to the bus ended before the reply came (\(reason.message))")
        for number in Array(pendingCalls.keys) { finish(number, .failure(error)) }
    }

    private func cancel(_ numbers: Range<UInt64>) {
        let error = BusError(name: BusError.cancelled, message: "The caller was cancelled")
        for number in numbers {
            if let waiting = queuedCalls.remove(number) {
                waiting.completion(.failure(error))
            } else {
                // It stays in the table: for the bus it counts until its reply has come.
                pendingCalls[number]?.complete(.failure(error))
            }
        }
    }

    private static var notConnected: BusError {
        BusError(name: BusError.notConnected, message: "There is no connection to the bus just now")
    }
}

/// The results of one burst, handed over once all are there.
private final class Collector {
    private let continuation: CheckedContinuation<[Result<[BusValue], BusError>], Never>
    private let count: Int
    var results: [Int: Result<[BusValue], BusError>] = [:] {
        didSet {
            guard results.count == count else { return }
            continuation.resume(returning: (0..<count).compactMap { results[$0] })
        }
    }

    init(count: Int, _ continuation: CheckedContinuation<[Result<[BusValue], BusError>], Never>) {
        self.count = count
        self.continuation = continuation
    }
}

@available(*, unavailable)
extension Collector: Sendable {}

/// Called by sd-bus on the loop's thread.
private func receiveReply(
    _ message: OpaquePointer?, _ context: UnsafeMutableRawPointer?, _ error: UnsafeMutablePointer<sd_bus_error>?
) -> CInt {
    guard let message, let context else { return 0 }
    let pending = Unmanaged<PendingCall>.fromOpaque(context).takeUnretainedValue()
    let result: Result<[BusValue], BusError>
    if let error = sd_bus_message_get_error(message) {
        result = .failure(BusError(error))
    } else {
        do throws(BusError) {
            result = .success(try BusMessage(borrowing: message).values())
        } catch {
            result = .failure(error)
        }
    }
    pending.bus.assumeIsolated { [number = pending.number] in $0.finish(number, result) }
    return 0
}

extension Duration {
    /// As libsystemd takes it, rounded up; `UInt64.max` ("infinity") for what does not fit.
    var microseconds: UInt64 {
        let (seconds, attoseconds) = max(self, .zero).components
        let (product, overflows) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000)
        let (sum, overflowsToo) = product.addingReportingOverflow(
            UInt64((attoseconds + 999_999_999_999) / 1_000_000_000_000))
        return overflows || overflowsToo ? .max : sum
    }
}
