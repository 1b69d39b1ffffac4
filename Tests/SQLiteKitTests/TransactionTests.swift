import SQLiteKit
import Testing

@Suite("SQLite transaction")
struct TransactionTests {
    struct Stop: Error {}

    let database: TemporaryDatabase
    let connection: Connection

    init() throws {
        database = try TemporaryDatabase()
        connection = try database.open()
        try connection.enableWriteAheadLog()
        try connection.run("CREATE TABLE t (n INTEGER, v BLOB)")
    }

    func count() throws -> Int {
        try #require(try connection.first("SELECT count(*) FROM t")).get(0)
    }

    @Test("what returns is committed with its result, what throws is rolled back")
    func commitAndRollback() throws {
        let answer = try connection.transaction {
            #expect(connection.isInTransaction)
            try connection.run("INSERT INTO t (n) VALUES (1)")
            return 42
        }
        #expect(answer == 42)
        #expect(!connection.isInTransaction)
        #expect(throws: Stop.self) {
            try connection.transaction {
                try connection.run("INSERT INTO t (n) VALUES (2)")
                throw Stop()
            }
        }
        #expect(!connection.isInTransaction)
        #expect(try count() == 1)
    }

    @Test("a transaction within a transaction is refused and leaves the outer one as it was")
    func nested() throws {
        try connection.transaction {
            try connection.run("INSERT INTO t (n) VALUES (1)")
            let error = #expect(throws: SQLiteError.self) { try connection.transaction {} }
            #expect(error?.resultCode == .SQLITE_MISUSE)
            #expect(error?.message.contains("already open") == true)
            #expect(connection.isInTransaction)
        }
        #expect(try count() == 1)
    }

    @Test("a full disk rolls the transaction back, and the connection goes on once there is room")
    func full() throws {
        try connection.run("INSERT INTO t (n) VALUES (1)")
        try connection.setPragma("max_page_count", "20")
        let error = #expect(throws: SQLiteError.self) {
            try connection.transaction {
                for number in 0..<1000 {
                    try connection.run(
                        "INSERT INTO t VALUES (?, ?)", [Value(number), .blob(Array(repeating: 7, count: 4000))])
                }
            }
        }
        #expect(error?.resultCode == .SQLITE_FULL)
        #expect(!connection.isInTransaction)
        #expect(try count() == 1)
        try connection.setPragma("max_page_count", "100000")
        _ = try connection.transaction { try connection.run("INSERT INTO t (n) VALUES (2)") }
        #expect(try count() == 2)
        #expect(try connection.integrityCheck() == [])
    }

    @Test("a transaction that was ended from inside is no success")
    func endedInside() throws {
        let error = #expect(throws: SQLiteError.self) {
            try connection.transaction {
                try connection.run("INSERT INTO t (n) VALUES (1)")
                try connection.run("ROLLBACK")
            }
        }
        #expect(error?.sql == "COMMIT")
        #expect(try count() == 0)
    }

    @Test("a commit that fails is an error and leaves no transaction open")
    func failingCommit() throws {
        try connection.setPragma("foreign_keys", "on")
        try connection.execute(
            """
            CREATE TABLE parent (id INTEGER PRIMARY KEY);
            CREATE TABLE child (parent INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
            """)
        let error = #expect(throws: SQLiteError.self) {
            try connection.transaction { try connection.run("INSERT INTO child VALUES (1)") }
        }
        #expect(error?.extendedResultCode == .SQLITE_CONSTRAINT_FOREIGNKEY)
        #expect(error?.sql == "COMMIT")
        #expect(!connection.isInTransaction)
        #expect(try connection.rows("SELECT * FROM child").isEmpty)
    }
}
