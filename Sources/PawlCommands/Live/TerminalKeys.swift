import Glibc
import Synchronization

/// The keys of the terminal that a run is followed on.
protocol TerminalKeys: AnyObject {
    /// From now on keys come one by one, and are not shown; ^C is one of them.
    func begin()
    /// The terminal is as it was before.
    func end()
    /// How often ^C was pressed since somebody asked.
    func takeInterrupts() -> Int
    /// Whether the program was stopped and goes on since somebody asked: the screen may be another one.
    func takeContinue() -> Bool
    /// The next key that was pressed; nil where there is none.
    func next() -> Character?
}

/// The keys of standard input. There is one terminal, so what its handlers need is of the program.
final class StandardKeys: TerminalKeys {
    private static let interrupts = Atomic<Int>(0)
    private static let continues = Atomic<Int>(0)
    private static let isRaw = Atomic<Bool>(false)
    // SAFETY: allocated once, and written by the only thread before the handlers that read it are installed.
    nonisolated(unsafe) private static let modes = UnsafeMutablePointer<(saved: termios, raw: termios)>.allocate(
        capacity: 1)
    /// Shows the cursor and ends a picture that is half drawn.
    private static let restoring: StaticString = "\u{1B}[?2026l\u{1B}[?25h"

    /// The keys, where standard input is a terminal.
    static func ofTerminal() -> StandardKeys? { isatty(STDIN_FILENO) == 1 ? StandardKeys() : nil }

    /// A program behind another one may not touch the terminal (`man:tcsetattr(3)`, SIGTTOU).
    private static func isInFront() -> Bool { tcgetpgrp(STDIN_FILENO) == getpgrp() }

    func begin() {
        var saved = termios()
        guard !StandardKeys.isRaw.load(ordering: .relaxed), tcgetattr(STDIN_FILENO, &saved) == 0 else { return }
        var raw = saved
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO)
        StandardKeys.modes.initialize(to: (saved, raw))
        StandardKeys.isRaw.store(true, ordering: .relaxed)
        // Made by their first use, which must not be that of a handler.
        _ = (StandardKeys.restoring, takeInterrupts(), takeContinue())
        install()
        tcsetattr(STDIN_FILENO, TCSADRAIN, &raw)
    }

    /// Each does only what a handler may (`man:signal-safety(7)`).
    private func install() {
        signal(SIGINT) { _ in StandardKeys.interrupts.add(1, ordering: .relaxed) }
        // Nothing to do but to end the wait: the size is asked for at each picture.
        signal(SIGWINCH) { _ in }
        for number in [SIGTERM, SIGHUP, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS] {
            signal(number) { number in
                StandardKeys.restore()
                signal(number, SIG_DFL)
                raise(number)
            }
        }
        signal(SIGTSTP) { _ in
            StandardKeys.restore()
            raise(SIGSTOP)
        }
        signal(SIGCONT) { _ in
            guard StandardKeys.isRaw.load(ordering: .relaxed), StandardKeys.isInFront() else { return }
            tcsetattr(STDIN_FILENO, TCSADRAIN, &StandardKeys.modes.pointee.raw)
            StandardKeys.continues.add(1, ordering: .relaxed)
        }
    }

    private static func restore() {
        _ = write(STDOUT_FILENO, restoring.utf8Start, restoring.utf8CodeUnitCount)
        if isInFront() { tcsetattr(STDIN_FILENO, TCSADRAIN, &modes.pointee.saved) }
    }

    func end() {
        guard StandardKeys.isRaw.exchange(false, ordering: .relaxed) else { return }
        // Who is behind another program would be stopped for it, and the shell has set the terminal for that one.
        if StandardKeys.isInFront() { tcsetattr(STDIN_FILENO, TCSADRAIN, &StandardKeys.modes.pointee.saved) }
        for number in [
            SIGINT, SIGWINCH, SIGTERM, SIGHUP, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGTSTP, SIGCONT,
        ] {
            signal(number, SIG_DFL)
        }
    }

    func takeInterrupts() -> Int { StandardKeys.interrupts.exchange(0, ordering: .relaxed) }

    func takeContinue() -> Bool { StandardKeys.continues.exchange(0, ordering: .relaxed) > 0 }

    func next() -> Character? {
        guard StandardKeys.isRaw.load(ordering: .relaxed) else { return nil }
        var waiting = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        var byte: UInt8 = 0
        guard poll(&waiting, 1, 0) == 1, read(STDIN_FILENO, &byte, 1) == 1 else { return nil }
        return Character(Unicode.Scalar(byte))
    }
}
