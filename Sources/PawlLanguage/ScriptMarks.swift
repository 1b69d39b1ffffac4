/// What one script says of others.
struct ScriptMarks {
    /// How it says so.
    enum Kind {
        /// A comment `# Depends on: ...` or `# Requires: ...`.
        case comment
        /// `source FILE` or `. FILE`.
        case source
        /// It runs the other one.
        case call
    }

    /// One mention.
    struct Mark {
        var kind: Kind
        /// The name or path as written, without quotes.
        var target: String
        /// What stands there, for people.
        var text: String
        var line: Int
        var column: Int
    }

    private(set) var marks: [Mark] = []
    /// Variables that hold the script's own folder, and how many folders above it.
    private var folders: [String: Int] = [:]

    init(_ text: String) {
        let words = ShellWords(text)
        for comment in words.comments { read(comment) }
        for command in words.commands { read(command) }
        marks.sort { ($0.line, $0.column) < ($1.line, $1.column) }
    }

    private mutating func read(_ comment: ShellWords.Comment) {
        let text = comment.text.drop { $0 == "#" || $0 == " " || $0 == "\t" }
        let lower = text.lowercased()
        guard let head = ["depends on:", "requires:"].first(where: lower.hasPrefix) else { return }
        var column = comment.column + 1 + (comment.text.unicodeScalars.count - text.unicodeScalars.count)
        var name = ""
        var start = column
        let shown = "# " + text.split { $0 == " " || $0 == "\t" || $0 == "\r" }.joined(separator: " ")
        func take(_ marks: inout [Mark]) {
            // `none` is how people write that there is nothing.
            if !name.isEmpty, name.lowercased() != "none" {
                marks.append(Mark(kind: .comment, target: name, text: shown, line: comment.line, column: start))
            }
            name = ""
        }
        for (place, scalar) in text.unicodeScalars.enumerated() {
            defer { column += 1 }
            guard place >= head.unicodeScalars.count else { continue }
            if [" ", "\t", "\r", ",", ";", "\"", "'", "`"].contains(scalar) {
                take(&marks)
            } else {
                if name.isEmpty { start = column }
                name.unicodeScalars.append(scalar)
            }
        }
        take(&marks)
    }

    private static let keywords: Set<String> = [
        "if", "then", "else", "elif", "do", "while", "until", "!", "{", "time", "exec", "command", "nohup", "sudo",
        "env", "export", "readonly", "local", "declare", "setsid",
    ]
    private static let shells: Set<String> = ["bash", "sh", "dash", "ksh", "zsh"]

    private mutating func read(_ command: [ShellWords.Word]) {
        var words = command[...]
        while let first = words.first {
            if let (name, value) = ScriptMarks.assignment(first.text) {
                if let ups = ScriptMarks.ownFolder(value) { folders[name] = ups } else { folders[name] = nil }
            } else if first.text == "timeout", words.count > 2 {
                words = words.dropFirst()
            } else if !ScriptMarks.keywords.contains(first.text) {
                break
            }
            words = words.dropFirst()
        }
        guard let first = words.first else { return }
        var kind = Kind.call
        var target = first
        if first.text == "source" || first.text == "." {
            guard words.count > 1 else { return }
            kind = .source
            target = words[words.startIndex + 1]
        } else if let name = first.text.split(separator: "/").last, ScriptMarks.shells.contains(String(name)) {
            guard let script = ScriptMarks.script(words.dropFirst()) else { return }
            target = script
        } else if !first.text.contains("/") {
            return
        }
        let shown = words.prefix { $0.line == first.line }.prefix(4).map(\.text).joined(separator: " ")
        marks.append(
            Mark(kind: kind, target: target.text, text: shown, line: target.line, column: target.column))
    }

    /// The script among the arguments of a shell: the first one that is no option; with `-c` there is none.
    private static func script(_ arguments: ArraySlice<ShellWords.Word>) -> ShellWords.Word? {
        var takesWord = false
        for word in arguments {
            if takesWord {
                takesWord = false
            } else if word.text.hasPrefix("-") || word.text.hasPrefix("+") {
                if !word.text.hasPrefix("--"), word.text.contains("c") || word.text.contains("s") { return nil }
                takesWord = word.text.hasSuffix("o")
            } else {
                return word
            }
        }
        return nil
    }

    private static func assignment(_ word: String) -> (name: String, value: String)? {
        guard let sign = word.firstIndex(of: "="), sign > word.startIndex else { return nil }
        let name = word[..<sign]
        guard !(name.first?.isNumber ?? true),
            name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
        else { return nil }
        return (String(name), String(word[word.index(after: sign)...]))
    }

    /// Whether a text stands for the script's own folder, and how many folders above it.
    private static func ownFolder(_ text: String) -> Int? {
        let isDirname = text.contains("dirname") && (text.contains("$0") || text.contains("BASH_SOURCE"))
        let isCut = ["${0%/*}", "${BASH_SOURCE%/*}", "${BASH_SOURCE[0]%/*}"].contains { text.contains($0) }
        guard isDirname || isCut else { return nil }
        var path = text
        for noise in ["&>/dev/null", "&> /dev/null", "2>/dev/null", ">/dev/null", "> /dev/null", "%/*"] {
            path = path.replacing(noise, with: "")
        }
        var ups = 0
        // What is left between slashes are steps upwards, or it is another folder.
        for part in path.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            switch part.prefix(while: { !"\" )".contains($0) }) {
            case "..": ups += 1
            case "", ".": break
            default: return nil
            }
        }
        return ups
    }

    /// The paths that a target as written may be, the likeliest first; none where only a run could tell.
    ///
    /// - Parameters:
    ///   - folder: the script's own.
    ///   - base: where the set is started from.
    func paths(of target: String, folder: String, base: String) -> [String] {
        guard !target.hasPrefix("~") else { return [] }
        var rest = target[...]
        var ups: Int?
        if let first = target.first, first == "$" || first == "`" {
            let head = ScriptMarks.expansion(target)
            rest = target[head.endIndex...]
            guard rest.first == "/" else { return [] }
            rest = rest.dropFirst()
            let name = head.filter { $0 != "$" && $0 != "{" && $0 != "}" }
            if let known = folders[name] {
                ups = known
            } else if ["SCRIPT_DIR", "SCRIPTDIR", "PWD", "(pwd)"].contains(name) {
                ups = 0
            } else {
                ups = ScriptMarks.ownFolder(String(head))
            }
            guard ups != nil else { return [] }
        }
        guard !rest.isEmpty, !rest.contains(where: { "$`*?[{".contains($0) }) else { return [] }
        if let ups {
            let above = Array(repeating: "..", count: ups).joined(separator: "/")
            return [FilePath.join(folder, above, String(rest))]
        }
        if rest.hasPrefix("/") { return [FilePath.join("/", String(rest))] }
        return [FilePath.join(folder, String(rest)), FilePath.join(base, String(rest))]
    }

    /// The expansion that a text begins with.
    private static func expansion(_ text: String) -> Substring {
        var open = 0
        var index = text.startIndex
        let isBackquoted = text.first == "`"
        while index < text.endIndex {
            let character = text[index]
            if isBackquoted {
                if character == "`", index > text.startIndex { return text[...index] }
            } else {
                if character == "(" || character == "{" { open += 1 }
                if character == ")" || character == "}" {
                    open -= 1
                    if open == 0 { return text[...index] }
                }
                if character == "/", open == 0 { return text[..<index] }
            }
            index = text.index(after: index)
        }
        return text[...]
    }
}

/// Paths as text, without a look at any file.
enum FilePath {
    /// One absolute path of several parts, with `.`, `..` and doubled slashes taken out. A later part that is absolute
    /// does not begin anew: it is below the earlier ones.
    static func join(_ parts: String...) -> String {
        var names: [Substring] = []
        for name in parts.flatMap({ $0.split(separator: "/") }) where name != "." {
            if name == ".." { _ = names.popLast() } else { names.append(name) }
        }
        return "/" + names.joined(separator: "/")
    }

    /// The folder of an absolute path.
    static func folder(of path: String) -> String { join(path, "..") }

    /// The last name of a path.
    static func name(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}
