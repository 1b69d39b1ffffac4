internal import EventLoopKit

extension UnitManager {
    /// What the manager tells from now on, in the order in which it is told; begun by `.appeared` if it is there and
    /// subscribed to. Unbounded, none is dropped. Needs `subscribe()`, before or after.
    package func signals() -> AsyncStream<ManagerSignal> {
        broadcast.stream(startingWith: isPresent ? .appeared : nil)
    }

    /// Subscribes to the manager's signals, from then on also to those of each manager and connection that comes after
    /// this one: every time that has happened, `signals()` tells `.appeared`. The streams end when the bus is closed.
    /// - Throws: why there is no subscription now; it is made all the same once the manager can be reached.
    package func subscribe() async throws(BusError) {
        if !hasMatches {
            hasMatches = true
            try await UnitManager.addMatches(to: bus, for: self)
        }
        if isPresent { return }
        let result = await bus.results(of: [managerCall("Subscribe")])[0]
        try subscribed(result, generation: generation)
    }

    private static func addMatches(to bus: isolated Bus, for manager: UnitManager) throws(BusError) {
        let sender = "type='signal',sender='\(UnitManager.service)'"
        let prefixes = manager.prefixes
        let escapedPrefixes = prefixes.map { "\(UnitPath.root)/\(UnitPath.escape($0))" }
        let receive: @Sendable (Bus.Signal) -> Void = { [weak manager] signal in
            manager?.assumeIsolated { $0.received(signal) }
        }
        // Tells that the manager comes and goes: a restart of it is not one of the bus.
        try bus.addMatch(
            "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
                + "member='NameOwnerChanged',arg0='\(UnitManager.service)'",
            onEnd: { [broadcast = manager.broadcast] in broadcast.finish() }
        ) { [weak manager] signal in
            guard signal.arguments.count == 3, let owner = signal.arguments[2].asString else { return }
            manager?.assumeIsolated { $0.managerChanged(isThere: !owner.isEmpty) }
        }
        for member in ["JobRemoved", "Reloading", "StartupFinished"] {
            try bus.addMatch("\(sender),interface='\(UnitManager.interface)',member='\(member)'", receive: receive)
        }
        for member in ["UnitNew", "UnitRemoved"] {
            try bus.addMatch("\(sender),interface='\(UnitManager.interface)',member='\(member)'") { signal in
                guard let name = signal.arguments.first?.asString, prefixes.contains(where: name.hasPrefix) else {
                    return
                }
                receive(signal)
            }
        }
        // One match for all units; which it is about shows in the path, before anything is decoded.
        try bus.addMatch(
            "\(sender),interface='\(UnitManager.propertiesInterface)',member='PropertiesChanged',"
                + "path_namespace='\(UnitPath.root)',arg0='org.freedesktop.systemd1.Unit'",
            accepts: { path in escapedPrefixes.contains(where: path.hasPrefix) }, receive: receive)
        bus.observeState { [weak manager] state in
            manager?.assumeIsolated { $0.managerChanged(isThere: state == .connected) }
        }
    }

    /// A signal of the manager. One that comes before its time, since somebody else is subscribed too, is not told:
    /// `.appeared` follows it and says to look at everything.
    private func received(_ signal: Bus.Signal) {
        guard isPresent, let signal = ManagerSignal(signal) else { return }
        broadcast.send(signal)
    }

    /// The manager, or the bus, came or went.
    private func managerChanged(isThere: Bool) {
        generation += 1
        disappeared()
        if isThere { sendSubscribe(generation: generation) }
    }

    private func sendSubscribe(generation: Int) {
        let call = managerCall("Subscribe")
        bus.assumeIsolated { [weak self] bus in
            bus.send(call) { result in
                self?.assumeIsolated { manager in
                    do throws(BusError) {
                        try manager.subscribed(result, generation: generation)
                    } catch  where error.name == BusError.noReply && generation == manager.generation {
                        // The manager is there but slow (it reloads, or is gone and its successor will be told of).
                        manager.sendSubscribe(generation: generation)
                    } catch {
                        // Not there: NameOwnerChanged or the next connection tells when it is worth another try.
                    }
                }
            }
        }
    }

    private func subscribed(_ result: Result<[BusValue], BusError>, generation: Int) throws(BusError) {
        if case .failure(let error) = result, error.name != "org.freedesktop.systemd1.AlreadySubscribed" {
            throw error
        }
        guard generation == self.generation, !isPresent else { return }
        isPresent = true
        broadcast.send(.appeared)
    }

    private func disappeared() {
        guard isPresent else { return }
        isPresent = false
        broadcast.send(.disappeared)
    }
}
