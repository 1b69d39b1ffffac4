import PawlModel
import YAMLKit

/// Collects what is wrong with one file while it is read, so that all of it is told at once.
final class Faults {
    let file: String
    private var document: YAMLDocument?
    private var found: Set<Diagnostic> = []

    /// How many are told at most: beyond that nobody reads, and a broken file must not fill memory.
    private static let most = 1000

    init(file: String) { self.file = file }

    /// Reads the file's text; nil where it cannot be read or is empty.
    func root(of text: String) -> YAMLNode? {
        do throws(YAMLError) {
            let document = try YAMLDocument(text)
            self.document = document
            for fault in document.faults {
                error(YAMLMark(line: fault.line, column: fault.column), fault.message)
            }
            return document.root
        } catch {
            self.error(YAMLMark(line: error.line, column: error.column), error.message)
            return nil
        }
    }

    var hasErrors: Bool { found.contains { $0.severity == .error } }

    func error(_ mark: YAMLMark, _ message: String, hint: String? = nil) {
        add(mark, .error, message, hint)
    }

    func warning(_ mark: YAMLMark, _ message: String, hint: String? = nil) {
        add(mark, .warning, message, hint)
    }

    /// A fault at a character of a scalar's text.
    func error(in node: YAMLNode, at offset: Int, _ message: String, hint: String? = nil) {
        add(document?.mark(ofCharacter: offset, in: node) ?? node.mark, .error, message, hint)
    }

    private func add(_ mark: YAMLMark, _ severity: Diagnostic.Severity, _ message: String, _ hint: String?) {
        found.insert(
            Diagnostic(
                file: file, line: mark.line, column: mark.column, severity: severity, message: message, hint: hint))
    }

    /// All that was found, in the order of the text.
    var sorted: [Diagnostic] {
        let all = found.sorted { ($0.line, $0.column, $0.message) < ($1.line, $1.column, $1.message) }
        guard all.count > Faults.most, let last = all.last else { return all }
        var rest = last
        // As an error, whatever is left out: a list that was cut must never look like one of warnings alone.
        (rest.severity, rest.hint) = (hasErrors ? .error : .warning, nil)
        rest.message = "there are \(all.count - Faults.most + 1) more faults before and here"
        return Array(all.prefix(Faults.most - 1)) + [rest]
    }
}
