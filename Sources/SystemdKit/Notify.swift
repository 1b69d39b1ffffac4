internal import CSystemd
internal import Glibc

/// What a service tells its manager, man:sd_notify(3). Callable from any thread.
package enum Notify {
    /// Sends lines such as `READY=1`, `STATUS=...`, `WATCHDOG=1`, `STOPPING=1`, `EXTEND_TIMEOUT_USEC=...`.
    /// - Returns: false if nobody wants to know (no `NOTIFY_SOCKET`).
    @discardableResult
    package static func send(_ state: String) throws(SystemdError) -> Bool {
        try SystemdError.check(sd_notify(0, state), "sd_notify") > 0
    }

    /// How often at least the manager wants `WATCHDOG=1`, or nil if it does not. Send it in half of that time.
    package static func watchdogInterval() throws(SystemdError) -> Duration? {
        var microseconds: UInt64 = 0
        let isEnabled = try SystemdError.check(sd_watchdog_enabled(0, &microseconds), "sd_watchdog_enabled") > 0
        return isEnabled ? .microseconds(Int64(clamping: microseconds)) : nil
    }
}

/// The sockets that the manager passed to the service, man:sd_listen_fds(3).
package struct ListenDescriptors: Sendable, Equatable {
    /// One of them: it is close-on-exec, and the caller's to close.
    package struct Descriptor: Sendable, Equatable {
        /// `FileDescriptorName=` of the socket unit; the unit's name if it has none.
        package let name: String
        package let descriptor: CInt
    }

    package let descriptors: [Descriptor]

    /// Those of this process. The environment is left as it is, since changing it is unsafe once there are threads.
    package init() throws(SystemdError) {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = try SystemdError.check(sd_listen_fds_with_names(0, &names), "sd_listen_fds_with_names")
        var descriptors: [Descriptor] = []
        for index in 0..<Int(count) {
            let name = names?[index]
            descriptors.append(
                Descriptor(name: name.map { String(cString: $0) } ?? "", descriptor: CInt(3 + index)))
            free(name)
        }
        free(names)
        self.descriptors = descriptors
    }

    /// Those of one name.
    package subscript(name: String) -> [CInt] {
        descriptors.filter { $0.name == name }.map(\.descriptor)
    }
}

/// A function of libsystemd that failed.
package struct SystemdError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was done, as a function of libsystemd.
    package let operation: String
    /// The positive errno.
    package let errno: CInt

    /// The caller's task was cancelled while it waited.
    package var isCancelled: Bool { errno == ECANCELED }

    package var description: String {
        "\(operation) failed: \(strerror(errno).map { String(cString: $0) } ?? "errno \(errno)")"
    }

    @discardableResult
    static func check(_ result: CInt, _ operation: String) throws(SystemdError) -> CInt {
        if result < 0 { throw SystemdError(operation: operation, errno: -result) }
        return result
    }
}
