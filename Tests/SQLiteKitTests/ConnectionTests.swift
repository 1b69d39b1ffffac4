import FoundationEssentials
import SQLiteKit
import Testing

@Suite("SQLite connection")
struct ConnectionTests {
    let database: TemporaryDatabase

    init() throws {
        database = try TemporaryDatabase()
    }

    @Test("every type comes back as it was stored, with Unicode, NUL bytes and empty values")
    func roundTrip() throws {
        let connection = try database.open()
        try connection.run("CREATE TABLE t (id INTEGER PRIMARY KEY, v)")
        let values: [Value] = [
            .null, .integer(.min), .integer(.max), .real(-0.5), .text(""), .text("Größe 🐾 \u{0}after the NUL"),
            .blob([]),
            .blob([0, 1, 0, 255]), .text(String(repeating: "x", count: 100_000)),
        ]
        for value in values { try connection.run("INSERT INTO t (v) VALUES (?)", [value]) }
        #expect(try connection.rows("SELECT v FROM t ORDER BY id").map { $0[0] } == values)
        #expect(connection.lastInsertRowID == Int64(values.count))
        #expect(try connection.run("UPDATE t SET v = 1 WHERE id < 3") == 2)
        #expect(connection.changes == 2)
    }

    @Test("columns are read by name as Swift types, and a wrong type is an error that does not show the value")
    func typedAccess() throws {
        let connection = try database.open()
        let row = try #require(try connection.first("SELECT 7 AS n, 'secret' AS s, NULL AS z, 1 AS b, x'00ff' AS x"))
        #expect(try row.get("n") == 7)
        #expect(try row.get("n", as: Int64.self) == 7)
        #expect(try row.get("s") == "secret")
        #expect(try row.get("z", as: String?.self) == nil)
        #expect(try row.get("n", as: Int?.self) == 7)
        #expect(try row.get("b") == true)
        #expect(try row.get("x") == [0, 255] as [UInt8])
        #expect(row["missing"] == nil)
        let mismatch = #expect(throws: SQLiteError.self) { try row.get("s", as: Int.self) }
        #expect(mismatch?.resultCode == .SQLITE_MISMATCH)
        #expect(mismatch?.message == "column 's' holds text, not an integer")
        let missing = #expect(throws: SQLiteError.self) { try row.get("q", as: Int.self) }
        #expect(missing?.resultCode == .SQLITE_RANGE)
        #expect(throws: SQLiteError.self) { try row.get("n", as: Bool.self) }
    }

    @Test("each row is lent without a copy, and an error of the closure ends it and frees the statement")
    func eachRow() throws {
        struct Enough: Error {}
        let connection = try database.open()
        let numbers =
            "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?) SELECT n, 'ab' FROM c"
        var sum = 0
        try connection.each(numbers, [100]) { row in
            sum += try row.get("n")
            #expect(row.withBytes(1) { $0.count } == 2)
        }
        #expect(sum == 5050)
        var seen = 0
        #expect(throws: Enough.self) {
            try connection.each(numbers, [100]) { _ in
                seen += 1
                if seen == 3 { throw Enough() }
            }
        }
        #expect(seen == 3)
        #expect(try connection.rows(numbers, [2]).count == 2)
    }

    @Test("a statement may be used again while an earlier use of it still reads")
    func nestedUse() throws {
        let connection = try database.open()
        try connection.execute("CREATE TABLE t (n); INSERT INTO t VALUES (1), (2), (3);")
        var pairs = 0
        try connection.each("SELECT n FROM t") { _ in
            try connection.each("SELECT n FROM t") { _ in pairs += 1 }
        }
        #expect(pairs == 9)
    }

    @Test("a cached statement sees the columns that a later ALTER TABLE adds")
    func schemaChange() throws {
        let connection = try database.open()
        try connection.execute("CREATE TABLE t (a); INSERT INTO t VALUES (1);")
        #expect(try connection.rows("SELECT * FROM t")[0].columns == ["a"])
        try connection.execute("ALTER TABLE t ADD COLUMN b DEFAULT 2")
        let row = try connection.rows("SELECT * FROM t")[0]
        #expect(row.columns == ["a", "b"])
        #expect(try row.get("b") == 2)
    }

    @Test("many different statements do not stop the connection from closing")
    func manyStatements() throws {
        do {
            let connection = try database.open()
            for number in 0..<400 {
                #expect(try connection.first("SELECT \(number)")?[0] == .integer(Int64(number)))
            }
            #expect(try connection.first("SELECT 0")?[0] == 0)
        }
        // The write lock of a connection that did not close would still be held.
        try database.open().run("CREATE TABLE t (n)")
    }

    @Test("faulty SQL, two statements, none, and a wrong number of values are refused")
    func faultySQL() throws {
        let connection = try database.open()
        let syntax = #expect(throws: SQLiteError.self) { try connection.run("SELEKT 1") }
        #expect(syntax?.resultCode == .SQLITE_ERROR)
        #expect(syntax?.sql == "SELEKT 1")
        #expect(syntax?.description.contains("test.db: SQLITE_ERROR: near \"SELEKT\"") == true)
        let two = #expect(throws: SQLiteError.self) { try connection.run("SELECT 1; SELECT 2") }
        #expect(two?.resultCode == .SQLITE_MISUSE)
        #expect(try connection.first("SELECT 1 ; \n")?[0] == 1)
        #expect(throws: SQLiteError.self) { try connection.run("  ") }
        #expect(throws: SQLiteError.self) { try connection.run("") }
        for values: [Value] in [[], [1, 2]] {
            let range = #expect(throws: SQLiteError.self) { try connection.run("SELECT ?", values) }
            #expect(range?.resultCode == .SQLITE_RANGE)
        }
        #expect(try connection.first("SELECT ?", ["still usable"])?[0] == "still usable")
    }

    @Test("a bound value is never part of an error")
    func noValuesInErrors() throws {
        let connection = try database.open()
        try connection.run("CREATE TABLE t (v TEXT UNIQUE)")
        try connection.run("INSERT INTO t VALUES (?)", ["hunter2"])
        let error = #expect(throws: SQLiteError.self) { try connection.run("INSERT INTO t VALUES (?)", ["hunter2"]) }
        #expect(error?.resultCode == .SQLITE_CONSTRAINT)
        #expect(error?.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE)
        #expect(error.map { "\($0) \(String(reflecting: $0))" }?.contains("hunter2") == false)
    }

    @Test("write-ahead logging with synchronous=FULL is taken, and a checkpoint empties the log")
    func writeAheadLog() throws {
        let connection = try database.open()
        try connection.enableWriteAheadLog()
        #expect(try connection.pragma("journal_mode") == "wal")
        #expect(try connection.pragma("synchronous") == 2)
        try connection.run("CREATE TABLE t (n)")
        try connection.run("INSERT INTO t VALUES (1)")
        let size = { try Data(contentsOf: URL(filePath: database.path + "-wal")).count }
        #expect(try size() > 0)
        let passive = try connection.checkpoint()
        #expect(passive.frames > 0 && passive.copied == passive.frames)
        try connection.checkpoint(.truncate)
        #expect(try size() == 0)
    }

    @Test("a second writer gets SQLITE_BUSY when the timeout is over, and reads go on in WAL mode")
    func busy() throws {
        let first = try database.open()
        try first.enableWriteAheadLog()
        try first.execute("CREATE TABLE t (n); INSERT INTO t VALUES (1)")
        let second = try database.open()
        try first.transaction {
            try first.run("INSERT INTO t VALUES (2)")
            let error = #expect(throws: SQLiteError.self) { try second.transaction { try second.run("DELETE FROM t") } }
            #expect(error?.resultCode == .SQLITE_BUSY)
            #expect(try second.rows("SELECT n FROM t").count == 1)
        }
        #expect(try second.rows("SELECT n FROM t").count == 2)
    }

    @Test("the user version is kept in the file")
    func userVersion() throws {
        do {
            let connection = try database.open()
            #expect(try connection.userVersion == 0)
            try connection.transaction { try connection.setUserVersion(7) }
        }
        #expect(try database.open().userVersion == 7)
    }

    @Test("a file that is no database, a missing one, a folder and a link are refused by name")
    func unusableFiles() throws {
        let missing = #expect(throws: SQLiteError.self) { try database.open(.readWrite) }
        #expect(missing?.resultCode == .SQLITE_CANTOPEN)
        #expect(missing?.path == database.path)

        try Data(repeating: 0x2a, count: 8192).write(to: URL(filePath: database.path))
        let garbage = try database.open()
        let error = #expect(throws: SQLiteError.self) { try garbage.rows("SELECT * FROM sqlite_schema") }
        #expect(error?.resultCode == .SQLITE_NOTADB)

        let folder = #expect(throws: SQLiteError.self) { try Connection(path: database.folder) }
        #expect(folder?.resultCode == .SQLITE_CANTOPEN)

        let link = database.folder + "/link.db"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: database.path)
        #expect(throws: SQLiteError.self) { try Connection(path: link, flags: [.create, .noFollow]) }
    }

    @Test("a damaged file is found: integrity_check does not call it whole, and reading throws SQLITE_CORRUPT")
    func corrupt() throws {
        do {
            let connection = try database.open()
            #expect(try connection.integrityCheck() == [])
            try connection.run("CREATE TABLE t (v)")
            try connection.transaction {
                for _ in 0..<200 {
                    try connection.run("INSERT INTO t VALUES (?)", [.blob(Array(repeating: 1, count: 500))])
                }
            }
            #expect(try connection.integrityCheck() == [])
        }
        var bytes = try Data(contentsOf: URL(filePath: database.path))
        // The first page holds the schema and stays; all others become nonsense.
        for index in 4096..<bytes.count { bytes[index] = 0xff }
        try bytes.write(to: URL(filePath: database.path))
        let connection = try database.open()
        let error = #expect(throws: SQLiteError.self) { try connection.rows("SELECT v FROM t") }
        #expect(error?.resultCode == .SQLITE_CORRUPT)
        // Depending on where the damage lies SQLite lists it or gives up; it never calls the file whole.
        do throws(SQLiteError) {
            let faults = try connection.integrityCheck()
            #expect(!faults.isEmpty && !faults.contains("ok"))
        } catch {
            #expect(error.resultCode == .SQLITE_CORRUPT)
        }
    }
}
