package import EventLoopKit
import Glibc

/// Serves interfaces on a unix socket. All of its I/O is non-blocking and happens on the thread of a loop; handlers run
/// in tasks of their own, one at a time for each connection.
package actor Server {
    /// What one client, or one user, may take.
    package struct Limits: Sendable {
        /// Connections of one user at once.
        package var connectionsPerUser = 64
        /// Root's connections at once: root is not to be locked out by others, nor by itself.
        package var connectionsOfRoot = 1024
        /// How long a message may take from its first byte to its last, before the connection is closed.
        package var messageTime = Duration.seconds(30)
        /// The usual ones.
        package init() {}
    }

    private let loop: EventLoop
    private let listener: CInt
    private let interfaces: [String: Interface]
    private let limits: Limits
    private var states: [Int: ConnectionState] = [:]
    private var nextID = 0
    private var listening: DescriptorWatch?
    private var pause: EventLoop.Timer?
    private let accepted: AsyncStream<Connection>
    private let acceptedContinuation: AsyncStream<Connection>.Continuation

    /// The thread.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// Serves on a socket that listens already. It becomes non-blocking and is closed when `run` ends.
    package init(
        loop: EventLoop, listener: CInt, information: ServiceInformation, interfaces: [Interface],
        limits: Limits = Limits()
    ) {
        self.loop = loop
        self.listener = listener
        self.limits = limits
        let all = [ServiceInterface.make(information, interfaces)] + interfaces
        self.interfaces = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
        (accepted, acceptedContinuation) = AsyncStream<Connection>.makeStream()
    }

    /// Serves until its task is cancelled.
    package func run() async {
        _ = fcntl(listener, F_SETFL, fcntl(listener, F_GETFL) | O_NONBLOCK)
        _ = fcntl(listener, F_SETFD, FD_CLOEXEC)
        listening = loop.watch(listener, for: .readable) { [weak self] _ in
            self?.assumeIsolated { $0.accept() }
        }
        await withDiscardingTaskGroup { group in
            for await connection in accepted {
                group.addTask { await self.serve(connection) }
            }
            group.cancelAll()
        }
        listening?.cancel()
        pause?.cancel()
        for id in states.keys { drop(id) }
        close(listener)
    }

    // MARK: Connections

    private func accept() {
        // Bounded, so that a flood of connections does not keep the loop from the rest.
        for _ in 0..<16 {
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else {
                // Somebody gave up meanwhile, or nobody is left.
                if [ECONNABORTED, EINTR].contains(errno) { continue }
                if errno != EAGAIN { rest() }
                return
            }
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            guard let peer = Connection.peer(of: descriptor) else {
                close(descriptor)
                continue
            }
            let limit = peer.uid == 0 ? limits.connectionsOfRoot : limits.connectionsPerUser
            guard states.values.count(where: { $0.connection.peer.uid == peer.uid }) < limit else {
                // As much as fits: whoever has too many connections is not waited for.
                let message = VarlinkError.tooMany(limit).message
                _ = Glibc.send(descriptor, message, message.count, Int32(MSG_NOSIGNAL))
                close(descriptor)
                continue
            }
            let connection = Connection(id: nextID, descriptor: descriptor, peer: peer)
            nextID += 1
            let state = ConnectionState(connection)
            state.watch = loop.watch(descriptor, for: [.readable, .closed]) { [weak self] ready in
                self?.assumeIsolated { $0.handle(ready, connection.id) }
            }
            states[connection.id] = state
            acceptedContinuation.yield(connection)
        }
    }

    /// Out of descriptors or memory (`man:accept(2)`): the socket stays ready, and to try at once would be for ever.
    private func rest() {
        listening?.interest = []
        pause = loop.schedule(after: .milliseconds(200)) { [weak self] in
            self?.assumeIsolated { $0.listening?.interest = .readable }
        }
    }

    /// Answers a connection's calls in order until the client is gone; then what is being answered is cancelled.
    private nonisolated func serve(_ connection: Connection) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while let message = await self.nextMessage(of: connection) {
                    guard await self.answer(message, connection) else { break }
                }
            }
            group.addTask {
                for await _ in connection.gone {}
            }
            await group.next()
            group.cancelAll()
        }
        await drop(connection.id)
    }

    private func drop(_ id: Int) {
        guard let state = states.removeValue(forKey: id) else { return }
        state.watch?.cancel()
        state.patience?.cancel()
        state.reader?.resume(returning: nil)
        state.writer?.resume(returning: false)
        state.connection.goneContinuation.finish()
        close(state.connection.descriptor)
    }

    // MARK: Answering

    /// Returns whether the connection can go on.
    private nonisolated func answer(_ message: [UInt8], _ connection: Connection) async -> Bool {
        var oneway = false
        var method = ""
        do {
            let head: Message.Head
            do {
                head = try Message.decode(Message.Head.self, from: message)
            } catch {
                // No call: whatever follows cannot be trusted to be one.
                try await send(VarlinkError.invalidParameter("method").message, to: connection)
                return false
            }
            oneway = head.oneway ?? false
            method = head.method
            let call = Call(
                peer: connection.peer, method: head.method, more: head.more ?? false, oneway: oneway,
                message: message, connection: connection, server: self)
            try await handler(of: head.method)(call)
        } catch is CancellationError {
            // The client is gone, or the handler was cancelled with it.
            return false
        } catch {
            if oneway { return true }
            do {
                let answer = error as? VarlinkError ?? .internalError(method, error)
                try await send(answer.message, to: connection)
            } catch {
                return false
            }
        }
        return !Task.isCancelled
    }

    private nonisolated func handler(of method: String) throws(VarlinkError) -> Interface.Handler {
        guard let dot = method.lastIndex(of: ".") else { throw .interfaceNotFound(method) }
        guard let interface = interfaces[String(method[..<dot])] else {
            throw .interfaceNotFound(String(method[..<dot]))
        }
        guard let handler = interface.methods[String(method[method.index(after: dot)...])] else {
            throw .methodNotFound(method)
        }
        return handler
    }

    // MARK: Input and output

    private func nextMessage(of connection: Connection) async -> [UInt8]? {
        guard let state = states[connection.id] else { return nil }
        if let message = state.takeMessage() {
            state.updateInterest()
            return message
        }
        if state.isAtEnd { return nil }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Asked once more: what comes in between the look above and this one would find nobody to wake. The use of
                // `states` also keeps the closure on the actor; one that captures no isolated state may run elsewhere.
                if let message = state.takeMessage() {
                    state.updateInterest()
                    continuation.resume(returning: message)
                } else if Task.isCancelled || state.isAtEnd || states[connection.id] == nil {
                    continuation.resume(returning: nil)
                } else {
                    state.reader = continuation
                }
            }
        } onCancel: {
            loop.perform { self.assumeIsolated { $0.dismissReader(of: connection.id) } }
        }
    }

    private func dismissReader(of id: Int) {
        guard let reader = states[id]?.reader else { return }
        states[id]?.reader = nil
        reader.resume(returning: nil)
    }

    /// Sends bytes, and returns when all of them are in the kernel's hands.
    func send(_ bytes: [UInt8], to connection: Connection) async throws {
        guard let state = states[connection.id] else { throw CancellationError() }
        precondition(state.writer == nil, "a connection is answered by one handler at a time")
        state.setUnsent(bytes)
        guard state.write() else {
            drop(connection.id)
            throw CancellationError()
        }
        state.updateInterest()
        if state.isSent { return }
        let isSent = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Asked once more, as in `nextMessage`.
                if Task.isCancelled || states[connection.id] == nil {
                    continuation.resume(returning: false)
                } else if state.isSent {
                    continuation.resume(returning: true)
                } else {
                    state.writer = continuation
                }
            }
        } onCancel: {
            loop.perform { self.assumeIsolated { $0.dismissWriter(of: connection.id) } }
        }
        if !isSent { throw CancellationError() }
    }

    private func dismissWriter(of id: Int) {
        guard let writer = states[id]?.writer else { return }
        states[id]?.writer = nil
        writer.resume(returning: false)
    }

    private func handle(_ ready: Interest, _ id: Int) {
        guard let state = states[id] else { return }
        if ready.contains(.writable), !state.isSent {
            guard state.write() else { return drop(id) }
            if state.isSent, let writer = state.writer {
                state.writer = nil
                writer.resume(returning: true)
            }
        }
        if ready.contains(.readable), !state.isAtEnd {
            let hasEndedOne = state.read()
            if hasEndedOne || !state.isWithinMessage {
                state.patience?.cancel()
                state.patience = nil
            }
            watchOver(state)
        }
        if let reader = state.reader {
            if let message = state.takeMessage() {
                state.reader = nil
                reader.resume(returning: message)
            } else if state.isAtEnd {
                state.reader = nil
                reader.resume(returning: nil)
            }
        }
        if ready.contains(.closed) {
            // Nobody is there for an answer; a client that has only finished asking still is. It would be reported for as
            // long as the descriptor is open, so it is not watched any more.
            state.watch?.cancel()
            state.watch = nil
            state.connection.goneContinuation.finish()
        }
        state.updateInterest()
    }

    /// Gives a message that has begun its time, so that nobody fills the memory with halves of them.
    private func watchOver(_ state: ConnectionState) {
        guard state.isWithinMessage, state.patience == nil else { return }
        let id = state.connection.id
        state.patience = loop.schedule(after: limits.messageTime) { [weak self] in
            self?.assumeIsolated { $0.endPatience(with: id) }
        }
    }

    private func endPatience(with id: Int) {
        guard let state = states[id] else { return }
        state.patience = nil
        // While nothing is taken in, because calls before it wait for their answers, it is not the client that is slow.
        if state.isFull { watchOver(state) } else { drop(id) }
    }
}
