import PawlModel
import YAMLKit

extension StepReader {
    /// A script with the interpreter that its `#!` line names.
    func script(_ entry: YAMLEntry) -> ScriptText? {
        guard let text = faults.text(entry) else { return nil }
        guard text.contains(where: { !$0.isWhitespace }) else {
            faults.error(entry.place, "'run' has no script")
            return nil
        }
        var script = ScriptText(text: text, node: entry.value)
        guard text.hasPrefix("#!") else { return script }
        // As the kernel reads it: the interpreter, and all that follows as one argument (man:execve(2)).
        let line = text.dropFirst(2).prefix { !$0.isNewline }.drop { $0 == " " || $0 == "\t" }
        let program = line.prefix { $0 != " " && $0 != "\t" }
        var rest = line.dropFirst(program.count).drop { $0 == " " || $0 == "\t" }
        while let last = rest.last, last == " " || last == "\t" { rest = rest.dropLast() }
        guard program.hasPrefix("/") else {
            faults.error(in: entry.value, at: 0, "'#!' needs the absolute path of an interpreter, not '\(program)'")
            return nil
        }
        script.interpreter = [String(program)] + (rest.isEmpty ? [] : [String(rest)])
        return script
    }

    /// An interpreter: words with blanks between them, or a list.
    func shell(_ entry: YAMLEntry) -> [String]? {
        var words: [String] = []
        if let items = entry.value.sequence {
            for item in items {
                guard let scalar = item.scalar, !item.isEmpty else {
                    faults.error(item.mark, "'shell' takes words, not \(item.kindName)")
                    return nil
                }
                words.append(scalar.text)
            }
        } else if let text = faults.text(entry) {
            words = text.split { $0 == " " || $0 == "\t" }.map(String.init)
        } else {
            return nil
        }
        guard let program = words.first else {
            faults.refuse(entry, "an interpreter and its arguments")
            return nil
        }
        guard isProgram(program) else {
            faults.error(entry.place, "'shell' takes an absolute path or a name without '/', not '\(program)'")
            return nil
        }
        return words
    }

    /// An argument list.
    func command(_ entry: YAMLEntry) -> (templates: [Template]?, uses: [TemplateUse]) {
        guard let items = entry.value.sequence else {
            let hint = "write a list of arguments, or use 'run' for a script"
            if entry.value.scalar != nil, !entry.value.isEmpty {
                faults.error(entry.place, "'command' takes a list, not text", hint: hint)
            } else {
                faults.error(entry.place, "'command' takes a list, not \(entry.value.kindName)", hint: hint)
            }
            return (nil, [])
        }
        guard !items.isEmpty else {
            faults.error(entry.place, "'command' names no program")
            return (nil, [])
        }
        var (read, uses) = ([Template](), [TemplateUse]())
        read.reserveCapacity(items.count)
        for item in items {
            guard let template = faults.template(item, "an argument") else { continue }
            read.append(template)
            uses.note(template, item)
        }
        guard read.count == items.count else { return (nil, []) }
        if let program = read[0].constant?.text, !isProgram(program) {
            faults.error(
                items[0].mark, "a program is an absolute path or a name without '/', not '\(program)'")
        }
        // Code can be given where values are, and to a program that takes code.
        if !uses.isEmpty, read.contains(where: { StepReader.takesCode(StepReader.program($0)) }) {
            checkShell(read, items)
            checkInterpreter(read, items)
        }
        return (read, uses)
    }

    /// What systemd can look up or start: a path from the root or a plain name.
    private func isProgram(_ text: String) -> Bool {
        let slash = UInt8(ascii: "/")
        guard let first = text.utf8.first else { return false }
        return first == slash ? text.utf8.last != slash : !text.utf8.contains(slash)
    }

    /// All of both, whose names are so short that to compare them is faster than to hash them.
    private static let programsForCode = Array(shells) + interpreters.keys

    private static func takesCode(_ program: String) -> Bool {
        let length = program.utf8.count
        return programsForCode.contains { $0.utf8.count == length && $0 == program }
    }

    private static let shells: Set<String> = [
        "sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "busybox", "fish", "su", "runuser",
    ]

    /// Interpreters that take a program as an argument, and the options it stands behind.
    private static let interpreters: [String: Set<String>] = [
        "python": ["-c"], "python3": ["-c"], "perl": ["-e", "-E"], "ruby": ["-e"], "php": ["-r"],
        "node": ["-e", "-p", "--eval", "--print"],
    ]

    /// Refuses `${...}` in the program that an interpreter gets as an argument, for the same reason as in a shell's.
    private func checkInterpreter(_ arguments: [Template], _ nodes: [YAMLNode]) {
        guard let place = arguments.firstIndex(where: { StepReader.interpreters[StepReader.program($0)] != nil }) else {
            return
        }
        let name = StepReader.program(arguments[place])
        let options = StepReader.interpreters[name] ?? []
        for index in arguments.indices.dropFirst(place + 2) {
            guard let option = arguments[index - 1].constant?.text, options.contains(option) else { continue }
            if let first = arguments[index].expressions.first {
                faults.refuse(
                    in: nodes[index], at: max(0, first.leftmost - 2),
                    "a value in the text of '\(name) \(option)' would become code",
                    hint: "pass it as an argument of its own, or by 'env'")
            }
            return
        }
    }

    private static func program(_ argument: Template) -> String {
        guard let text = argument.constant?.text else { return "" }
        guard text.utf8.contains(UInt8(ascii: "/")) else { return text }
        return text.split(separator: "/").last.map(String.init) ?? ""
    }

    /// Refuses `${...}` in the text that a shell gets by `-c`: there a value becomes code.
    ///
    /// The shell may stand behind other programs (`env`, `timeout 5`, `busybox`); its options end at the first word that
    /// is none, since that is a script's file, except that `-o` takes a word and `su` a user.
    private func checkShell(_ arguments: [Template], _ nodes: [YAMLNode]) {
        var (shell, isCode, takesWord) = (String?.none, false, false)
        for (argument, node) in zip(arguments, nodes) {
            let text = argument.constant?.text
            let isOption = text.map { $0.hasPrefix("-") || $0.hasPrefix("+") } ?? false
            if let shell, isCode {
                if isOption { continue }
                guard let first = argument.expressions.first else { return }
                faults.error(
                    in: node, at: max(0, first.leftmost - 2),
                    "a value in the text of '\(shell) -c' would become code",
                    hint: "pass it by 'env' and read it as \"$NAME\"")
                return
            }
            if shell != nil, let text, isOption {
                let isLong = text.hasPrefix("--")
                isCode = isLong ? text == "--command" : text.hasPrefix("-") && text.contains("c")
                takesWord = !isLong && text.hasSuffix("o")
            } else if takesWord {
                takesWord = false
            } else if let name = text?.split(separator: "/").last.map(String.init), StepReader.shells.contains(name) {
                shell = name
            } else if shell != "su", shell != "runuser" {
                shell = nil
            }
        }
    }
}

extension Expression {
    /// Where it begins: an operator's own place is behind its left operand.
    var leftmost: Int {
        switch kind {
        case .binary(_, let left, _): left.leftmost
        case .conditional(let condition, _, _): condition.leftmost
        case .index(let base, _), .member(let base, _): base.leftmost
        default: offset
        }
    }
}
