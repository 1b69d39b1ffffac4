import CLinux
package import EventLoopKit
import Glibc

/// The signals that pawld heeds, taken from a descriptor on the event thread: no handler ever runs in between.
package enum SignalListener {
    /// What a signal asks for.
    package enum Request: Sendable {
        /// SIGTERM and SIGINT.
        case stop
        /// SIGUSR1 and SIGHUP.
        case reload
        /// SIGRTMIN+22: everything is said, as by systemd's own daemons (`man:systemd(1)`).
        case logEverything
        /// SIGRTMIN+23: what the configuration says is said again.
        case logAsConfigured
    }

    /// The signals by their numbers. Of those that have no name glibc keeps some for itself, so the first is asked for.
    private static let meanings: [CInt: Request] = [
        SIGTERM: .stop, SIGINT: .stop, SIGUSR1: .reload, SIGHUP: .reload,
        __libc_current_sigrtmin() + 22: .logEverything, __libc_current_sigrtmin() + 23: .logAsConfigured,
    ]

    private static var heeded: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in meanings.keys { sigaddset(&set, signal) }
        return set
    }

    /// Keeps the signals from ending the process. To be called before there is a second thread, since every thread
    /// inherits the mask of the one that made it (`man:pthread_sigmask(3)`).
    package static func block() {
        var set = heeded
        pthread_sigmask(SIG_BLOCK, &set, nil)
        // A client that went away is an error of the write, not the end of pawld.
        signal(SIGPIPE, SIG_IGN)
    }

    /// The requests, in order.
    package static func requests(on loop: EventLoop) -> AsyncStream<Request> {
        var set = heeded
        let descriptor = clinux_signal_descriptor(&set)
        let (stream, continuation) = AsyncStream<Request>.makeStream()
        loop.perform {
            _ = loop.watch(descriptor, for: .readable) { _ in
                while true {
                    let signal = clinux_read_signal(descriptor)
                    if signal <= 0 { break }
                    continuation.yield(meanings[signal] ?? .stop)
                }
            }
        }
        return stream
    }
}
