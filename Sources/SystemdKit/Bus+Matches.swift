internal import CSystemd
internal import EventLoopKit
internal import Glibc

/// A subscription that outlives connections: installed again on each new one.
final class BusMatch {
    let rule: String
    let number: UInt64
    let receive: @Sendable (Bus.Signal) -> Void
    /// Decides by the path alone whether a signal is worth decoding.
    let accepts: @Sendable (_ path: String) -> Bool
    let onEnd: @Sendable () -> Void
    private var slot: OpaquePointer?

    init(
        rule: String, number: UInt64, accepts: @escaping @Sendable (String) -> Bool,
        onEnd: @escaping @Sendable () -> Void, receive: @escaping @Sendable (Bus.Signal) -> Void
    ) {
        self.rule = rule
        self.number = number
        self.accepts = accepts
        self.onEnd = onEnd
        self.receive = receive
    }

    /// Asks the bus for the signals. Without a callback of our own for it sd-bus ends the connection if the bus
    /// refuses, so that a match that does not work is never taken for one that is quiet.
    func install(on bus: OpaquePointer) throws(BusError) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        let result = sd_bus_add_match_async(bus, &slot, rule, receiveSignal, nil, context)
        if result < 0 { throw BusError(errno: result, message: "Adding the match \(rule) failed") }
    }

    func uninstall() {
        sd_bus_slot_unref(slot)
        slot = nil
    }

    func end() {
        uninstall()
        onEnd()
    }
}

@available(*, unavailable)
extension BusMatch: Sendable {}

extension Bus {
    /// The signals that match `rule` (D-Bus specification, match rules), in the order in which they come. Unbounded:
    /// none is dropped, but those sent while there is no connection are lost, which `connectionStates()` tells.
    package func signals(matching rule: String) throws(BusError) -> AsyncStream<Signal> {
        let (stream, continuation) = AsyncStream.makeStream(of: Signal.self, bufferingPolicy: .unbounded)
        let number = try addMatch(rule, onEnd: { continuation.finish() }, receive: { continuation.yield($0) })
        continuation.onTermination = { _ in
            self.loop.perform { self.assumeIsolated { $0.removeMatch(number) } }
        }
        return stream
    }

    /// Calls `receive` on the loop for each signal that matches.
    /// - Throws: if the rule is not one.
    @discardableResult
    func addMatch(
        _ rule: String, accepts: @escaping @Sendable (String) -> Bool = { _ in true },
        onEnd: @escaping @Sendable () -> Void = {}, receive: @escaping @Sendable (Signal) -> Void
    ) throws(BusError) -> UInt64 {
        nextCall += 1
        let match = BusMatch(rule: rule, number: nextCall, accepts: accepts, onEnd: onEnd, receive: receive)
        do throws(BusError) {
            if let connection { try match.install(on: connection.pointer) }
            matches.append(match)
        } catch  where error.errno != EINVAL {
            // The connection is at fault, not the rule: the next one has it.
            matches.append(match)
            lose(error)
        }
        return match.number
    }

    func removeMatch(_ number: UInt64) {
        guard let index = matches.firstIndex(where: { $0.number == number }) else { return }
        matches.remove(at: index).end()
    }
}

/// Called by sd-bus on the loop's thread.
private func receiveSignal(
    _ message: OpaquePointer?, _ context: UnsafeMutableRawPointer?, _ error: UnsafeMutablePointer<sd_bus_error>?
) -> CInt {
    guard let message, let context, let path = sd_bus_message_get_path(message) else { return 0 }
    let match = Unmanaged<BusMatch>.fromOpaque(context).takeUnretainedValue()
    let pathText = String(cString: path)
    guard match.accepts(pathText) else { return 0 }
    do throws(BusError) {
        let signal = Bus.Signal(
            path: pathText, interface: sd_bus_message_get_interface(message).map { String(cString: $0) } ?? "",
            member: sd_bus_message_get_member(message).map { String(cString: $0) } ?? "",
            arguments: try BusMessage(borrowing: message).values())
        match.receive(signal)
        return 0
    } catch {
        // A signal that cannot be read breaks the protocol: sd-bus ends the connection, and whoever listens looks
        // again after the next one is made.
        return -abs(error.errno)
    }
}
