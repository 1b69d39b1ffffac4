import Glibc
import PawlModel

/// A credential's file, as systemd is told of it.
struct FoundCredential: Sendable, Equatable {
    /// The credential's name.
    var name: String
    /// Its file.
    var path: String
    /// Whether systemd has to decrypt it.
    var isEncrypted: Bool
}

/// A credential that is not there, or more than once.
struct CredentialFault: Error, Sendable, CustomStringConvertible {
    /// What is wrong, and what to do.
    let description: String
}

/// The folders with the host's credentials. Files are found in them by name and are never opened: what is in one only systemd
/// reads, for the step alone.
///
/// The search is pawld's since systemd 252 takes a name that is nowhere for one that nobody needs, and finds no encrypted file
/// by a plain name. A path it takes at its word: one that is gone by then fails the unit.
struct CredentialStores: Sendable {
    /// Whose they are.
    var scope = RuntimeScope.system
    /// What stands before the folders; a test has its own.
    var root = ""

    /// Where credentials lie in plain text; the encrypted ones lie beside, in a folder with this name and `.encrypted`.
    var folders: [String] { scope.credentialStores }

    /// Finds all of the names. What is wrong with any of them is told together.
    func find(_ names: [String]) throws(CredentialFault) -> [FoundCredential] {
        var found: [FoundCredential] = []
        var faults: [String] = []
        for name in names {
            do throws(CredentialFault) { found.append(try find(name)) } catch { faults.append(error.description) }
        }
        guard faults.isEmpty else { throw CredentialFault(description: faults.joined(separator: "; ")) }
        return found
    }

    private func find(_ name: String) throws(CredentialFault) -> FoundCredential {
        var found: [(credential: FoundCredential, device: dev_t, inode: ino_t)] = []
        for isEncrypted in [false, true] {
            for folder in folders {
                let path = "\(root)\(folder)\(isEncrypted ? ".encrypted" : "")/\(name)"
                var status = stat()
                guard lstat(path, &status) == 0 else {
                    if errno == ENOENT || errno == ENOTDIR { continue }
                    throw fault(name, "\(path) cannot be looked at: \(String(cString: strerror(errno)))")
                }
                if status.st_mode & S_IFMT == S_IFLNK {
                    var target = stat()
                    // Where it leads nowhere systemd says so. pawld cannot: its sandbox hides homes and the like from it.
                    if stat(path, &target) == 0 { status = target }
                }
                guard [S_IFREG, S_IFSOCK, S_IFLNK].contains(status.st_mode & S_IFMT) else {
                    throw fault(name, "\(path) is no regular file")
                }
                // One folder may be a link to the other; then it is there once.
                if found.contains(where: {
                    $0.device == status.st_dev && $0.inode == status.st_ino && $0.credential.isEncrypted == isEncrypted
                }) {
                    continue
                }
                let credential = FoundCredential(name: name, path: path, isEncrypted: isEncrypted)
                found.append((credential, status.st_dev, status.st_ino))
            }
        }
        guard let first = found.first?.credential else {
            throw CredentialFault(
                description:
                    "there is no credential '\(name)': it belongs into \(folders[0])/\(name)"
                    + (scope.isUser
                        ? ""
                        : ", or encrypted by 'systemd-creds encrypt --name=\(name)' into \(folders[0]).encrypted/\(name)")
            )
        }
        guard found.count == 1 else {
            // Which one would win is nothing to find out by a login that fails, or worse by one that works.
            let paths = found.map(\.credential.path).joined(separator: " and ")
            throw CredentialFault(
                description: "credential '\(name)' is there more than once, as \(paths): remove what is not meant")
        }
        // The key is root's, and a user's manager that could ask for it came with systemd 256.
        if scope.isUser, first.isEncrypted {
            throw fault(
                name, "\(first.path) is encrypted, and a user's manager cannot decrypt it: store it in plain text")
        }
        return first
    }

    private func fault(_ name: String, _ words: String) -> CredentialFault {
        CredentialFault(description: "credential '\(name)': \(words)")
    }
}
