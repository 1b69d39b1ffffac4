/// Text for HTML and SVG. Whatever comes from a workflow or a run goes through `escaped`.
enum Markup {
    /// Text that means nothing but itself, between tags and in an attribute. What XML cannot have at all, and what would turn the
    /// direction of what is around it, is shown as a sign of its own.
    static func escaped(_ text: String) -> String {
        var result = ""
        result.unicodeScalars.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x26: result += "&amp;"
            case 0x3C: result += "&lt;"
            case 0x3E: result += "&gt;"
            case 0x22: result += "&quot;"
            case 0x27: result += "&#39;"
            case 0x09, 0x0A: result.unicodeScalars.append(scalar)
            case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069, 0xFFFE, 0xFFFF: result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// The same on one line.
    static func line(_ text: String) -> String {
        escaped(text.replacing("\n", with: " ").replacing("\t", with: " "))
    }

    /// Text cut to so many characters.
    static func cut(_ text: String, _ count: Int) -> String {
        text.count > count ? text.prefix(max(0, count - 1)) + "…" : text
    }

    /// What a program wrote for a terminal, without the orders for that: colours and the like (ECMA-48, 5.4).
    static func withoutOrders(_ text: String) -> String {
        guard text.unicodeScalars.contains("\u{1B}") else { return text }
        var result = String.UnicodeScalarView()
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            guard scalar == "\u{1B}" else {
                result.append(scalar)
                continue
            }
            guard rest.first == "[" else { continue }
            rest = rest.dropFirst()
            while let next = rest.popFirst(), !(0x40...0x7E).contains(next.value) {}
        }
        return String(result)
    }

    /// A number with one decimal at most.
    static func number(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e9 else { return "0" }
        let tenths = Int(value * 10 + (value < 0 ? -0.5 : 0.5))
        let text = "\(abs(tenths) / 10)" + (tenths % 10 == 0 ? "" : ".\(abs(tenths) % 10)")
        return tenths < 0 ? "-" + text : text
    }
}

/// A drawing in SVG, element by element.
struct Drawing {
    private(set) var body = ""

    /// A rectangle.
    mutating func rectangle(
        _ x: Double, _ y: Double, _ width: Double, _ height: Double, radius: Double = 0, style: String,
        title: String? = nil
    ) {
        let n = Markup.number
        let rounding = radius > 0 ? " rx=\"\(n(radius))\"" : ""
        let shape =
            "<rect x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(max(0, width)))\" height=\"\(n(max(0, height)))\"\(rounding) class=\"\(style)\""
        body += title.map { "\(shape)><title>\(Markup.escaped($0))</title></rect>\n" } ?? "\(shape)/>\n"
    }

    /// A straight line.
    mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, style: String) {
        let n = Markup.number
        body += "<line x1=\"\(n(x1))\" y1=\"\(n(y1))\" x2=\"\(n(x2))\" y2=\"\(n(y2))\" class=\"\(style)\"/>\n"
    }

    /// A path in SVG's own words.
    mutating func path(_ words: String, style: String, title: String? = nil) {
        let shape = "<path d=\"\(words)\" class=\"\(style)\""
        body += title.map { "\(shape)><title>\(Markup.escaped($0))</title></path>\n" } ?? "\(shape)/>\n"
    }

    /// A line of text.
    mutating func text(_ text: String, _ x: Double, _ y: Double, style: String, title: String? = nil) {
        let n = Markup.number
        let hint = title.map { "<title>\(Markup.escaped($0))</title>" } ?? ""
        body += "<text x=\"\(n(x))\" y=\"\(n(y))\" class=\"\(style)\">\(hint)\(Markup.line(text))</text>\n"
    }

    /// A circle.
    mutating func circle(_ x: Double, _ y: Double, _ radius: Double, style: String) {
        let n = Markup.number
        body += "<circle cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"\(n(radius))\" class=\"\(style)\"/>\n"
    }

    /// Another drawing moved to a place.
    mutating func insert(_ other: Drawing, x: Double, y: Double) {
        let n = Markup.number
        body += "<g transform=\"translate(\(n(x)) \(n(y)))\">\n\(other.body)</g>\n"
    }

    /// The whole of it, of that size.
    ///
    /// - Parameters:
    ///   - label: what somebody hears who cannot see it.
    ///   - isAlone: whether it is a file of its own, with a style sheet and a ground.
    func document(width: Double, height: Double, label: String, isAlone: Bool) -> String {
        let n = Markup.number
        let name = isAlone ? "<title>\(Markup.line(label))</title>\n" : ""
        let style = isAlone ? "<style>\n\(StyleSheet.colours(":root"))\(StyleSheet.drawing)</style>\n" : ""
        let ground = isAlone ? "<rect width=\"100%\" height=\"100%\" class=\"ground\"/>\n" : ""
        let space = isAlone ? " xmlns=\"http://www.w3.org/2000/svg\"" : ""
        return
            "<svg\(space) width=\"\(n(width))\" height=\"\(n(height))\" viewBox=\"0 0 \(n(width)) \(n(height))\" role=\"img\" "
            + "aria-label=\"\(Markup.line(label))\">\n\(name)\(style)\(ground)\(body)</svg>"
    }
}
