/// A fault or a warning in a text, with its place.
package struct Diagnostic: Sendable, Hashable, Codable, Error, CustomStringConvertible {
    /// How bad it is. Only errors keep a workflow from starting.
    package enum Severity: String, Sendable, Codable {
        case error, warning
    }

    /// The file, as it was named by whoever asked.
    package var file: String
    /// The line, from 1.
    package var line: Int
    /// The column, from 1, counted in characters.
    package var column: Int
    /// How bad it is.
    package var severity: Severity
    /// What is wrong, as a sentence without its full stop.
    package var message: String
    /// What was probably meant, such as a near name.
    package var hint: String?

    /// Makes a diagnostic.
    package init(
        file: String, line: Int, column: Int, severity: Severity = .error, message: String, hint: String? = nil
    ) {
        self.file = file
        self.line = line
        self.column = column
        self.severity = severity
        self.message = message
        self.hint = hint
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(file, forKey: .file)
        try container.encode(line, forKey: .line)
        try container.encode(column, forKey: .column)
        try container.encode(severity, forKey: .severity)
        try container.encode(message, forKey: .message)
        // Also where there is none, so that a reader need not tell a missing key from an empty one.
        try container.encode(hint, forKey: .hint)
    }

    /// `FILE:LINE:COLUMN: error: what is wrong (what was meant)`.
    package var description: String {
        "\(file):\(line):\(column): \(severity.rawValue): \(message)" + (hint.map { " (\($0))" } ?? "")
    }
}
