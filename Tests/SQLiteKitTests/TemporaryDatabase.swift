import FoundationEssentials
import SQLiteKit

/// A folder of its own for one test, removed when the test lets it go.
final class TemporaryDatabase {
    let folder: String
    var path: String { folder + "/test.db" }

    init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/pawl-sqlite-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    func open(_ flags: Connection.OpenFlags = .create) throws -> Connection {
        try Connection(path: path, flags: flags, busyTimeout: .milliseconds(20))
    }
}
