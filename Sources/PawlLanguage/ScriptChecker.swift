import PawlModel
import YAMLKit

/// Looks for expressions in scripts, which are never edited: there they would reach the interpreter as they are.
struct ScriptChecker {
    let names: NameTable
    let faults: Faults

    /// Reports each `${NAME.` whose name an expression could begin with. What a shell itself writes in braces
    /// (`${file%.txt}`, `${list[@]}`, `${x:-a.b}`) has no point right after the name.
    func check(_ script: ScriptText) {
        guard script.text.utf8.contains(UInt8(ascii: "$")) else { return }
        let scalars = Array(script.text.unicodeScalars)
        var index = 0
        while index + 2 < scalars.count {
            defer { index += 1 }
            guard scalars[index] == "$", scalars[index + 1] == "{" else { continue }
            // `$$` is the shell's own number, and a backslash takes the dollar's meaning away.
            if index > 0, scalars[index - 1] == "$" || scalars[index - 1] == "\\" { continue }
            let start = index + 2
            var end = start
            while end < scalars.count, ExpressionLexer.isName(scalars[end]) { end += 1 }
            guard end > start, end < scalars.count, scalars[end] == "." else { continue }
            let name = String(String.UnicodeScalarView(scalars[start..<end]))
            guard Names.reserved.contains(name) || names.steps[name] != nil || names.variables[name] != nil else {
                continue
            }
            faults.error(
                in: script.node, at: index, "a script is never edited: '${\(name).…}' reaches its interpreter as it is",
                hint: "pass the value by 'env' and read it as \"$NAME\"")
        }
    }
}
