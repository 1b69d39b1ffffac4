/// Signals by name, as systemd writes them in `$EXIT_STATUS`: without SIG.
enum SignalName {
    /// The numbers of x86 and ARM (`man:signal(7)`), which are those of every architecture that Debian runs systemd on
    /// but MIPS; there the name may be wrong, the fact of the signal is not.
    private static let names = [
        1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL", 10: "USR1",
        11: "SEGV", 12: "USR2", 13: "PIPE", 14: "ALRM", 15: "TERM", 16: "STKFLT", 17: "CHLD", 18: "CONT", 19: "STOP",
        20: "TSTP", 21: "TTIN", 22: "TTOU", 23: "URG", 24: "XCPU", 25: "XFSZ", 26: "VTALRM", 27: "PROF", 28: "WINCH",
        29: "IO", 30: "PWR", 31: "SYS",
    ]

    /// A signal's name, or its number where it has none.
    static func text(of signal: Int32) -> String {
        names[Int(signal)] ?? String(signal)
    }
}
