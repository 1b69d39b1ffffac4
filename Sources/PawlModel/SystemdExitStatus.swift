/// The exit statuses that systemd itself gives a process which it could not set up (`man:systemd.exec(5)`, "Process
/// Exit Codes", spelled as `systemd-analyze exit-status` does): with one of these the program never ran.
package enum SystemdExitStatus {
    private static let names: [Int: String] = [
        200: "CHDIR", 201: "NICE", 202: "FDS", 203: "EXEC", 204: "MEMORY", 205: "LIMITS", 206: "OOM_ADJUST",
        207: "SIGNAL_MASK", 208: "STDIN", 209: "STDOUT", 210: "CHROOT", 211: "IOPRIO", 212: "TIMERSLACK",
        213: "SECUREBITS", 214: "SETSCHEDULER", 215: "CPUAFFINITY", 216: "GROUP", 217: "USER", 218: "CAPABILITIES",
        219: "CGROUP", 220: "SETSID", 221: "CONFIRM", 222: "STDERR", 224: "PAM", 225: "NETWORK", 226: "NAMESPACE",
        227: "NO_NEW_PRIVILEGES", 228: "SECCOMP", 229: "SELINUX_CONTEXT", 230: "PERSONALITY", 231: "APPARMOR",
        232: "ADDRESS_FAMILIES", 233: "RUNTIME_DIRECTORY", 235: "CHOWN", 236: "SMACK_PROCESS_LABEL", 237: "KEYRING",
        238: "STATE_DIRECTORY", 239: "CACHE_DIRECTORY", 240: "LOGS_DIRECTORY", 241: "CONFIGURATION_DIRECTORY",
        242: "NUMA_POLICY", 243: "CREDENTIALS", 244: "BPF",
    ]

    /// The status as systemd writes it, such as `203/EXEC`; nil for a status that is the program's own.
    package static func name(of status: Int) -> String? {
        names[status].map { "\(status)/\($0)" }
    }
}
