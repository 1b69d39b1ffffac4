import Testing

@testable import PawlLanguage

@Suite("Faults in the shape of a file")
struct ShapeFaultTests {
    @Test("each is told with its place and what would be right", arguments: cases)
    func told(_ fault: FaultCase) { fault.check() }

    static let cases: [FaultCase] = [
        FaultCase(
            #"""

            """#,
            [
                "1:1: error: the file is empty; a workflow has at least 'steps'"
            ]),
        FaultCase(
            #"""
            # nothing
            """#,
            [
                "1:1: error: the file is empty; a workflow has at least 'steps'"
            ]),
        FaultCase(
            #"""
            []
            """#,
            [
                "1:1: error: a workflow is a map of keys and values, not an empty list"
            ]),
        FaultCase(
            #"""
            text
            """#,
            [
                "1:1: error: a workflow is a map of keys and values, not text"
            ]),
        FaultCase(
            #"""
            steps: []
            """#,
            [
                "1:8: error: 'steps' takes a list of at least one step, not an empty list"
            ]),
        FaultCase(
            #"""
            steps:
            """#,
            [
                "1:1: error: 'steps' takes a list of at least one step, not nothing"
            ]),
        FaultCase(
            #"""
            steps: x
            """#,
            [
                "1:8: error: 'steps' takes a list of at least one step, not 'x'"
            ]),
        FaultCase(
            #"""
            nme: x
            steps: [{id: a, run: echo}]
            """#,
            [
                "1:1: error: unknown key 'nme' (did you mean 'name'?)"
            ]),
        FaultCase(
            #"""
            name: x
            """#,
            [
                "1:1: error: there are no 'steps'"
            ]),
        FaultCase(
            #"""
            name: [x]
            steps: [{id: a, run: echo}]
            """#,
            [
                "1:7: error: 'name' takes text, not a list"
            ]),
        FaultCase(
            #"""
            allow: {users: alice, groups: ["a:b", {x: 1}, ""], user: [bob]}
            steps: [{id: a, run: echo}]
            """#,
            [
                "1:16: error: 'users' takes a list of users, by name or number, not 'alice'",
                "1:32: error: 'a:b' cannot be the name or number of a group",
                "1:39: error: 'groups' takes names and numbers, not a map",
                "1:47: error: '' cannot be the name or number of a group",
                "1:52: error: unknown key 'user' (did you mean 'users'?)",
            ]),
        FaultCase(
            #"""
            allow: [alice]
            steps: [{id: a, run: echo}]
            """#,
            [
                "1:8: error: 'allow' is a map of keys and values, not a list"
            ]),
        FaultCase(
            #"""
            steps: [{id: a, run: echo, image: /x}]
            """#,
            [
                "1:28: error: 'image' is not supported by this version of pawl"
            ]),
        FaultCase(
            #"""
            lock: ""
            steps:
              - {id: a, lock: "a\nb", run: echo}
              - {id: b, lock: '', run: echo}
              - {id: c, lock: [x], run: echo}
              - {id: d, lock: {key: x, on_conflict: wait}, run: echo}
              - {id: e, lock: {on_conflict: queue}, run: echo}
              - {id: f, lock: {key: x, on_conflct: queue}, run: echo}
              - {id: g, lock: "${item}", run: echo}
              - {id: h, lock: "${i.output}", run: echo}
              - {id: i, lock: , run: echo}
              - {id: j, lock: {key: {a: 1}}, undo: {run: echo, lock: x}, run: echo}
              - {id: k, lock: "${1 +}", run: echo}
            """#,
            [
                "1:7: error: a lock's key cannot be empty",
                "3:19: error: a lock's key cannot have a line break in it",
                "4:19: error: a lock's key cannot be empty",
                "5:19: error: 'lock' takes a key, or a map with 'key' and 'on_conflict', not a list",
                "6:41: error: 'on_conflict' is one of queue, reject, cancel, not 'wait'",
                "7:19: error: 'lock' has no 'key'",
                "8:28: error: unknown key 'on_conflct' (did you mean 'on_conflict'?)",
                "9:22: error: 'item' has a value only in a step with 'foreach', and not in 'foreach' itself",
                "10:22: error: step 'h' reads 'i' but does not wait for it ('i' itself waits for 'h')",
                "11:13: error: 'lock' takes a key, or a map with 'key' and 'on_conflict', not nothing",
                "12:25: error: 'key' takes text, not a map",
                "12:52: error: unknown key 'lock'",
                "13:25: error: '}' stands where a value belongs",
            ]),
        FaultCase(
            #"""
            lock: {key: "${a.output} ${v}", on_conflict: cancel}
            steps: [{id: a, run: echo}]
            """#,
            [
                "1:16: error: the workflow's lock is wanted before its first step, and cannot read the step 'a' (give the lock to the steps that come after 'a')",
                "1:28: error: 'v' is no variable and no step",
            ]),
        FaultCase(
            "lock: \(String(repeating: "é", count: 128))\nsteps: [{id: a, run: echo}]\n",
            ["1:7: error: a lock's key has 255 bytes at most, and this one 256"]),
        FaultCase(
            #"""
            lock: {key: "x ${run.name}", on_conflict: reject}
            steps: [{id: a, foreach: [1, 2], lock: {key: "${item} ${index}", on_conflict: cancel}, run: echo}]
            """#, []),
        FaultCase(
            #"""
            steps: [{id: a}]
            """#,
            [
                "1:9: error: this step does nothing: it needs 'run' or 'command'"
            ]),
        FaultCase(
            #"""
            steps: [{run: echo}]
            """#,
            [
                "1:9: error: this step has no 'id'"
            ]),
        FaultCase(
            #"""
            steps: [{id: a, run: echo, command: [b]}]
            """#,
            [
                "1:28: error: a step has either 'run' or 'command', not both"
            ]),
        FaultCase(
            #"""
            steps:
              - {id: a, done_when: {files: /x}}
              - {id: b, done_when: [{file: x}, {port: "80"}, {url: "ftp://x"}, {unit: etcd}, {interval: 1s}]}
              - {id: c, done_when: }
              - {id: d, done_when: {file: /x, port: "a:1"}}
              - {id: e, done_when: {port: "a:1", matches: x}}
              - {id: f, done_when: {run: "echo ${b.output}"}}
            """#,
            [
                "2:24: error: this probe asks nothing: it needs one of command, run, file, port, url, unit",
                "2:25: error: unknown key 'files' (did you mean 'file'?)",
                "3:32: error: 'file' takes an absolute path, not 'x'",
                "3:43: error: 'port' takes HOST:PORT, not '80'",
                "3:56: error: 'url' takes http://... or https://..., not 'ftp://x'",
                "3:75: error: 'unit' takes a whole name such as 'etcd.service', not 'etcd'",
                "3:82: error: this probe asks nothing: it needs one of command, run, file, port, url, unit",
                "4:13: error: 'done_when' takes a probe or a list of probes, not nothing",
                "5:35: error: a probe asks one thing: 'file' or 'port', not both (write a list of two probes)",
                "6:38: error: 'matches' means nothing beside 'port', which says nothing",
                "7:36: error: a script is never edited: '${b.…}' reaches its interpreter as it is (pass the value by 'env' and read it as \"$NAME\")",
            ]),
        FaultCase(
            #"""
            steps: [a]
            """#,
            [
                "1:9: error: a step is a map of keys and values, not text"
            ]),
        // What is no step shifts the others: they are looked up by where they are.
        FaultCase(
            #"""
            steps:
              - 1
              - {id: a, command: [echo]}
              - {id: b, command: [echo, "${a.output} ${b.state}"]}
            """#,
            [
                "2:5: error: a step is a map of keys and values, not text",
                "4:44: error: step 'b' reads its own results",
            ]),
        FaultCase(
            #"""
            steps:
              - id: a
                retires: 3
                run: echo
            """#,
            [
                "3:5: error: unknown key 'retires' (did you mean 'retry_policy'?)"
            ]),
        FaultCase(
            #"""
            a: 1
            a: 2
            steps: [{id: s, run: echo, run: x}]
            """#,
            [
                "1:1: error: unknown key 'a'",
                "2:1: error: the key 'a' is there twice; the first is at line 1, column 1",
                "3:28: error: the key 'run' is there twice; the first is at line 3, column 17",
            ]),
        FaultCase(
            #"""
            steps:
              - id: s
               run: echo
            """#,
            [
                "3:4: error: this does not fit the block that begins at line 2; check the indentation"
            ]),
        FaultCase(
            #"""
            steps: [{id: s, run: !x echo}]
            """#,
            [
                "1:22: error: the tag '!x' is not known here"
            ]),
        FaultCase(
            #"""
            tasks: [{id: a}]
            id: x
            """#,
            [
                "1:9: error: this task has no 'type' (write exec, condition or parallel)"
            ]),
    ]
}
