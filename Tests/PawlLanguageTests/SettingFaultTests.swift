import Testing

@testable import PawlLanguage

@Suite("Faults in variables and settings")
struct SettingFaultTests {
    @Test("each is told with its place and what would be right", arguments: cases)
    func told(_ fault: FaultCase) { fault.check() }

    static let cases: [FaultCase] = [
        FaultCase(
            #"""
            variables: {PATH: x, LD_PRELOAD: y, PAWL_RUN: z, a-b: 1, run: 1, SERVICE_RESULT: s}
            steps: [{id: a, run: echo}]
            """#,
            [
                "1:13: error: 'PATH' cannot be a variable's name: it changes which programs a step runs; systemd sets PATH and HOME",
                "1:22: error: 'LD_PRELOAD' cannot be a variable's name: the dynamic linker reads it",
                "1:37: error: 'PAWL_RUN' cannot be a variable's name: names that begin with PAWL_ are set by pawl",
                "1:50: error: 'a-b' cannot be a variable's name (letters, digits and '_', not a digit first, at most 64)",
                "1:58: error: 'run' cannot be a variable's name: it means something else in expressions",
                "1:66: error: 'SERVICE_RESULT' cannot be a variable's name: systemd sets it for the step and for the program that records its result",
            ]),
        FaultCase(
            #"""
            variables: [a]
            steps: [{id: a, run: echo}]
            """#,
            [
                "1:12: error: variables as a list are not supported by this version of pawl"
            ]),
        FaultCase(
            #"""
            variables: {a: {port: 1}, b: {}, c: {default: {port: 1}}, d: {requird: true}}
            steps: [{id: s, run: echo}]
            """#,
            [
                "1:16: error: a map as the default of variable 'a' needs the long form (write {default: {...}})",
                "1:30: error: a map as the default of variable 'b' needs the long form (write {default: {...}})",
                "1:63: error: unknown key 'requird' (did you mean 'required'?)",
            ]),
        FaultCase(
            #"""
            variables: {a: {typ: string}, b: {type: strnig}, c: {type: enum}, d: {enum: []}, e: {required: maybe}}
            steps: [{id: a, run: echo}]
            """#,
            [
                "1:17: error: unknown key 'typ' (did you mean 'type'?)",
                "1:41: error: 'type' is one of string, integer, number, boolean, list, map, duration, size, path, not 'strnig' (did you mean 'string'?)",
                "1:60: error: the type 'enum' needs its values under the key 'enum'",
                "1:77: error: 'enum' takes a list of at least one value, not an empty list",
                "1:96: error: 'required' takes true or false, not 'maybe'",
                "2:14: error: the name 'a' is taken by the variable at line 1, column 13",
            ]),
        FaultCase(
            #"""
            variables: {a: {type: integer, default: x}, b: {enum: [x, y], default: z}, c: {pattern: '[', default: x}, d: {pattern: 'a+', default: baa}}
            steps: [{id: s, run: echo}]
            """#,
            [
                "1:41: error: variable 'a' takes a whole number, not 'x'",
                "1:72: error: the default of variable 'b' must be one of x, y, not 'z'",
                "1:90: error: this is no regular expression: this '[' has no ']' (write '\\[' for itself)",
                "1:135: error: the default of variable 'd' must match 'a+' as a whole, which 'baa' does not",
            ]),
        FaultCase(
            #"""
            variables: {a: {type: path, default: x}, b: {type: duration, default: soon}, c: {type: size, default: big}, d: {required: "${a == 'x'}"}, e: "${a}"}
            steps: [{id: s, run: echo}]
            """#,
            [
                "1:38: error: variable 'a' takes an absolute path, not 'x'",
                "1:71: error: variable 'b' takes a time span such as 90s or 5min, not 'soon'",
                "1:103: error: variable 'c' takes a size such as 256M, not 'big'",
                "1:142: error: a fixed value takes no '${...}' (write '$${' for the two characters)",
            ]),
        FaultCase(
            #"""
            variables:
              a: {type: integer, min: x, max: 1}
              b: {min: -1, max: 1.5}
              c: {type: boolean, min: 1, items: string}
              d: {type: duration, min: 2h, max: 1h, default: 90min}
              e: {type: list, items: strnig, default: [1]}
              f: {items: {type: integer, required: true, pattern: "("}, default: [x]}
              g: {min: 2, default: x}
              h: {type: size, min: , items: }
            steps: [{id: s, run: echo}]
            """#,
            [
                "2:27: error: 'min' of variable 'a' is a number, not 'x'",
                "3:12: error: 'min' of variable 'b' is a whole number of characters, not '-1'",
                "3:21: error: 'max' of variable 'b' is a whole number of characters, not '1.5'",
                "4:22: error: 'min' means nothing for variable 'c', which takes true or false",
                "4:30: error: 'items' means nothing for variable 'c', which takes true or false",
                "5:37: error: 'max' is less than 'min', so variable 'd' could have no value",
                "5:50: error: the default of variable 'd' has to be at least 2h, not 90min",
                "6:26: error: 'items' is one of string, integer, number, boolean, list, map, duration, size, path, not 'strnig' (did you mean 'string'?)",
                "7:30: error: unknown key 'required'",
                "7:56: error: this is no regular expression: this '(' has no ')' (write '\\(' for itself)",
                "7:70: error: the default of variable 'f' has an item [0] that has to be a whole number, not 'x'",
                "8:24: error: the default of variable 'g' has to have at least 2 characters, not 1",
                "9:19: error: 'min' takes one value, not nothing",
                "9:26: error: 'items' means nothing for variable 'h', which takes a size such as 256M",
            ]),
        FaultCase(
            #"""
            variables:
              n: 1
              a: {required: "${nosuch}"}
              b: {required: "${b == null}"}
              c: {required: "${s.state == 'x' || run.name == 'y'}"}
              d: {required: "x ${n > 1}"}
              e: {required: "${n > 1} ${n < 3}"}
              f: {required: "${n + 1}"}
              g: {required: "$${n}"}
              h: {required: "${n > 1 &&}"}
              i: {required: "${n < [1]}"}
            steps: [{id: s, run: echo}]
            """#,
            [
                "3:20: error: 'nosuch' is no variable and no step",
                "4:20: error: whether 'b' is required cannot depend on itself",
                "5:20: error: 'required' can read variables alone, not 's' (it is asked before the run starts)",
                "5:38: error: 'required' can read variables alone, not 'run' (it is asked before the run starts)",
                "6:17: error: 'required' is exactly one expression (leave out what stands before or after '${...}')",
                "7:17: error: 'required' is exactly one expression (join them inside one '${...}' with '&&' or '||')",
                "8:20: error: this is a number, not true or false",
                "9:17: error: 'required' is exactly one expression (write \"${...}\" around it)",
                "10:28: error: '}' stands where a value belongs",
                "11:22: error: '<' cannot compare a number with a list",
            ]),
        FaultCase(
            #"""
            variables: {a: 1.10, b: 0644, c: 1.5, d: 2.0}
            steps: [{id: s, run: echo}]
            """#,
            [
                "1:16: warning: '1.10' is a number and becomes '1.1' (quote it to keep it as written)",
                "1:42: warning: '2.0' is a number and becomes '2' (quote it to keep it as written)",
            ]),
        FaultCase(
            #"""
            timeout: soon
            max_parallel: 0
            fail_fast: yes
            steps: [{id: s, run: echo, timeout: infinity, continue_on_failure: 1}, {id: t, run: echo, timeout: 0}]
            """#,
            [
                "1:10: error: 'timeout' takes a time span such as 90s, 5min or 2h, not 'soon'",
                "2:15: error: 'max_parallel' takes a whole number from 1 up, not '0'",
                "3:12: error: 'fail_fast' takes true or false, not 'yes'",
                "4:37: error: 'timeout' cannot be infinity; leave the key out",
                "4:68: error: 'continue_on_failure' takes true or false, not '1'",
                "4:100: error: 'timeout' has to be above 0",
            ]),
        FaultCase(
            #"""
            retry_policy: {max_retries: -1, backoff_type: exponental, initial_delay: x, jitter: 2, on_exit_code: [], foo: 1}
            interrupted: never
            steps: [{id: s, run: echo}]
            """#,
            [
                "1:29: error: 'max_retries' takes a whole number from 0 up, not '-1'",
                "1:47: error: 'backoff_type' is one of exponential, linear, fixed, not 'exponental' (did you mean 'exponential'?)",
                "1:74: error: 'initial_delay' takes a time span such as 90s, 5min or 2h, not 'x'",
                "1:85: error: 'jitter' takes a number from 0 to 1, not '2'",
                "1:102: error: 'on_exit_code' takes a map of exit statuses and what they ask for, not an empty list",
                "1:106: error: unknown key 'foo'",
                "2:14: error: 'interrupted' is one of rerun, ask, fail, not 'never'",
            ]),
        FaultCase(
            #"""
            retry_policy: {max_retries: 1, on_exit_code: {256: fail, -1: fail, x: fail, 03: fail, "*": success, 4: maybe, 5: }}
            steps:
              - id: s
                run: echo
                retry_policy:
                  on_exit_code:
                    1: {delay: soon, command: x}
                    2: {command: [x], run: x}
                    3: {comand: [x]}
                    4: {run: 'echo ${s.output}'}
                    5: {command: [x, "${s.output}"]}
            """#,
            [
                "1:47: error: '256' is no exit status (a whole number from 0 to 255, or \"*\" for all others)",
                "1:58: error: '-1' is no exit status (a whole number from 0 to 255, or \"*\" for all others)",
                "1:68: error: 'x' is no exit status (a whole number from 0 to 255, or \"*\" for all others)",
                "1:77: error: '03' is no exit status (a whole number from 0 to 255, or \"*\" for all others)",
                "1:92: error: '*' cannot be a success (name the statuses, or say 'continue_on_failure')",
                "1:104: error: '4' takes fail, success, or a map with delay, and command or run, not 'maybe'",
                "1:111: error: '5' takes fail, success, or a map with delay, and command or run, not nothing",
                "7:20: error: 'delay' takes a time span such as 90s, 5min or 2h, not 'soon'",
                "7:35: error: 'command' takes a list, not text (write a list of arguments, or use 'run' for a script)",
                "8:27: error: a repair is either 'run' or 'command', not both",
                "9:13: error: unknown key 'comand' (did you mean 'command'?)",
                "10:24: error: a script is never edited: '${s.…}' reaches its interpreter as it is (pass the value by 'env' and read it as \"$NAME\")",
                "11:29: error: step 's' reads its own results",
            ]),
        FaultCase(
            #"""
            steps:
              - {id: a, run: echo, retry_policy: {on_exit_code: {1: fail, 2: {delay: 1s}, 3: success}}}
              - {id: b, run: echo, retry_policy: {max_retries: 1, on_exit_code: {2: {}}}, undo: {run: echo, retry_policy: {on_exit_code: {4: {}}}}}
            """#,
            [
                "2:63: error: '2' asks for another try, and there is none: 'max_retries' is 0 (say how many there may be)",
                "3:127: error: '4' asks for another try, and there is none: 'max_retries' is 0 (say how many there may be)",
            ]),
        FaultCase(
            #"""
            retry_policy: {on_exit_code: {2: {delay: 1s}}}
            steps: [{id: a, run: echo}]
            """#,
            [
                "1:31: error: '2' asks for another try, and there is none: 'max_retries' is 0 (say how many there may be)"
            ]),
        FaultCase(
            #"""
            slice: {MemoryMax: big, User: root, Slice: x, Foo: 1, AllowedCPUs: 1, CPUQuota: "${a.output}", Delegate: yes, TasksMax: [1]}
            steps: [{id: a, run: echo}]
            """#,
            [
                "1:20: error: 'MemoryMax' takes a size such as 256M, a percentage or infinity, not 'big'",
                "1:25: error: 'User' cannot be set for a slice: it limits no resource (set it under 'unit')",
                "1:37: error: 'Slice' cannot be set for a slice: it limits no resource",
                "1:47: error: systemd has no directive 'Foo'",
                "1:84: error: what holds for every step cannot read the step 'a' (move it to the steps that come after 'a')",
                "1:96: error: 'Delegate' cannot be set for a slice: it limits no resource (set it under 'unit')",
                "1:121: error: 'TasksMax' takes one value, not a list",
            ]),
        FaultCase(
            #"""
            env: {PATH: /bin, a-b: c, LD_X: y, E: , F: [1]}
            steps: [{id: s, run: echo, env: x}]
            """#,
            [
                "1:7: error: 'PATH' cannot be set in 'env': it changes which programs a step runs; systemd sets PATH and HOME",
                "1:19: error: 'a-b' cannot be an environment variable's name (letters, digits and '_', not a digit first, at most 64)",
                "1:27: error: 'LD_X' cannot be set in 'env': the dynamic linker reads it",
                #"1:36: error: 'E' has no value (write "" for an empty text)"#,
                "1:44: error: 'F' takes text, not a list",
                "2:33: error: 'env' takes a map of names to text, not 'x'",
            ]),
        FaultCase(
            #"""
            unit: {MemoryMax: big, UMask: 99, Nice: 20, CPUQuota: 50, User: 'a b', PrivateTmp: maybe, ProtectSystem: all, ReadWritePaths: [x], MemoryHigh: 0, TasksMax: 10K, CPUWeight: 0, IOWeight: idle}
            steps: [{id: s, run: echo}]
            """#,
            [
                "1:19: error: 'MemoryMax' takes a size such as 256M, a percentage or infinity, not 'big'",
                "1:31: error: 'UMask' takes an octal mask such as 0077, not '99'",
                "1:41: error: 'Nice' takes a number from -20 to 19, not '20'",
                "1:55: error: 'CPUQuota' takes a percentage above 0% such as 50%, not '50'",
                "1:65: error: 'User' takes the name or number of a user, not 'a b'",
                "1:84: error: 'PrivateTmp' takes yes or no, from systemd 257 on also disconnected, not 'maybe'",
                "1:106: error: 'ProtectSystem' takes yes, no, full, strict, not 'all'",
                "1:127: error: 'ReadWritePaths' takes absolute paths, not 'x'",
                "1:144: error: 'MemoryHigh' takes a size such as 256M, a percentage or infinity, not '0'",
                "1:157: error: 'TasksMax' takes a number above 0, a percentage or infinity, not '10K'",
                "1:173: error: 'CPUWeight' takes a number from 1 to 10000 or idle, not '0'",
                "1:186: error: 'IOWeight' takes a number from 1 to 10000, not 'idle'",
            ]),
        FaultCase(
            #"""
            unit: {MemryMax: 1G, Restart: always, Type: oneshot, ExecStopPost: x, SystemCallFilter: a-b, Foo: b, LimitNOFILE: x, User: [a], KillMode: none, Slice: x, OnFailure: y}
            steps: [{id: s, run: echo}]
            """#,
            [
                "1:8: error: systemd has no directive 'MemryMax' (did you mean 'MemoryMax'?)",
                "1:22: error: 'Restart' cannot be set for a step: the step's own 'retry_policy' says when it runs again",
                "1:39: error: 'Type' cannot be set for a step: how pawl sees a step's end hangs on it",
                "1:54: error: 'ExecStopPost' cannot be set for a step: what a unit executes is the step itself",
                "1:89: error: 'SystemCallFilter' takes system calls and @groups, each perhaps with :ERROR; all others after '~', not 'a-b'",
                "1:94: error: systemd has no directive 'Foo'",
                "1:115: error: 'LimitNOFILE' takes a number or infinity, or two of them as SOFT:HARD, not 'x'",
                "1:124: error: 'User' takes one value, not a list",
                "1:129: error: 'KillMode' cannot be set for a step: nothing of a step may outlive it",
                "1:145: error: 'Slice' cannot be set for a step: a step runs in the slice of its run",
                "1:155: error: 'OnFailure' cannot be set for a step: other units are not started by a step's end, nor a step by theirs",
            ]),
        FaultCase(
            #"""
            unit: {preset: tight, SystemCallFilter: ["@basic-io", "@system-servce"], MemoryMax: "", ReadOnlyPaths: "'/a", After: {a: b}}
            steps: [{id: s, run: echo, unit: {preset: [strict]}}]
            slice: {preset: strict}
            """#,
            [
                "1:16: error: 'preset' is one of strict, none, not 'tight'",
                "1:41: error: 'SystemCallFilter': systemd has no group '@system-servce' (did you mean '@system-service'?)",
                "1:104: error: 'ReadOnlyPaths' has a quote without its end",
                "1:118: error: 'After' takes one value or a list of them, not a map",
                "2:43: error: 'preset' takes one of strict, none, not a list",
                "3:9: error: systemd has no directive 'preset'",
            ]),
        FaultCase(
            #"""
            unit: {ConditionPathExists: [x, /y], AssertHost: , ConditionPathExist: /x, RootDirectory: [/a], RootImage: b}
            steps:
              - {id: s, run: echo, unit: {ConditionFirstBoot: maybe, RootDirectoryStartOnly: no}}
            """#,
            [
                "1:29: error: 'ConditionPathExists' takes an absolute path, perhaps after '|' or '!', not 'x'",
                "1:38: error: 'AssertHost' takes one value or a list of them, not nothing",
                "1:52: error: systemd has no directive 'ConditionPathExist' (did you mean 'ConditionPathExists'?)",
                "1:91: error: 'RootDirectory' takes one value, not a list",
                "1:108: error: 'RootImage' takes absolute paths, not 'b'",
                "3:51: error: 'ConditionFirstBoot' takes yes or no, perhaps after '|' or '!', not 'maybe'",
                "3:58: error: 'RootDirectoryStartOnly' cannot be set for a step: what is in the step's root must not record its result",
            ]),
        FaultCase(
            #"""
            unit: {RootDirectory: /srv/image}
            steps:
              - {id: a, run: echo, done_when: {file: /x}}
              - {id: b, done_when: {file: /x}}
              - {id: c, run: echo, undo: {run: echo}}
              - {id: d, run: echo, service: true}
              - {id: e, reboot: true}
            """#,
            [
                "3:5: error: step 'a' has a root of its own, in which nothing can ask its 'done_when' (let a step after it ask)",
                "4:5: error: step 'b' has a root of its own, in which nothing can ask its 'done_when' (let a step after it ask)",
                "6:5: error: step 'd' has a root of its own, out of which no 'service' can be started (leave the root to a unit of systemd's own)",
            ]),
        FaultCase(
            #"""
            env: {A: "${s.output}", B: "${run.id}"}
            steps: [{id: s, run: echo}]
            """#,
            [
                "1:13: error: what holds for every step cannot read the step 's' (move it to the steps that come after 's')"
            ]),
    ]
}
