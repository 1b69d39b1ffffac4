import Testing

@testable import PawlLanguage

@Suite("Faults in steps")
struct StepFaultTests {
    @Test("each is told with its place and what would be right", arguments: cases)
    func told(_ fault: FaultCase) { fault.check() }

    static let cases: [FaultCase] = [
        FaultCase(
            #"""
            steps:
              - {id: a, service: x, done_when: {file: /x}}
              - {id: b, service: x.service, command: [x]}
              - {id: c, service: pawld, command: [x]}
              - {id: d, service: "a b", command: [x]}
              - {id: e, service: false, command: [x]}
              - {id: f, service: x, foreach: [1, 2], command: [x]}
              - {id: g, service: x, command: [x], outputs: {n: integer}}
              - {id: h, reboot: true, run: x}
              - {id: i, reboot: false}
            on_exit: [{id: j, reboot: true}]
            """#,
            [
                "2:13: error: 'service' needs 'run' or 'command': what the service executes (a step that waits for a unit of systemd's says done_when: {unit: ...})",
                "3:22: error: a service is named without '.service'",
                "4:22: error: names that begin with 'pawl' are pawl's own",
                "5:22: error: 'a b' cannot be a service's name: letters, digits and any of ':_.@-', at most 200",
                "6:22: error: 'service' takes a name or true, not 'false'",
                "7:22: error: each item needs a service of its own, and 'x' is the same for all (such as x-${index})",
                "8:39: error: a service has no outputs: the step is over before the service is",
                "9:27: error: 'run' means nothing beside 'reboot', which only reboots the host",
                "10:21: error: 'reboot' takes true, not 'false'",
                "11:19: error: a host is rebooted by a step of 'steps', not of 'on_exit' (a handler has to end with the run)",
            ]),
        FaultCase(
            #"""
            steps:
              - {id: 1a, run: echo}
              - {id: run, run: echo}
              - {id: in, run: echo}
            """#,
            [
                "2:10: error: '1a' cannot be a step's name (letters, digits, '_' and '-', a letter or '_' first, at most 64)",
                "3:10: error: 'run' cannot be a step's name: it means something else in expressions",
                "4:10: error: 'in' cannot be a step's name: it means something else in expressions",
            ]),
        FaultCase(
            #"""
            variables: {a: 1}
            steps:
              - {id: a, run: echo}
              - {id: b, run: echo}
              - {id: b, run: echo}
            """#,
            [
                "3:10: error: the name 'a' is taken by the variable at line 1, column 13",
                "5:10: error: the name 'b' is taken by the step at line 4, column 10",
            ]),
        FaultCase(
            #"""
            steps: [{id: s, command: echo hi}]
            """#,
            [
                "1:26: error: 'command' takes a list, not text (write a list of arguments, or use 'run' for a script)"
            ]),
        FaultCase(
            #"""
            steps: [{id: s, command: []}, {id: t, command: [./x]}, {id: u, command: [a, [b], ]}, {id: v, command: {a: b}}, {id: w, command: ['']}, {id: x, command: [a, ]}]
            """#,
            [
                "1:26: error: 'command' names no program",
                "1:49: error: a program is an absolute path or a name without '/', not './x'",
                "1:77: error: an argument takes text, not a list",
                "1:103: error: 'command' takes a list, not a map (write a list of arguments, or use 'run' for a script)",
                "1:130: error: a program is an absolute path or a name without '/', not ''",
            ]),
        FaultCase(
            #"""
            steps:
              - {id: a, run: echo, depends_on: b}
              - {id: start, run: echo, depends_on: [strat, a, a]}
              - {id: c, run: echo, depends_on: [c]}
            """#,
            [
                "2:36: error: step 'a' depends on 'b', which does not exist",
                "3:41: error: step 'start' depends on 'strat', which does not exist",
                "3:51: warning: step 'start' depends on 'a' twice",
                "4:37: error: step 'c' depends on itself",
            ]),
        FaultCase(
            #"""
            steps:
              - {id: a, run: echo, depends_on: {any: [b, nosuch]}}
              - {id: b, run: echo, depends_on: {all: [b]}}
              - {id: c, run: echo, depends_on: }
              - {id: d, run: echo, depends_on: [[a]]}
            """#,
            [
                "2:46: error: step 'a' depends on 'nosuch', which does not exist",
                "3:37: error: 'depends_on' takes a list of steps, or a map with any, ended and failed, not 'all'",
                "4:24: error: 'depends_on' names no step (write [] for a step that starts at once)",
                "5:37: error: 'depends_on' takes names of steps, not a list",
            ]),
        FaultCase(
            #"""
            steps:
              - {id: a, run: echo, depends_on: [c]}
              - {id: b, run: echo}
              - {id: c, run: echo, depends_on: [b]}
            """#,
            [
                "2:37: error: these steps wait for one another: a -> c -> b -> a"
            ]),
        FaultCase(
            #"""
            steps:
              - {id: a, run: echo, depends_on: [b]}
              - {id: b, run: echo, depends_on: [a]}
              - {id: c, run: echo, depends_on: [d]}
              - {id: d, run: echo, depends_on: [c, a]}
            """#,
            [
                "2:37: error: these steps wait for one another: a -> b -> a",
                "4:37: error: these steps wait for one another: c -> d -> c",
            ]),
        FaultCase(
            #"""
            variables: {dir: /x}
            steps:
              - id: a
                run: |
                  echo ${dir} ${dir%.txt} ${arr[@]} ${x:-a.b} $$ ${foo.bar}
                  echo ${run.id} and "${dir.x}" '\${a.output}'
              - id: b
                run: echo ${a.outputs.x}
            """#,
            [
                #"6:12: error: a script is never edited: '${run.…}' reaches its interpreter as it is (pass the value by 'env' and read it as "$NAME")"#,
                #"6:27: error: a script is never edited: '${dir.…}' reaches its interpreter as it is (pass the value by 'env' and read it as "$NAME")"#,
                #"8:15: error: a script is never edited: '${a.…}' reaches its interpreter as it is (pass the value by 'env' and read it as "$NAME")"#,
            ]),
        FaultCase(
            #"""
            variables: {dir: /x}
            steps:
              - {id: a, command: [sh, -c, 'ls ${dir}']}
              - {id: b, command: [/bin/bash, -euo, pipefail, -c, 'ls $1', x, '${dir}']}
              - {id: c, command: [env, A=b, bash, -ec, "${dir}"]}
              - {id: d, command: [sh, script.sh, "${dir}"]}
              - {id: e, command: [bash, -c, 'ls $${dir}']}
              - {id: f, command: [sh, script.sh, -c, "${dir}"]}
              - {id: g, command: [timeout, 5, busybox, sh, +x, -o, pipefail, -c, "x ${dir}"]}
              - {id: h, command: [su, nobody, -c, "${dir}"]}
              - {id: i, command: [etcdctl, -c, "${dir}"]}
            """#,
            [
                #"3:35: error: a value in the text of 'sh -c' would become code (pass it by 'env' and read it as "$NAME")"#,
                #"5:45: error: a value in the text of 'bash -c' would become code (pass it by 'env' and read it as "$NAME")"#,
                #"9:73: error: a value in the text of 'sh -c' would become code (pass it by 'env' and read it as "$NAME")"#,
                #"10:40: error: a value in the text of 'su -c' would become code (pass it by 'env' and read it as "$NAME")"#,
            ]),
        FaultCase(
            #"""
            steps: [{id: s, run: echo, outputs: {bytes: int, '-x': string}, shell: bin/sh}, {id: t, command: [a], shell: sh}, {id: u, run: ' '}, {id: v, run: "#!sh"}]
            """#,
            [
                "1:45: error: 'bytes' is one of string, integer, number, boolean, list, map, duration, size, path, not 'int' (did you mean 'integer'?)",
                "1:50: error: '-x' cannot be an output's name",
                "1:72: error: 'shell' takes an absolute path or a name without '/', not 'bin/sh'",
                "1:103: error: 'shell' belongs to 'run'; a command needs no interpreter",
                "1:128: error: 'run' has no script",
                "1:148: error: '#!' needs the absolute path of an interpreter, not 'sh'",
            ]),
    ]
}
