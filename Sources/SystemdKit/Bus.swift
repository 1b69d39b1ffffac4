internal import CSystemd
package import EventLoopKit
internal import Glibc

/// A connection to a message bus, kept up: when it breaks, it is made again and every match with it.
///
/// All of sd-bus runs on the loop's thread, to which the actor is pinned. Calls that are under way when the connection
/// breaks fail with an error whose `isUnknownOutcome` holds; afterwards `connectionStates()` tells `.connected`, and
/// whoever keeps a picture of the other side looks at it again.
package actor Bus {
    /// Which bus.
    package enum Address: Sendable, Equatable {
        /// The system bus, man:sd_bus_open_system(3).
        case system
        /// The bus of the user's own manager, man:sd_bus_open_user(3).
        case user
        /// A bus by its D-Bus address, such as `unix:path=/run/dbus/system_bus_socket`.
        case address(String)
    }

    /// Whether calls can be made.
    package enum ConnectionState: Sendable, Equatable {
        case disconnected
        case connected
    }

    /// A signal that a match was made for.
    package struct Signal: Sendable, Equatable {
        package let path: String
        package let interface: String
        package let member: String
        package let arguments: [BusValue]
    }

    package nonisolated let loop: EventLoop
    package nonisolated let address: Address

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    var connection: BusConnection?
    var pendingCalls: [UInt64: PendingCall] = [:]
    var queuedCalls = CallQueue()
    var nextCall: UInt64 = 0
    var matches: [BusMatch] = []
    private var connectionState = ConnectionState.disconnected
    private let states = Broadcast<ConnectionState>()
    private var stateObservers: [@Sendable (ConnectionState) -> Void] = []
    private var reconnection: EventLoop.Timer?
    private var reconnectionDelay = Bus.firstDelay
    private var isClosed = false

    private static let firstDelay = Duration.milliseconds(50)
    private static let lastDelay = Duration.seconds(5)

    /// Makes the bus, not yet connected.
    package init(loop: EventLoop, address: Address = .system) {
        self.loop = loop
        self.address = address
    }

    isolated deinit { close() }

    /// Connects, without waiting for the bus to answer: calls may be made at once.
    /// - Throws: why it failed; even so it is tried again from then on, until `close()`.
    package func connect() throws(BusError) {
        if isClosed {
            throw BusError(name: BusError.notConnected, message: "The connection to the bus was closed for good")
        }
        guard connection == nil else { return }
        reconnection?.cancel()
        reconnection = nil
        do throws(BusError) {
            let connection = try BusConnection(address, loop: loop, owner: self)
            self.connection = connection
            for match in matches { try match.install(on: connection.pointer) }
        } catch {
            lose(error)
            throw error
        }
    }

    /// Ends the connection for good. Calls under way fail, streams end.
    package func close() {
        isClosed = true
        lose(BusError(name: BusError.disconnected, message: "The connection to the bus was closed"))
        for match in matches { match.end() }
        matches = []
        stateObservers = []
        states.finish()
    }

    /// Whether calls can be made now.
    package var isConnected: Bool { connectionState == .connected }

    /// The state now and each change of it. `.connected` after `.disconnected` means: look again.
    package func connectionStates() -> AsyncStream<ConnectionState> {
        states.stream(startingWith: connectionState)
    }

    /// Calls `observer` on the loop at each change, before the streams are told.
    func observeState(_ observer: @escaping @Sendable (ConnectionState) -> Void) {
        stateObservers.append(observer)
        observer(connectionState)
    }

    /// The bus answered, so the connection is up.
    func connected() {
        reconnectionDelay = Bus.firstDelay
        become(.connected)
    }

    /// The connection broke, or could not be made: whoever waits is told, and it is tried again.
    func lose(_ reason: BusError) {
        for match in matches { match.uninstall() }
        // Resumed before the handle goes: each pending call holds a slot of it.
        finishAll(reason)
        connection?.close()
        connection = nil
        become(.disconnected)
        reconnection?.cancel()
        reconnection = nil
        guard !isClosed else { return }
        let delay = reconnectionDelay
        reconnectionDelay = min(delay * 2, Bus.lastDelay)
        reconnection = loop.schedule(after: delay) { [weak self] in
            self?.assumeIsolated { bus in
                bus.reconnection = nil
                // A failure has been told and the next attempt scheduled by `connect` itself.
                try? bus.connect()
            }
        }
    }

    private func become(_ state: ConnectionState) {
        guard state != connectionState else { return }
        connectionState = state
        for observer in stateObservers { observer(state) }
        states.send(state)
    }
}
