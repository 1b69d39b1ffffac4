import SQLiteKit

/// The steps from an empty file to today's tables. A step that was released is never edited: a store written by any
/// version opens with every later one.
enum Migrations {
    /// Each brings the store one version further.
    static let steps: [String] = [
        // Version 1.
        """
        CREATE TABLE runs (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            workflow TEXT NOT NULL,
            state TEXT NOT NULL,
            started INTEGER NOT NULL,
            ended INTEGER,
            steps_done INTEGER NOT NULL,
            steps_total INTEGER NOT NULL
        ) STRICT;
        -- ps and the start of pawld ask for what has not ended, however many runs have.
        CREATE INDEX runs_open ON runs(number) WHERE ended IS NULL;
        CREATE TABLE events (
            run INTEGER NOT NULL REFERENCES runs(number),
            sequence INTEGER NOT NULL,
            time INTEGER NOT NULL,
            kind TEXT NOT NULL,
            body TEXT NOT NULL,
            PRIMARY KEY (run, sequence)
        ) STRICT, WITHOUT ROWID;
        """,
        // Version 2.
        """
        -- A run is found by the beginning of its name, WORKFLOW-ID, however many runs there are.
        CREATE INDEX runs_name ON runs(workflow, id);
        """,
        // Version 3.
        """
        -- How often in a row pawld did not survive taking a run up.
        CREATE TABLE recoveries (
            run INTEGER PRIMARY KEY REFERENCES runs(number),
            count INTEGER NOT NULL
        ) STRICT;
        """,
        // Version 4.
        """
        -- What is removed is found by when it ended, however many runs are kept.
        CREATE INDEX runs_ended ON runs(ended) WHERE ended IS NOT NULL;
        """,
        // Version 5.
        """
        -- The run that a run is a step of: the one is kept for as long as the other.
        ALTER TABLE runs ADD COLUMN parent TEXT;
        CREATE INDEX runs_parent ON runs(parent) WHERE parent IS NOT NULL;
        DROP INDEX runs_ended;
        CREATE INDEX runs_ended ON runs(ended) WHERE ended IS NOT NULL AND parent IS NULL;
        """,
        // Version 6.
        """
        -- What was asked of pawld, by whom and from where. It outlives the runs it is about.
        CREATE TABLE audit (
            number INTEGER PRIMARY KEY,
            time INTEGER NOT NULL,
            uid INTEGER NOT NULL,
            pid INTEGER NOT NULL,
            user TEXT,
            login TEXT,
            terminal TEXT,
            host TEXT,
            unit TEXT,
            action TEXT NOT NULL,
            target TEXT,
            detail TEXT,
            outcome TEXT NOT NULL,
            reason TEXT
        ) STRICT;
        CREATE INDEX audit_time ON audit(time);
        """,
        // Version 7.
        """
        -- What a caller has named its run: who asks twice is given the same one.
        ALTER TABLE runs ADD COLUMN key TEXT;
        CREATE INDEX runs_key ON runs(key) WHERE key IS NOT NULL;
        """,
        // Version 8.
        """
        -- How long a workflow's steps took in its last runs, so that somebody can be told how long one will take. It is
        -- read off events, and kept apart since a run that starts must not read all those before it.
        CREATE TABLE step_times (
            workflow TEXT NOT NULL,
            step TEXT NOT NULL,
            items INTEGER,
            times TEXT NOT NULL,
            PRIMARY KEY (workflow, step)
        ) STRICT, WITHOUT ROWID;
        """,
    ]

    /// Brings a store up to today's version in one transaction.
    static func migrate(_ connection: Connection) throws {
        let version = try connection.userVersion
        guard version >= 0 else {
            throw SQLiteError(.SQLITE_CORRUPT, message: "its version is \(version)", path: connection.path)
        }
        guard version <= steps.count else {
            throw StoreError.tooNew(path: connection.path, version: version, known: steps.count)
        }
        guard version < steps.count else { return }
        try connection.transaction(.exclusive) {
            for step in steps[version...] { try connection.execute(step) }
            try connection.setUserVersion(Int32(steps.count))
        }
    }
}

/// What keeps a store from being opened, beside what SQLite itself says.
package enum StoreError: Error, Sendable, CustomStringConvertible {
    /// It was written by a newer pawl.
    case tooNew(path: String, version: Int, known: Int)
    /// The store's files cannot be moved or written.
    case files(String)
    /// An event's body is not what its kind says.
    case unreadable(run: String, sequence: Int, cause: String)

    /// What happened and what to do.
    package var description: String {
        switch self {
        case .tooNew(let path, let version, let known):
            "\(path) was written by a newer pawl (store version \(version), this one knows \(known)): "
                + "install that version again"
        case .files(let cause): cause
        case .unreadable(let run, let sequence, let cause):
            "event \(sequence) of run \(run) cannot be read: \(cause)"
        }
    }
}
