import PawlAPI
import PawlLanguage
import PawlModel

/// The values for a run's variables, from the command line, from files, from the environment and from a terminal.
enum VariableArguments {
    /// What the names of environment variables with values begin with.
    static let prefix = "PAWL_VAR_"

    /// The values: those of the files, the later ones over the earlier, with `NAME=VALUE` over them. Text stays text
    /// here; pawld knows the types.
    static func read(_ arguments: [String], files: [String]) throws(CommandFailure) -> [String: Value] {
        var values: [String: Value] = [:]
        for file in files { values.merge(try read(file: file)) { _, later in later } }
        var seen: Set<String> = []
        for argument in arguments {
            guard let sign = argument.firstIndex(of: "=") else {
                throw CommandFailure(.usage, "'\(argument)' is no NAME=VALUE")
            }
            let name = String(argument[..<sign])
            guard Names.isVariable(name) else {
                throw CommandFailure(
                    .usage, "'\(name)' cannot be a variable's name: letters, digits and _, and no digit at the start")
            }
            guard seen.insert(name).inserted else {
                throw CommandFailure(.usage, "variable '\(name)' is given twice")
            }
            values[name] = .string(String(argument[argument.index(after: sign)...]))
        }
        return values
    }

    private static func read(file: String) throws(CommandFailure) -> [String: Value] {
        let text: String
        do {
            text = try TextFile.read(file).text
        } catch {
            throw CommandFailure(
                .usage, "variables cannot be read from '\(file)': \(error.reason)",
                faults: error.fault.map { [$0] } ?? [])
        }
        let (values, diagnostics) = VariablesFile.read(text, file: file)
        guard let values else {
            throw CommandFailure(
                .usage, "'\(file)' is not one map of variables in YAML or JSON, such as 'members: 3'",
                faults: diagnostics)
        }
        return values
    }

    /// Adds what the environment says of the workflow's variables, and what somebody at the terminal says to those that
    /// are still missing. pawld is asked only where there is something to add.
    static func complete(
        _ values: [String: Value], of workflow: String, _ client: ManagerClient, _ surroundings: Surroundings
    ) throws -> [String: Value] {
        guard !surroundings.variables.isEmpty || surroundings.ask != nil else { return values }
        var values = values
        var known = try client.variables(of: workflow, given: values)
        // An environment is there for many programs: what this workflow does not declare is not meant for it.
        let found = known.map(\.name).filter { values[$0] == nil && surroundings.variables[$0] != nil }
        for name in found {
            guard let text = surroundings.variables[name]?.text else {
                throw CommandFailure(
                    .usage, "the value of variable '\(name)' in the environment, \(prefix)\(name), is not UTF-8 text")
            }
            values[name] = .string(text)
        }
        guard let ask = surroundings.ask else { return values }
        if !found.isEmpty { known = try client.variables(of: workflow, given: values) }
        // What is refused whatever is answered is refused by the start, with all else that is wrong, and not after questions.
        guard unknown(in: values, known).isEmpty, !known.contains(where: { $0.fault != nil && values[$0.name] != nil })
        else { return values }
        // One after the other: an answer can make another variable required.
        while let variable = known.first(where: \.missing) {
            guard let answer = ask(prompt(variable)) else {
                throw CommandFailure(.usage, "variable '\(variable.name)' is required and has no value")
            }
            if answer.isEmpty { continue }
            var tried = values
            tried[variable.name] = .string(chosen(answer, variable))
            let answered = try client.variables(of: workflow, given: tried)
            if let fault = answered.first(where: { $0.name == variable.name })?.fault {
                surroundings.warn(Style.harmless(fault))
            } else {
                (values, known) = (tried, answered)
            }
        }
        return values
    }

    /// The names of values that are no variables of the workflow.
    static func unknown(in values: [String: Value], _ variables: [VariableSummary]) -> [String] {
        Set(values.keys).subtracting(variables.map(\.name)).sorted()
    }

    /// `NAME (what it is for; what fits): `, and for one of a few values these before it, each with its number.
    private static func prompt(_ variable: VariableSummary) -> String {
        let wanted = variable.choices.isEmpty ? wanted(variable) : nil
        let words = [variable.description, wanted].compactMap { $0 }.joined(separator: "; ")
        let name = Style.harmless(words.isEmpty ? variable.name : "\(variable.name) (\(words))")
        guard !variable.choices.isEmpty else { return name + ": " }
        let choices = variable.choices.enumerated().map { "  \($0.offset + 1)) \(Style.harmless($0.element))\n" }
        return "\(name)\n\(choices.joined())\(Style.harmless(variable.name)), a number or a value: "
    }

    /// What fits, `integer, 1 to 5`; nil where that is any text.
    private static func wanted(_ variable: VariableSummary) -> String? {
        let bounds = bounds(variable)
        switch variable.type {
        case "string": return bounds.map { "\($0) \(things("character", variable))" }
        case "path": return ["path", bounds.map { "\($0) \(things("character", variable))" }].joined()
        case "list":
            return "list\(bounds.map { " of \($0) \(things("item", variable))" } ?? "") as JSON, such as [1, 2]"
        case "map":
            return "map\(bounds.map { " of \($0) \(things("entry", variable))" } ?? "") as JSON, such as {\"a\": 1}"
        default: return [variable.type, bounds].joined()
        }
    }

    private static func bounds(_ variable: VariableSummary) -> String? {
        switch (variable.min, variable.max) {
        case (let least?, let most?): least == most ? "exactly \(least)" : "\(least) to \(most)"
        case (let least?, nil): "at least \(least)"
        case (nil, let most?): "at most \(most)"
        case (nil, nil): nil
        }
    }

    /// What is counted, one or more of it: the number that stands before it decides.
    private static func things(_ thing: String, _ variable: VariableSummary) -> String {
        guard variable.max ?? variable.min != "1" else { return thing }
        return thing == "entry" ? "entries" : "\(thing)s"
    }

    /// What an answer means: the number of a choice is that choice, unless it is one itself.
    private static func chosen(_ answer: String, _ variable: VariableSummary) -> String {
        let choices = variable.choices
        guard !choices.contains(answer), let number = Int(answer), choices.indices.contains(number - 1) else {
            return answer
        }
        return choices[number - 1]
    }
}

extension [String?] {
    fileprivate func joined() -> String { compactMap(\.self).joined(separator: ", ") }
}
