import PawlModel
import YAMLKit

/// Translates what an exec task says into the keys of a step.
struct OlderExec {
    let faults: Faults

    /// The step's keys.
    ///
    /// - Parameters:
    ///   - parameters: what stands under `parameters`; nil where there is nothing.
    ///   - passed: the keys that the task has as a step would, which win.
    ///   - mark: the task's place.
    func entries(_ parameters: Entries?, _ passed: [YAMLEntry], at mark: YAMLMark) -> [YAMLEntry] {
        var result = passed
        func has(_ key: String) -> Bool { result.contains { $0.key.text == key } }
        let command = parameters?["command"]
        let script = parameters?["script"]
        let folder = either("working_dir", "working_directory", parameters)
        switch (command, script) {
        case (let command?, let script?):
            faults.error(
                max(command.key.mark, script.key.mark), "'parameters' have either 'command' or 'script', not both")
        case (let command?, nil):
            result.append(self.command(command, parameters?["args"], folder))
        case (nil, let script?):
            result.append(script.renamed("run"))
            if let args = parameters?["args"] {
                faults.error(
                    args.key.mark, "'args' belong to 'command'; a script reads its values from the environment")
            }
            if let shell = shell(parameters?["shell"], script, folder) { result.append(shell) }
        case (nil, nil):
            faults.error(mark, "an 'exec' task needs 'command' or 'script' under 'parameters'")
        }
        if command != nil, let shell = parameters?["shell"] { result.append(shell) }
        if let environment = either("env", "environment", parameters) {
            let given = environment.renamed("env")
            if let place = result.firstIndex(where: { $0.key.text == "env" }) {
                result[place] = merged(result[place], given)
            } else {
                result.append(given)
            }
        }
        if let timeout = parameters?["timeout"], !has("timeout") { result.append(timeout) }
        if let user = parameters?["user"] {
            let entry = user.renamed("User")
            if let place = result.firstIndex(where: { $0.key.text == "unit" }) {
                result[place] = merged(
                    result[place], YAMLEntry(key: user.key, value: YAMLNode(.mapping([entry]), at: user.key.mark)))
            } else {
                result.append(
                    YAMLEntry(
                        key: YAMLEntry.Key("unit", at: user.key.mark),
                        value: YAMLNode(.mapping([entry]), at: user.key.mark)))
            }
        }
        return result
    }

    private func either(_ key: String, _ other: String, _ parameters: Entries?) -> YAMLEntry? {
        if parameters?[key] != nil, let second = parameters?[other] {
            faults.error(second.key.mark, "'\(other)' is '\(key)', which is there as well")
        }
        return parameters?[key] ?? parameters?[other]
    }

    /// The entries of both maps; the first one's win.
    private func merged(_ first: YAMLEntry, _ second: YAMLEntry) -> YAMLEntry {
        guard let own = first.value.mapping, let others = second.value.mapping else { return first }
        let names = Set(own.map(\.key.text))
        let all = own + others.filter { !names.contains($0.key.text) }
        return YAMLEntry(key: first.key, value: YAMLNode(.mapping(all), at: first.value.mark))
    }

    /// The program with its arguments, begun by `env` where it runs in a folder of its own.
    private func command(_ command: YAMLEntry, _ args: YAMLEntry?, _ folder: YAMLEntry?) -> YAMLEntry {
        var items: [YAMLNode]
        if let list = command.value.sequence {
            items = list
        } else if args != nil, !command.value.isEmpty {
            // Beside 'args' a text is the program's name, and nothing to take apart.
            items = [command.value]
        } else {
            return command
        }
        if let args {
            if let list = args.value.sequence { items += list } else { faults.refuse(args, "a list of arguments") }
        }
        if let folder, let text = faults.text(folder), !items.isEmpty {
            items =
                [
                    .made("/usr/bin/env", at: folder.value.mark), .made("--chdir=" + text, at: folder.value.mark),
                ] + items
        }
        return YAMLEntry(key: command.key, value: YAMLNode(.sequence(items), at: command.value.mark))
    }

    private func shell(_ shell: YAMLEntry?, _ script: YAMLEntry, _ folder: YAMLEntry?) -> YAMLEntry? {
        guard let folder else { return shell }
        guard let text = faults.text(folder) else { return shell }
        let hint = "begin the script with 'cd' to it"
        if text.contains("${") {
            faults.error(folder.place, "the folder of a script cannot be made of values", hint: hint)
        } else if script.value.scalar?.text.hasPrefix("#!") == true {
            faults.error(folder.place, "a script that names its interpreter starts in the run's folder", hint: hint)
        }
        let words: [YAMLNode]
        if let list = shell?.value.sequence {
            words = list
        } else if let text = shell?.value.scalar?.text, let mark = shell?.value.mark {
            words = text.split { $0 == " " || $0 == "\t" }.map { .made(String($0), at: mark) }
        } else {
            words = StepDraft.defaultShell.map { .made($0, at: folder.value.mark) }
        }
        let start: [YAMLNode] = [
            .made("/usr/bin/env", at: folder.value.mark), .made("--chdir=" + text, at: folder.value.mark),
        ]
        return YAMLEntry(
            key: YAMLEntry.Key("shell", at: folder.key.mark),
            value: YAMLNode(.sequence(start + words), at: folder.value.mark))
    }
}
