import Testing

@testable import PawlLanguage

@Suite("Faults in expressions")
struct ExpressionFaultTests {
    @Test("each is told with its place and what would be right", arguments: cases)
    func told(_ fault: FaultCase) { fault.check() }

    static let cases: [FaultCase] = [
        FaultCase(
            #"""
            steps:
              - id: a
                command: [echo, "${b.output}"]
              - id: b
                command: [echo, "${a.output} ${b.state}"]
              - id: c
                depends_on: []
                command: [echo, '${a.outputs.x}']
            """#,
            [
                "3:24: error: step 'a' reads 'b' but does not wait for it ('b' itself waits for 'a')",
                "5:36: error: step 'b' reads its own results",
                "8:24: error: step 'c' reads 'a' but does not wait for it (add 'a' to its 'depends_on')",
            ]),
        FaultCase(
            #"""
            variables: {dir: /x, members: [1], n: 3}
            steps:
              - id: a
                command: [echo, "${dri}", "${a-b}", "${n-1}", "${item}", "${run.nam}", "${run}", "${host.cpu}", "${workflow.x.y}"]
              - id: b
                command: [echo, "${a}", "${a.stat}", "${a.exitcode}"]
            """#,
            [
                "4:24: error: 'dri' is no variable and no step (did you mean 'dir'?)",
                "4:34: error: 'a-b' is no variable and no step (a minus needs blanks around it)",
                "4:44: error: 'n-1' is no variable and no step (a minus needs blanks around it)",
                "4:54: error: 'item' has a value only in a step with 'foreach', and not in 'foreach' itself",
                "4:65: error: 'run' has no 'nam' (did you mean 'name'?)",
                "4:79: error: 'run' is no value by itself (read one of its members: id, name, started, failed_steps, folder)",
                "4:89: error: 'host' has no 'cpu' (did you mean 'cpus'?)",
                "4:104: error: 'workflow' has no 'x' (it has name, folder)",
                "6:24: error: step 'a' is no value by itself (read one of its members: state, exit_code, output, outputs, attempts)",
                "6:32: error: step 'a' has no 'stat' (did you mean 'state'?)",
                "6:45: error: step 'a' has no 'exitcode' (did you mean 'exit_code'?)",
            ]),
        FaultCase(
            #"""
            variables: {members: [1], n: 3, t: x, f: true}
            steps:
              - id: a
                command: [echo, "${members < 3}", "${n && f}", "${!n}", "${n + members}", "${n.x}", "${f == n}", "${f ? 1 : 2}", "${t in n}", '${n[0]}', '${-f}', '${lower(t) + 1}']
            """#,
            [
                "4:32: error: '<' cannot compare a list with a number",
                "4:44: error: '&&' needs true or false, not a number",
                "4:55: error: '!' needs true or false, not a number",
                "4:66: error: '+' needs two numbers, not a list",
                "4:82: error: '.x' needs a map, not a number",
                "4:94: error: '==' cannot compare true or false with a number",
                "4:123: error: 'in' needs a list, a map or text after it, not a number",
                "4:135: error: '[...]' needs a list or a map, not a number",
                "4:145: error: '-' needs a number, not true or false",
            ]),
        FaultCase(
            #"""
            variables: {l: [1], n: 3, t: x, f: true, m: {default: {}}}
            steps:
              - id: a
                command: [echo, "${length(n)}", "${lower(l)}", "${join(m)}", "${split(t, l)}", "${matches(t, '(')}", "${min(n)}", "${max(n, f)}", "${format_time(f, '%F')}", "${format_time(n, '%q')}", "${contains(null, t)}", "${basename(m)}", "${default(n, 1) && f}", "${json(l).a}"]
            """#,
            [
                "4:24: error: length() needs text, a list or a map, not a number",
                "4:40: error: lower() needs text, not a list",
                "4:55: error: join() needs a list, not a map",
                "4:69: error: split() needs text, not a list",
                "4:98: error: this is no regular expression: this '(' has no ')' (write '\\(' for itself)",
                "4:109: error: min() needs a list or several numbers, not a number",
                "4:122: error: max() needs numbers, not true or false",
                "4:138: error: format_time() needs a time, not true or false",
                "4:180: error: a format_time() format knows '%' before one of Y m d H M S j a b A B u F T s % only",
                "4:192: error: contains() needs a list, a map or text, not no value",
                "4:216: error: basename() needs text, not a map",
                "4:248: error: '&&' needs true or false, not a number",
            ]),
        FaultCase(
            #"""
            variables: {v: x}
            steps:
              - {id: a, command: [python3, -c, "print('${v}')"]}
              - {id: b, command: [/usr/bin/env, perl, -w, -e, "x ${v}", "${v}"]}
              - {id: c, command: [node, --eval, "${v}"]}
              - {id: d, command: [python3, script.py, -c, "x"]}
              - {id: e, command: [python3, -c, "import sys; print(sys.argv[1])", "${v}"]}
            """#,
            [
                "3:44: error: a value in the text of 'python3 -c' would become code (pass it as an argument of its own, or by 'env')",
                "4:54: error: a value in the text of 'perl -e' would become code (pass it as an argument of its own, or by 'env')",
                "5:38: error: a value in the text of 'node --eval' would become code (pass it as an argument of its own, or by 'env')",
            ]),
        FaultCase(
            #"""
            steps:
              - id: a
                command: [echo, "${", "${}", "${1 +}", "${'x}", "${1 = 1}", "${nosuch(1)}", "${lenght('a')}", "${length()}", "${1 < 2 < 3}", "${(1}", "x ${1 2}", '${@}', '${[1, 2}', "${'a' & 'b'}", '${1a}']
            """#,
            [
                "3:22: error: '${' has no '}' (write '$${' for the two characters)",
                "3:28: error: there is no expression in '${}'",
                "3:40: error: '}' stands where a value belongs",
                "3:47: error: this string has no end",
                "3:58: error: '=' means nothing in an expression (compare with '==')",
                "3:68: error: there is no function 'nosuch'",
                "3:84: error: there is no function 'lenght' (did you mean 'length'?)",
                "3:102: error: length() takes 1 argument, not 0",
                "3:123: error: comparisons cannot be chained (join two of them with '&&')",
                "3:135: error: '}' stands where ')' belongs",
                "3:146: error: '2' cannot stand here",
                "3:154: error: '@' means nothing in an expression",
                "3:167: error: '}' stands where ',' or ']' belongs",
                "3:178: error: '&' means nothing in an expression (write '&&')",
                "3:190: error: a name cannot begin with a digit",
            ]),
        FaultCase(
            #"""
            steps:
              - id: a
                command: [echo]
                env:
                  A: 'it''s ${nosuch}'
                  B: "\"\x41 ${nosuch}"
                  C: |
                    line
                    and ${nosuch}
                  D: >-
                    folded
                    text ${nosuch}
            """#,
            [
                "5:19: error: 'nosuch' is no variable and no step",
                "6:20: error: 'nosuch' is no variable and no step",
                "9:15: error: 'nosuch' is no variable and no step",
                "12:16: error: 'nosuch' is no variable and no step",
            ]),
    ]
}
