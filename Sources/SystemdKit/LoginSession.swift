internal import EventLoopKit

/// A login session, as systemd-logind knows it (man:org.freedesktop.login1(5)).
package struct LoginSession: Sendable, Equatable {
    /// The name of the user who logged in.
    package var user: String
    /// The terminal, without `/dev/`; empty where there is none.
    package var terminal: String
    /// The host it comes from; empty for a session of this host.
    package var remoteHost: String

    private static let service = "org.freedesktop.login1"
    private static let interface = "org.freedesktop.login1.Session"

    /// Asked of a service that may be slow or not there, for what is good to know and not needed.
    private static let patience = Duration.seconds(2)

    /// The session that a process belongs to; nil for one of a service, and where there is no logind.
    package static func session(ofProcess pid: Int32, over bus: Bus) async -> LoginSession? {
        guard let number = UInt32(exactly: pid) else { return nil }
        do throws(BusError) {
            let reply = try await bus.call(
                Bus.Call(
                    destination: service, path: "/org/freedesktop/login1", interface: "org.freedesktop.login1.Manager",
                    member: "GetSessionByPID", arguments: [.uint32(number)], timeout: patience))
            guard let path = reply.first?.asString else { return nil }
            let properties = try await bus.call(
                Bus.Call(
                    destination: service, path: path, interface: UnitManager.propertiesInterface, member: "GetAll",
                    arguments: [.string(interface)], timeout: patience))
            let texts = (properties.first?.asDictionary ?? [:]).compactMapValues(\.asString)
            guard let user = texts["Name"], !user.isEmpty else { return nil }
            return LoginSession(user: user, terminal: texts["TTY"] ?? "", remoteHost: texts["RemoteHost"] ?? "")
        } catch {
            return nil
        }
    }
}

extension UnitManager {
    /// The unit that a process belongs to; nil where the manager does not know it.
    package func unit(ofProcess pid: Int32) async -> String? {
        guard let number = UInt32(exactly: pid) else { return nil }
        do throws(BusError) {
            let reply = try await bus.call(managerCall("GetUnitByPID", [.uint32(number)]))
            return reply.first?.asString.flatMap(UnitPath.unit)
        } catch {
            return nil
        }
    }
}
