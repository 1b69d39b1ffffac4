import PawlAPI
import PawlLanguage
import PawlModel

/// What on this host keeps a user's own pawl from what that promises.
extension Doctor {
    func bus(of user: UserFolders) -> DoctorFinding {
        host.look("\(user.runtime)/bus") != nil
            ? DoctorFinding("bus", .ok, "your manager can be spoken to")
            : DoctorFinding(
                "bus", .error, "your manager has no bus at \(user.runtime)/bus, so that nobody can ask it for a step",
                mend: "apt install dbus-user-session, as root; then log in anew")
    }

    /// The controllers that limits hang on: of the others a step's directives are refused.
    func controllers() -> DoctorFinding {
        guard let given = host.userManager(scope).controllers else {
            return DoctorFinding("cgroups", .unknown, "which controllers are left to your manager cannot be told")
        }
        guard !given.isEmpty else {
            return DoctorFinding(
                "cgroups", .warning,
                "no controller of control groups is left to your manager: no limit of memory, CPU, tasks or disks can be set",
                mend: host.look("/sys/fs/cgroup/cgroup.controllers") == nil
                    ? "boot with systemd.unified_cgroup_hierarchy=1" : Doctor.delegate)
        }
        let missing = ["memory", "pids", "cpu", "io"].filter { !given.contains($0) }
        guard missing.isEmpty else {
            return DoctorFinding(
                "cgroups", .warning,
                "of the controllers \(missing.joined(separator: ", ")) "
                    + (missing.count == 1 ? "is" : "are") + " not left to your manager: limits by them cannot be set",
                mend: Doctor.delegate)
        }
        return DoctorFinding("cgroups", .ok, "limits of memory, tasks, CPU and disks can be set")
    }

    private static let delegate =
        "mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=memory pids cpu io cpuset\\n' "
        + ">/etc/systemd/system/user@.service.d/delegate.conf && systemctl daemon-reload, as root; then log in anew"

    func linger(of user: UserFolders) -> DoctorFinding {
        switch host.isLingering(user.uid) {
        case true?: DoctorFinding("linger", .ok, "your manager is up from boot to shutdown")
        case false?:
            DoctorFinding(
                "linger", .warning,
                "your manager ends with your last session: runs are interrupted by it, and schedules do not elapse without one",
                mend: "loginctl enable-linger")
        case nil: DoctorFinding("linger", .unknown, "whether your manager outlives your sessions cannot be told")
        }
    }

    func units(of user: UserFolders) -> DoctorFinding {
        let states = host.output(["systemctl", "--user", "is-enabled", "pawld.socket", "pawl-boot.service"])
        guard let states = states?.split(separator: "\n"), states.count == 2 else {
            return DoctorFinding(
                "units", .error, "your manager does not know pawld.socket and pawl-boot.service",
                mend: "systemctl --user daemon-reload; apt install --reinstall pawl, as root")
        }
        guard states.allSatisfy({ $0 == "enabled" }) else {
            return DoctorFinding(
                "units", .error,
                "pawld is not started with your manager (\(states.joined(separator: ", "))): runs do not go on after a boot, and "
                    + "schedules are not kept",
                mend:
                    "systemctl --user unmask pawld.socket pawl-boot.service; systemctl --user enable --now pawld.socket "
                    + "pawl-boot.service")
        }
        return DoctorFinding("units", .ok, "pawld is started with your manager once you have used it")
    }

    func stepUnits(of user: UserFolders) -> DoctorFinding {
        stepUnits(
            in: Array(scope.unitFolders.dropLast()) + ["/usr/local/lib/systemd/user"] + scope.unitFolders.suffix(1))
    }

    func state(of user: UserFolders) -> DoctorFinding {
        for path in [scope.state, scope.runs, scope.runtime] {
            guard let file = host.look(path) else {
                return DoctorFinding("state", .ok, "nothing is kept yet: pawld makes it when it is first asked")
            }
            guard file.uid == user.uid, file.mode & 0o022 == 0 else {
                return DoctorFinding(
                    "state", .error,
                    "\(path) has owner \(file.uid) and mode \(String(file.mode, radix: 8)): others may change what steps left",
                    mend: "chmod 0700 \(path)")
            }
        }
        return DoctorFinding("state", .ok, "yours alone")
    }
}
