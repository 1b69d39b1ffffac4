import PawlModel

@testable import PawlLanguage

/// What the parts of the language that have no file of their own are fed.
enum FuzzExpression {
    /// Values of every kind, among them texts that hold JSON and one that is large.
    private struct FuzzScope: Scope {
        static let values: [String: Value] = [
            "n": 3, "big": .integer(.max), "half": .number(0.5), "t": "text", "yes": true, "none": .null,
            "digits": "10",
            "members": .list([.map(["name": "m1", "port": 12379]), .map(["name": "m2", "port": 22379])]),
            "dir": "/srv/a", "json": #"{"a": [1, {"b": "ä\u00e4"}], "port": "1"}"#, "map": .map(["k": 1]),
            "large": .string(String(repeating: "line of text\n", count: 5000)),
            "snapshot": .map([
                "state": "succeeded", "exit_code": 0, "attempts": 2, "output": "a\nb",
                "outputs": .map(["bytes": "1024", "ok": "true", "list": "[1, 2]"]),
            ]),
            "my-step": .map(["state": "failed", "outputs": .map([:])]),
            "run": .map(["started": "2026-11-21T03:04:05.678Z", "failed_steps": .list(["a", "b"])]),
        ]

        func value(of name: String) -> Value? { FuzzScope.values[name] }
    }

    /// Reads a text with expressions and evaluates it; both can refuse it, with a place inside.
    static func evaluate(_ text: String) {
        let count = text.unicodeScalars.count
        let template: Template
        do throws(SyntaxFault) { template = try Template(text) } catch {
            precondition(error.offset >= 0 && error.offset <= count && !error.message.isEmpty)
            return
        }
        for reference in template.references { precondition(reference.offset >= 0 && reference.offset < count) }
        do throws(EvaluationFault) {
            let value = try template.evaluate(in: FuzzScope())
            // What came out is a value like any other.
            precondition(value.environmentText.utf8.count <= 64 << 20)
        } catch {
            precondition(error.offset >= 0 && error.offset < count && !error.message.isEmpty)
        }
    }

    /// Reads a pattern and matches a text with it.
    static func match(_ pattern: String, _ text: String) {
        do throws(SyntaxFault) {
            let read = try Pattern(pattern)
            var (work, rest) = (Work(), Work())
            let isWhole = try? read.matchesWhole(text, &work)
            let isPart = try? read.matchesPart(of: text, &rest)
            // A text that matches as a whole has a part that does.
            precondition(isWhole != true || isPart != false)
        } catch {
            precondition(error.offset >= 0 && error.offset <= pattern.unicodeScalars.count && !error.message.isEmpty)
        }
    }
}
