import FoundationEssentials
import Glibc
import PawlEngine
import PawlModel
import SQLiteKit
import Testing

@testable import PawlStore

@Suite("Stores of earlier versions")
struct VersionTests {
    @Test("A store of an earlier version opens, and every run of it is what it was", arguments: [1, 2, 3, 7])
    func opens(version: Int) throws {
        let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let sql = try String(
            contentsOfFile: top.appending(path: "Fixtures/store/version-\(version).sql").path, encoding: .utf8)
        var template = Array("/tmp/pawl-version-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Connection(path: folder + "/pawl.db").execute(sql)

        let (store, damage) = try Store.openOrRescue(path: folder + "/pawl.db", label: "1")
        #expect(damage == nil)
        var states: [(String, RunState)] = [
            ("a1b2c3d4", .succeeded), ("b2c3d4e5", .failed), ("c3d4e5f6", .stopped), ("d4e5f6g7", .running),
            ("e5f6g7h8", .cancelled),
        ]
        // Since version 3 the store knows which runs pawld did not survive taking up.
        if version >= 3 { states.append(("f6g7h8j9", .running)) }
        let marks = version >= 3 ? ["d4e5f6g7": 1, "f6g7h8j9": 4] : [:]
        #expect(
            try store.recoveries()
                == Dictionary(
                    uniqueKeysWithValues: marks.map { (try #require(RunID(rawValue: $0.key)), $0.value) }))
        #expect(try store.faults() == [])
        #expect(try store.allRuns().count == states.count)
        for (name, state) in states {
            let id = try #require(RunID(rawValue: name))
            let run = try #require(try store.run(id))
            #expect(run.state == state, "\(name)")
            let row = try #require(try store.find(name).first)
            #expect(row.state == state && row.stepsDone == run.stepsDone, "\(name)")
        }
        let id = try #require(RunID(rawValue: "a1b2c3d4"))
        let whole = try #require(try store.run(id))
        #expect(whole.steps[0].attempts[0].outcome?.outputs == ["bytes": "7"])
        #expect(
            try store.openRuns().map(\.id.rawValue) == ["c3d4e5f6", "d4e5f6g7"] + (version >= 3 ? ["f6g7h8j9"] : []))
        // What it is from here on is a store of today's version.
        #expect(try Connection(path: folder + "/pawl.db").userVersion == Migrations.steps.count)
    }
}
