import Glibc
import PawlEngine
import PawlModel

/// The drop-ins of attempts that were paused.
extension AttemptFolders {
    /// Above the drop-ins of an admin's own, which have no reason to be about one attempt.
    private static let dropInName = "90-pawl-paused.conf"

    private func dropInFolder(of name: AttemptName) -> String { "\(dropIns)/\(name.unit).d" }

    /// Lays a drop-in over the unit of an attempt until the next boot, or takes it away.
    func setDropIn(_ text: String?, of name: AttemptName) throws(FolderFault) {
        let folder = dropInFolder(of: name)
        let path = "\(folder)/\(AttemptFolders.dropInName)"
        guard let text else {
            guard unlink(path) == 0 || errno == ENOENT else { throw FolderFault("cannot remove", path) }
            // Somebody else may have put something there.
            rmdir(folder)
            return
        }
        try makeFolder(folder, mode: 0o755)
        // Under a name that systemd does not read: another one's reload must not find the half of it.
        let draft = path + ".new"
        guard unlink(draft) == 0 || errno == ENOENT else { throw FolderFault("cannot replace", draft) }
        try writeFile(draft, Array(text.utf8), mode: 0o644)
        guard rename(draft, path) == 0 else { throw FolderFault("cannot write", path) }
    }

    /// The drop-in that was laid over the unit of an attempt.
    func dropIn(of name: AttemptName) -> String? {
        let bytes = try? read("\(dropInFolder(of: name))/\(AttemptFolders.dropInName)", limit: 4096)
        return bytes.map { String(decoding: $0, as: UTF8.self) }
    }
}
