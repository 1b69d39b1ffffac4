import PawlModel
import Testing

@testable import PawlLanguage

@Suite("Credentials in a workflow")
struct CredentialTests {
    private func steps(_ text: String) throws -> [Step] {
        let read = WorkflowReader.read(text, file: "w", name: "w")
        #expect(read.diagnostics == [])
        return try #require(read.workflow).steps
    }

    @Test("They are a list of names or a map to variables; a step's own win over the workflow's, name by name")
    func forms() throws {
        let steps = try steps(
            """
            credentials: {shared: SHARED, "with.dots and blanks": , moved: MOVED}
            steps:
              - {id: a, run: echo}
              - {id: b, run: echo, credentials: [moved, own]}
              - {id: c, done_when: {file: /x}, credentials: {own: OWN}, undo: {run: echo, credentials: {own: }}}
            """)
        let shared = [Credential(name: "shared", variable: "SHARED"), Credential(name: "with.dots and blanks")]
        #expect(steps[0].credentials == shared + [Credential(name: "moved", variable: "MOVED")])
        #expect(steps[1].credentials == shared + [Credential(name: "moved"), Credential(name: "own")])
        let moved = shared + [Credential(name: "moved", variable: "MOVED")]
        #expect(steps[2].credentials == moved + [Credential(name: "own", variable: "OWN")])
        #expect(steps[2].undo[0].credentials == moved + [Credential(name: "own")])
    }

    @Test(
        "A name is one that systemd takes and reads back",
        arguments: ["a", "A-b_c.d", "~", "a$b%", String(repeating: "x", count: 254)])
    func good(_ name: String) { #expect(Names.credentialRefusal(name) == nil) }

    @Test(
        "Others are refused",
        arguments: [
            "", ".", "..", "a/b", "/a", "a:b", "ä", "a\nb", "a\\b", " a", "a ", String(repeating: "x", count: 255),
        ])
    func bad(_ name: String) { #expect(Names.credentialRefusal(name) != nil) }

    @Test("Each fault is told with its place", arguments: cases)
    func told(_ fault: FaultCase) { fault.check() }

    static let cases: [FaultCase] = [
        FaultCase(
            """
            steps:
              - {id: a, run: echo, credentials: db}
              - {id: b, run: echo, credentials: []}
              - {id: c, run: echo, credentials: }
              - {id: d, run: echo, credentials: [{db: X}, "", a/b, db, db]}
            """,
            [
                "2:37: error: 'credentials' takes a list of names, or a map of names to environment variables, not 'db'",
                "3:37: error: 'credentials' takes a list of names, or a map of names to environment variables, not an empty list",
                "4:24: error: 'credentials' takes a list of names, or a map of names to environment variables, not nothing",
                "5:38: error: 'credentials' takes names, not a map (leave out the dashes: {NAME: VARIABLE})",
                "5:47: error: '' cannot be a credential's name: it is the name of a file, of at most 254 characters",
                "5:51: error: 'a/b' cannot be a credential's name: it is made of printable ASCII, without '/' and ':'",
                "5:60: error: credential 'db' is named twice",
            ]),
        FaultCase(
            """
            variables: {name: db}
            steps:
              - {id: a, run: echo, credentials: ["${name}"]}
              - {id: b, run: echo, credentials: {"x-${name}": X}}
              - {id: c, run: echo, credentials: {db: "${name}"}}
              - {id: d, run: echo, credentials: {db: PATH, e: PAWL_X, f: 1a, g: [x]}}
            """,
            [
                "3:38: error: a credential's name is written out: '${' means nothing in it",
                "4:38: error: a credential's name is written out: '${' means nothing in it",
                "5:42: error: '${name}' cannot be an environment variable's name (letters, digits and '_', not a digit first, at most 64)",
                "6:42: error: 'PATH' cannot be set by 'credentials': it changes which programs a step runs; systemd sets PATH and HOME",
                "6:51: error: 'PAWL_X' cannot be set by 'credentials': names that begin with PAWL_ are set by pawl",
                "6:62: error: '1a' cannot be an environment variable's name (letters, digits and '_', not a digit first, at most 64)",
                "6:69: error: 'g' takes text, not a list",
            ]),
        FaultCase(
            """
            credentials: {db: DB}
            env: {TOKEN: x}
            steps:
              - {id: a, run: echo, credentials: {one: X, two: X}}
              - {id: b, run: echo, credentials: {token: TOKEN}}
              - {id: c, run: echo, env: {DB: x}}
              - {id: d, run: echo, undo: {run: echo, env: {DB: x}}}
              - {id: e, approval: Go?, credentials: [x]}
            """,
            [
                "1:15: error: step 'c' has 'DB' from credential 'db' and from 'env'",
                "1:15: error: step 'd' has 'DB' from credential 'db' and from 'env'",
                "4:46: error: step 'a' has 'X' from two credentials, 'one' and 'two'",
                "5:38: error: step 'b' has 'TOKEN' from credential 'token' and from 'env'",
                "8:28: error: 'credentials' means nothing beside 'approval', which only waits for a person's word",
            ]),
    ]

    @Test("Only a strict reading warns of a credential in the environment, at the place where it is named")
    func strict() {
        let text =
            "credentials: {db: DB, file: }\nsteps: [{id: a, run: echo}, {id: b, run: echo, credentials: [file]}]\n"
        #expect(WorkflowReader.read(text, file: "w", name: "w").diagnostics == [])
        let read = WorkflowReader.read(text, file: "w", name: "w", isStrict: true)
        #expect(read.workflow != nil)
        #expect(
            read.diagnostics.map(\.description) == [
                "w:1:15: warning: credential 'db' is put into the environment, as 'DB': all that the step starts inherits it"
                    + " (a program that can read a file finds it at \"$CREDENTIALS_DIRECTORY/db\")"
            ])
    }
}
