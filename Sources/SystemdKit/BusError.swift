internal import CSystemd

/// What went wrong with a call on the bus: the peer's own error, or that of the way to it.
package struct BusError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The D-Bus name, such as `org.freedesktop.systemd1.NoSuchUnit`; local failures have `System.Error.EXXX` or the
    /// names of man:sd-bus-errors(3).
    package let name: String
    /// The sentence that came with it.
    package let message: String
    /// The positive errno that man:sd_bus_error_get_errno(3) maps the name to; `EIO` for names it does not know.
    package let errno: CInt

    /// An error by its D-Bus name.
    package init(name: String, message: String) {
        self.name = name
        self.message = message
        var error = sd_bus_error()
        defer { sd_bus_error_free(&error) }
        sd_bus_error_set(&error, name, nil)
        errno = sd_bus_error_get_errno(&error)
    }

    /// A local failure by its errno, positive or negative as libsystemd returns it.
    package init(errno: CInt, message: String) {
        var error = sd_bus_error()
        defer { sd_bus_error_free(&error) }
        sd_bus_error_set_errno(&error, errno)
        let reason = error.message.map { String(cString: $0) } ?? "error \(abs(errno))"
        self.name = error.name.map { String(cString: $0) } ?? "org.freedesktop.DBus.Error.Failed"
        self.message = "\(message): \(reason)"
        self.errno = abs(errno)
    }

    init(_ error: UnsafePointer<sd_bus_error>) {
        name = error.pointee.name.map { String(cString: $0) } ?? "org.freedesktop.DBus.Error.Failed"
        message = error.pointee.message.map { String(cString: $0) } ?? ""
        errno = sd_bus_error_get_errno(error)
    }

    /// Nobody knows whether the call was carried out: no reply in time, or the connection ended, or the caller was
    /// cancelled after it was sent. Look again before doing it again.
    package var isUnknownOutcome: Bool {
        switch name {
        case BusError.noReply, BusError.timeout, BusError.timedOut, BusError.disconnected, BusError.cancelled: true
        default: false
        }
    }

    /// The call was certainly not carried out, since there is no connection or nobody of that name on the bus just
    /// now (the bus or the manager restarts). Ask again once it is back.
    package var isUnavailable: Bool {
        switch name {
        case BusError.notConnected, BusError.nameHasNoOwner, BusError.serviceUnknown: true
        default: false
        }
    }

    /// No reply came in time, or the peer left the bus without one.
    package var isNoReply: Bool {
        switch name {
        case BusError.noReply, BusError.timeout, BusError.timedOut: true
        default: false
        }
    }

    /// A job was refused since it would undo one that is queued and must not be undone, as a shutdown is
    /// (`TransactionIsDestructive`).
    package var isTransactionDestructive: Bool { name == "org.freedesktop.systemd1.TransactionIsDestructive" }

    /// The caller's task was cancelled before the reply came.
    package var isCancelled: Bool { name == BusError.cancelled }

    /// A unit of that name is loaded already, be it failed or ended (`UnitExists`).
    package var isUnitExists: Bool { name == "org.freedesktop.systemd1.UnitExists" }

    /// No unit of that name is loaded (`NoSuchUnit`).
    package var isNoSuchUnit: Bool { name == "org.freedesktop.systemd1.NoSuchUnit" }

    /// What was asked for cannot be done on this host (`NotSupported`).
    package var isNotSupported: Bool { name == "org.freedesktop.DBus.Error.NotSupported" }

    /// A unit does not run, so it cannot be frozen (`UnitInactive`).
    package var isUnitInactive: Bool { name == "org.freedesktop.systemd1.UnitInactive" }

    /// There is nothing at that path, such as a unit that is gone and cannot be loaded anew (`UnknownObject`).
    package var isUnknownObject: Bool { name == "org.freedesktop.DBus.Error.UnknownObject" }

    package var description: String { message.isEmpty ? name : "\(message) (\(name))" }

    static let noReply = "org.freedesktop.DBus.Error.NoReply"
    static let timeout = "org.freedesktop.DBus.Error.Timeout"
    static let timedOut = "org.freedesktop.DBus.Error.TimedOut"
    static let disconnected = "org.freedesktop.DBus.Error.Disconnected"
    static let nameHasNoOwner = "org.freedesktop.DBus.Error.NameHasNoOwner"
    static let serviceUnknown = "org.freedesktop.DBus.Error.ServiceUnknown"
    static let invalidArguments = "org.freedesktop.DBus.Error.InvalidArgs"
    static let notConnected = "System.Error.ENOTCONN"
    static let cancelled = "System.Error.ECANCELED"

    static func check(_ result: CInt, _ operation: @autoclosure () -> String) throws(BusError) {
        if result < 0 { throw BusError(errno: result, message: "\(operation()) failed") }
    }
}
