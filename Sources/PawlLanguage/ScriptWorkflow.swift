/// Writes a workflow whose steps run the scripts of a set.
package struct ScriptWorkflow: Sendable {
    /// What stands under `name`.
    package var title: String
    /// Lines of comment at the top.
    package var heading: [String] = []
    /// `max_parallel` of the workflow.
    package var maxParallel: Int?
    /// `timeout` of each step.
    package var timeout: String?
    /// `fail_fast` of the workflow.
    package var failFast = false
    /// Where the scripts run; nil: each in its own folder.
    package var folder: String?

    /// Makes a writer.
    package init(title: String) { self.title = title }

    /// The text.
    package func text(of set: ScriptSet) -> String {
        var lines = heading.map { "# " + ScriptWorkflow.comment($0) }
        lines.append("name: " + ScriptWorkflow.scalar(title))
        if let maxParallel { lines.append("max_parallel: \(maxParallel)") }
        if failFast { lines.append("fail_fast: true") }
        lines.append("steps:")
        for script in set.scripts {
            lines.append("  - id: \(ScriptWorkflow.scalar(script.id))")
            lines.append("    command: [\(command(script.file).map(ScriptWorkflow.template).joined(separator: ", "))]")
            if script.dependencies.isEmpty {
                lines.append("    depends_on: []")
            } else {
                lines.append("    depends_on:")
                for dependency in script.dependencies {
                    let why = ScriptWorkflow.comment("\(dependency.place): \(dependency.text)")
                    lines.append("      - \(ScriptWorkflow.scalar(set.scripts[dependency.script].id))  # \(why)")
                }
            }
            if let timeout { lines.append("    timeout: " + ScriptWorkflow.scalar(timeout)) }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The script itself where it can be executed, else its interpreter with it. `env` changes the folder, since a step's
    /// unit works in the run's own.
    private func command(_ file: ScriptFile) -> [String] {
        let start = ["/usr/bin/env", "--chdir=" + (folder ?? FilePath.folder(of: file.absolutePath))]
        guard file.text.hasPrefix("#!") else { return start + ["/bin/bash", file.absolutePath] }
        guard !file.isExecutable else { return start + [file.absolutePath] }
        // As the kernel reads it: the interpreter, and all that follows as one argument (man:execve(2)).
        let line = file.text.dropFirst(2).prefix { !$0.isNewline }
        let program = line.drop(while: isBlank).prefix { !isBlank($0) }
        var rest = line.drop(while: isBlank).dropFirst(program.count).drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return start + [String(program), String(rest)].filter { !$0.isEmpty } + [file.absolutePath]
    }

    private func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" || character == "\r" }

    private static func template(_ text: String) -> String { scalar(text.replacing("${", with: "$${")) }

    /// A text as YAML takes it for that text.
    static func scalar(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "_-./".utf8.contains(byte)
        }
        if isPlain, let first = text.unicodeScalars.first, first.properties.isAlphabetic || first == "/",
            !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(text.lowercased())
        {
            return text
        }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F || (0x80..<0xA0).contains(scalar.value):
                let digits = String(scalar.value, radix: 16)
                result += "\\x" + (digits.count < 2 ? "0" : "") + digits
            case "\u{2028}", "\u{2029}", "\u{FEFF}": result += "\\u" + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// What a comment can hold: one line, nothing that moves a cursor.
    static func comment(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
            result.append(isControl || ["\u{2028}", "\u{2029}", "\u{FEFF}"].contains(scalar) ? " " : scalar)
        }
        return String(result)
    }
}
