import Glibc
import PawlLanguage
import PawlModel
import SystemdKit

extension RuntimeScope {
    /// The bus on which the manager is spoken to.
    var bus: Bus.Address { isUser ? .user : .system }
}

extension Paths {
    /// Makes the folders of a user's pawl, and the link by which units name the store's folder. Those of the host's pawl the
    /// package has made.
    func makeFolders() throws(StartFault) {
        guard let user = scope.user else { return }
        guard getuid() == user.uid, user.uid != 0 else {
            throw StartFault("root has the host's pawl, and none of its own: leave '--user' out")
        }
        // Without it there is nobody to speak to, and nothing that could tell when there is.
        guard getenv("DBUS_SESSION_BUS_ADDRESS") != nil || access("\(user.runtime)/bus", F_OK) == 0 else {
            throw StartFault(
                "the user's manager has no bus at \(user.runtime)/bus: 'apt install dbus-user-session', then log in anew"
            )
        }
        for folder in [state, runs, runtime, scope.runtimeUnits] { try makeFolder(folder) }
        guard let link = scope.stateLink else { return }
        let new = link + ".new"
        unlink(new)
        // Put in place whole: a recorder may be reading it.
        guard symlink(state, new) == 0, rename(new, link) == 0 else {
            throw StartFault("cannot make the link \(link): \(String(cString: strerror(errno)))")
        }
    }

    private func makeFolder(_ path: String) throws(StartFault) {
        guard mkdir(path, 0o700) != 0 else { return }
        switch errno {
        case EEXIST: return
        case ENOENT:
            guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { break }
            try makeFolder(String(path[..<slash]))
            if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        default: break
        }
        throw StartFault("cannot make \(path): \(String(cString: strerror(errno)))")
    }
}

extension RuntimeScope {
    /// What a user's manager can do on this host; nil for that of the host.
    var userManager: UserManager? {
        guard isUser else { return nil }
        func text(_ path: String) -> String? {
            SmallFile.read(path, limit: 4096).map { String(decoding: $0, as: UTF8.self) }
        }
        let file = "cgroup.controllers"
        return UserManager(
            ofHost: text("/sys/fs/cgroup/\(file)"), ofManager: text("/sys/fs/cgroup\(controlGroup)/\(file)"))
    }
}
