import PawlModel
import YAMLKit

/// Collects what is wrong with a file, and with the files that belong to it, while it is read, so that all of it is told at
/// once.
final class Faults {
    /// The texts that were read and how their files are named; a mark's part is the place in this list.
    private var parts: [(file: String, document: YAMLDocument?)]
    private var found: Set<Finding> = []
    private var suggestionsLeft = 200
    /// How much text may still be counted through to find places inside scalars.
    private var placesLeft = 64 << 20
    /// How many instructions the patterns of the file may still become, together.
    private var instructionsLeft = 50_000
    /// What the checks of defaults may still cost, together.
    var work = Work(Work.most / 4)

    /// How many are told at most: beyond that nobody reads, and a broken file must not fill memory.
    private static let most = 1000

    /// Whether the text is one that a run was started from. It passed the checks of its day: one that came later may warn
    /// of it, but must not keep the run from going on.
    private let isAccepted: Bool

    /// Whether what is allowed and better avoided is warned of.
    let isStrict: Bool

    /// What is known of the manager that is to run the workflow.
    let manager: ManagerTraits

    init(
        file: String, isAccepted: Bool = false, isStrict: Bool = false, manager: ManagerTraits = ManagerTraits()
    ) {
        parts = [(file, nil)]
        (self.isAccepted, self.isStrict, self.manager) = (isAccepted, isStrict, manager)
    }

    /// The file that was to be read.
    var file: String { parts[0].file }

    /// The file that a place is in.
    func file(of mark: YAMLMark) -> String { parts[mark.part].file }

    /// A place in words, for a fault that is somewhere else.
    func place(_ mark: YAMLMark, seenFrom other: YAMLMark) -> String {
        mark.part == other.part
            ? "at line \(mark.line), column \(mark.column)" : "at \(file(of: mark)):\(mark.line):\(mark.column)"
    }

    /// Reads the file's text; nil where it cannot be read or is empty.
    func root(of text: String) -> YAMLNode? { root(of: text, part: 0, after: nil) }

    /// Reads the text of a file that belongs to it. What one text may cost at most is the bound for all of them together.
    func root(of text: String, partIn file: String) -> YAMLNode? {
        let previous = parts.reversed().lazy.compactMap(\.document).first
        parts.append((file, nil))
        return root(of: text, part: parts.count - 1, after: previous)
    }

    private func root(of text: String, part: Int, after previous: YAMLDocument?) -> YAMLNode? {
        do throws(YAMLError) {
            let document = try YAMLDocument(text, part: part, after: previous)
            parts[part].document = document
            for fault in document.faults {
                error(YAMLMark(line: fault.line, column: fault.column, part: part), fault.message)
            }
            return document.root
        } catch {
            self.error(YAMLMark(line: error.line, column: error.column, part: part), error.message)
            return nil
        }
    }

    var hasErrors: Bool { found.contains { $0.diagnostic.severity == .error } }

    /// What was probably meant by a name, as a hint. Only the first faults get one: each costs a look at all names.
    func didYouMean(_ name: String, _ candidates: @autoclosure () -> [String]) -> String? {
        guard suggestionsLeft > 0 else { return nil }
        suggestionsLeft -= 1
        return Suggestion.nearest(to: name, in: candidates()).map(Suggestion.didYouMean)
    }

    func error(_ mark: YAMLMark, _ message: String, hint: String? = nil) {
        add(mark, .error, message, hint)
    }

    func warning(_ mark: YAMLMark, _ message: String, hint: String? = nil) {
        add(mark, .warning, message, hint)
    }

    /// A fault at a character of a scalar's text.
    func error(in node: YAMLNode, at offset: Int, _ message: String, hint: String? = nil) {
        add(in: node, at: offset, .error, message, hint)
    }

    /// What a check found that is stricter than that of an earlier version: an error, but in a text that was accepted.
    func refuse(in node: YAMLNode, at offset: Int, _ message: String, hint: String? = nil) {
        add(in: node, at: offset, isAccepted ? .warning : .error, message, hint)
    }

    private func add(
        in node: YAMLNode, at offset: Int, _ severity: Diagnostic.Severity, _ message: String, _ hint: String?
    ) {
        add(mark(in: node, at: offset), severity, message, hint)
    }

    /// The place of a character of a scalar's text.
    func mark(in node: YAMLNode, at offset: Int) -> YAMLMark {
        placesLeft -= min(placesLeft, node.scalar?.text.utf8.count ?? 0)
        let mark = placesLeft > 0 ? parts[node.mark.part].document?.mark(ofCharacter: offset, in: node) : nil
        return mark ?? node.mark
    }

    /// A regular expression. Each is small, but a file may have thousands of them.
    func pattern(_ entry: YAMLEntry) -> Pattern? {
        guard let text = text(entry) else { return nil }
        guard instructionsLeft > 0 else {
            error(
                entry.place, "the regular expressions of this file are too large together", hint: "repeat fewer times")
            return nil
        }
        do throws(SyntaxFault) {
            let pattern = try Pattern(text)
            instructionsLeft -= pattern.program.count
            return pattern
        } catch {
            refuse(
                in: entry.value, at: error.offset, "this is no regular expression: \(error.message)", hint: error.hint)
            return nil
        }
    }

    private func add(_ mark: YAMLMark, _ severity: Diagnostic.Severity, _ message: String, _ hint: String?) {
        let diagnostic = Diagnostic(
            file: file(of: mark), line: mark.line, column: mark.column, severity: severity, message: message, hint: hint
        )
        found.insert(Finding(part: mark.part, diagnostic: diagnostic))
    }

    /// What was found, and in which of the texts.
    private struct Finding: Hashable {
        var part: Int
        var diagnostic: Diagnostic
    }

    /// All that was found, in the order of the texts.
    var sorted: [Diagnostic] {
        let all = found.sorted { left, right in
            let (one, other) = (left.diagnostic, right.diagnostic)
            return (left.part, one.line, one.column, one.message) < (
                right.part, other.line, other.column, other.message
            )
        }.map(\.diagnostic)
        guard all.count > Faults.most, let last = all.last else { return all }
        var rest = last
        // As an error, whatever is left out: a list that was cut must never look like one of warnings alone.
        (rest.severity, rest.hint) = (hasErrors ? .error : .warning, nil)
        rest.message = "there are \(all.count - Faults.most + 1) more faults before and here"
        return Array(all.prefix(Faults.most - 1)) + [rest]
    }
}
