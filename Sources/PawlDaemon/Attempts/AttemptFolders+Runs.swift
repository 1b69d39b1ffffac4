import Glibc
import PawlModel

/// The runs' folders as a whole.
extension AttemptFolders {
    /// The runs that have a folder.
    func runsWithFolders() -> [RunID] { entries(of: runs).compactMap { RunID(rawValue: $0) } }

    /// The attempts of a run that have left a receipt.
    func attemptsWithReceipts(of run: RunID) -> [String] {
        entries(of: "\(runs)/\(run)").filter { access("\(runs)/\(run)/\($0)/\(Receipt.fileName)", F_OK) == 0 }.sorted()
    }

    private func entries(of folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    // MARK: Removing

    /// Where folders go that are to be removed: beside the others, since a rename does not leave a file system. No run and no
    /// unit has a name with a dot in front.
    private var removed: String { "\(runs)/.removed" }

    /// Whether there is anything that was moved out of the way and not removed yet.
    var areSomeAway: Bool { !entries(of: removed).isEmpty }

    /// Moves the folders of some runs out of the way, durably. One that is not there is fine. Returns why the others stay.
    func moveAway(_ ids: [RunID]) -> [RunID: FolderFault] {
        var faults: [RunID: FolderFault] = [:]
        do throws(FolderFault) {
            try makeFolder(removed, mode: 0o700)
        } catch {
            return Dictionary(uniqueKeysWithValues: ids.map { ($0, error) })
        }
        for id in ids {
            do throws(FolderFault) {
                try moveAway(id)
            } catch {
                faults[id] = error
            }
        }
        do throws(FolderFault) {
            // Else a power cut could bring a folder back whose run is gone for good.
            try sync(runs)
            try sync(removed)
        } catch {
            return Dictionary(uniqueKeysWithValues: ids.map { ($0, error) })
        }
        return faults
    }

    private func moveAway(_ id: RunID) throws(FolderFault) {
        let folder = "\(runs)/\(id)"
        var target = "\(removed)/\(id)"
        var count = 1
        while rename(folder, target) != 0 {
            switch errno {
            case ENOENT:
                return
            case ENOTEMPTY, EEXIST:
                // An ID may be given out again, before what was left of the run that had it first could be removed.
                count += 1
                target = "\(removed)/\(id).\(count)"
            case EBUSY:
                throw FolderFault(
                    description: "something is mounted on \(folder): unmount it and it goes with the next look",
                    code: EBUSY)
            default:
                throw FolderFault("cannot move", folder)
            }
        }
    }

    private func sync(_ folder: String) throws(FolderFault) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw FolderFault("cannot open", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FolderFault("cannot write", folder) }
    }
}
