import FoundationEssentials
import PawlAPI
import PawlModel

/// The values for a run's variables, from the command line and from a file.
enum VariableArguments {
    /// The values: those of the file, with `NAME=VALUE` over them. Text stays text here; pawld knows the types.
    static func read(_ arguments: [String], file: String?) throws(CommandFailure) -> [String: Value] {
        var values = try file.map { path throws(CommandFailure) in try read(file: path) } ?? [:]
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
            throw CommandFailure(.usage, "variables cannot be read from '\(file)': \(error.reason)")
        }
        do {
            return try JSONDecoder().decode([String: Value].self, from: Data(text.utf8))
        } catch {
            throw CommandFailure(.usage, "'\(file)' is not one JSON object of variables, such as {\"members\": 3}")
        }
    }
}
