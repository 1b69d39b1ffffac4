import PawlModel

extension CalendarExpression {
    /// Words that stand for a whole expression.
    private static let words: [String: String] = [
        "minutely": "*-*-* *:*:00", "hourly": "*-*-* *:00:00", "daily": "*-*-* 00:00:00",
        "weekly": "Mon *-*-* 00:00:00", "monthly": "*-*-01 00:00:00", "quarterly": "*-01,04,07,10-01 00:00:00",
        "semiannually": "*-01,07-01 00:00:00", "semi-annually": "*-01,07-01 00:00:00",
        "biannually": "*-01,07-01 00:00:00", "bi-annually": "*-01,07-01 00:00:00", "yearly": "*-01-01 00:00:00",
        "annually": "*-01-01 00:00:00", "anually": "*-01-01 00:00:00",
    ]

    /// How many values one field may list.
    private static let mostComponents = 241

    /// Reads an expression.
    init(_ text: String) throws(SyntaxFault) {
        var (rest, zone) = CalendarExpression.split(text)
        guard !rest.isEmpty else {
            throw SyntaxFault(message: "there is no calendar expression", offset: 0, hint: "such as 'Mon *-*-* 03:00'")
        }
        rest = CalendarExpression.words[rest.lowercased()] ?? rest
        var parser = CalendarParser(rest)
        do throws(SyntaxFault) {
            self = try parser.expression()
        } catch {
            throw CalendarExpression.isCron(text)
                ? SyntaxFault(
                    message: "this is cron's form of a schedule and not systemd's", offset: 0,
                    hint: "weekdays, date and time, such as 'Mon *-*-* 03:00'") : error
        }
        // Seconds since 1970 are UTC's, whatever stands behind them.
        if self.zone == nil { self.zone = zone }
    }

    /// The expression and the time zone behind it.
    private static func split(_ text: String) -> (String, zone: String?) {
        guard let blank = text.lastIndex(of: " ") else { return (text, nil) }
        let word = text[text.index(after: blank)...]
        let rest = String(text[..<blank])
        if word.lowercased() == "utc" { return (rest, "UTC") }
        let isName = word.utf8.allSatisfy {
            CalendarParser.isLetter($0) || CalendarParser.isDigit($0) || "-+_/".utf8.contains($0)
        }
        guard isName, let first = word.utf8.first, CalendarParser.isLetter(first), word.utf8.last != UInt8(ascii: "/"),
            !String(word).contains("//"), CalendarParser.weekday(at: 0, in: Array(word.utf8)) == nil
        else { return (text, nil) }
        return (rest, String(word))
    }

    /// Five fields of a crontab, which have no ':' in them.
    private static func isCron(_ text: String) -> Bool {
        let fields = text.split(separator: " ")
        return fields.count == 5 && fields.allSatisfy { $0.utf8.allSatisfy { "0123456789*,/-".utf8.contains($0) } }
    }

    /// The fault of an expression whose moments are none: the 30th of February, or a date on another weekday than its own.
    static let neverElapses = "this never elapses: there is no such day in the calendar until the year 2199"

    /// All words there are, for whoever has misspelt one.
    static var knownWords: [String] { words.keys.sorted() + weekdayNames.map { String($0.prefix(3)) } + weekdayNames }

    /// What systemd 252 takes of days from the end of the month: each value of a list three days less than the one before it.
    static let tooFarFromEnd = "systemd does not take this list of days from the end of the month"

    private static func check(fromEnd days: [Component], offset: Int) throws(SyntaxFault) {
        for (place, day) in days.enumerated() {
            let last = Field.day.range.upperBound - 3 * (place + 1)
            let isNear = max(day.start, day.stop ?? 0) <= last && day.step < last
            guard isNear else {
                throw SyntaxFault(message: tooFarFromEnd, offset: offset, hint: "write an expression for each of them")
            }
        }
    }

    /// A field's values as they are written, in systemd's normal form; checked one by one.
    fileprivate mutating func set(_ field: Field, _ parts: [CalendarParser.Part]) throws(SyntaxFault) {
        var components: [Component] = []
        for part in parts { components.append(try part.component(of: field, isFromEnd: field == .day && isFromEnd)) }
        components.sort()
        guard components.count <= CalendarExpression.mostComponents else {
            throw SyntaxFault(
                message: "a list has at most \(CalendarExpression.mostComponents) values", offset: parts[0].offset)
        }
        var unique: [Component] = []
        for component in components where component != unique.last { unique.append(component) }
        if field == .day, isFromEnd { try CalendarExpression.check(fromEnd: unique, offset: parts[0].offset) }
        switch field {
        case .year: years = unique
        case .month: months = unique
        case .day: days = unique
        case .hour: hours = unique
        case .minute: minutes = unique
        case .second: seconds = unique
        }
    }
}

/// Reads a calendar expression without its time zone, from left to right, as systemd's own parser does.
private struct CalendarParser {
    /// A value of a list, as it is written.
    struct Part {
        var start: Int
        var stop: Int?
        var step: Int
        var isStepGiven: Bool
        var offset: Int
    }

    private let bytes: [UInt8]
    private var index = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
    static func isLetter(_ byte: UInt8) -> Bool { byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A }

    private func peek(_ distance: Int = 0) -> UInt8? { index + distance < bytes.count ? bytes[index + distance] : nil }

    private func isAt(_ character: Unicode.Scalar) -> Bool { peek() == UInt8(ascii: character) }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard isAt(character) else { return false }
        index += 1
        return true
    }

    private mutating func takeRange() -> Bool {
        guard isAt("."), peek(1) == UInt8(ascii: ".") else { return false }
        index += 2
        return true
    }

    private mutating func skipBlanks() { while take(" ") {} }

    // MARK: The whole

    mutating func expression() throws(SyntaxFault) -> CalendarExpression {
        var expression = CalendarExpression()
        expression.weekdays = try weekdays()
        if isAt("@") {
            try moment(&expression)
        } else {
            try date(&expression)
            try time(&expression)
        }
        guard index == bytes.count else { throw unexpected("nothing more") }
        return expression
    }

    /// `@SECONDS` since 1970.
    private mutating func moment(_ expression: inout CalendarExpression) throws(SyntaxFault) {
        index += 1
        let offset = index
        skipBlanks()
        _ = take("+")
        let digits = self.digits()
        guard !digits.isEmpty, let seconds = Int64(digits), seconds < 7_258_118_400 else {
            let word = String(decoding: bytes[offset...], as: UTF8.self)
            let near = Suggestion.nearest(to: word, in: CalendarExpression.knownWords)
            throw SyntaxFault(
                message: "behind '@' stand seconds since 1970, until the year 2199", offset: offset,
                hint: near.map(Suggestion.didYouMean))
        }
        let moment = CivilTime(microseconds: seconds * 1_000_000)
        func only(_ value: Int) -> [CalendarExpression.Component] { [.init(start: value)] }
        expression.years = only(moment.date.year)
        expression.months = only(moment.date.month)
        expression.days = only(moment.date.day)
        expression.hours = only(moment.hour)
        expression.minutes = only(moment.minute)
        expression.seconds = only(moment.microsecond)
        expression.zone = "UTC"
    }

    // MARK: Weekdays

    /// The number of the weekday whose name stands at a place, and how long the name is.
    static func weekday(at index: Int, in bytes: [UInt8]) -> (day: Int, length: Int)? {
        for (day, name) in CalendarExpression.weekdayNames.enumerated() {
            for length in [name.utf8.count, 3] where index + length <= bytes.count {
                if zip(bytes[index...], name.utf8.prefix(length)).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) {
                    return (day, length)
                }
            }
        }
        return nil
    }

    private mutating func weekdays() throws(SyntaxFault) -> UInt8? {
        var bits: UInt8 = 0
        var first: Int?
        while true {
            let offset = index
            guard let (day, length) = CalendarParser.weekday(at: index, in: bytes) else {
                guard peek().map(CalendarParser.isLetter) == true else {
                    if bits == 0 { return nil }
                    throw unexpected("a weekday such as Mon")
                }
                throw unknownWord("a weekday such as Mon")
            }
            index += length
            if let next = peek(), !"-., ".utf8.contains(next) {
                index = offset
                throw unknownWord("a weekday such as Mon")
            }
            if let first, first > day {
                throw SyntaxFault(
                    message: "a week goes from Monday to Sunday, so this range has no end", offset: offset,
                    hint: "write two ranges, such as 'Sat..Sun,Mon'")
            }
            for day in (first ?? day)...day { bits |= 1 << day }
            let isRange = first != nil
            first = nil
            if isAt(".") || isAt("-") {
                guard !isRange, take("-") || takeRange() else { throw unexpected("',' or a blank") }
                first = day
            } else if !take(",") {
                break
            }
            // A comma at the end is fine.
            if peek() == nil || isAt(" ") {
                guard first == nil else { throw unexpected("the last weekday of the range") }
                break
            }
        }
        skipBlanks()
        return bits == 0x7F ? nil : bits
    }

    // MARK: Date and time

    private mutating func date(_ expression: inout CalendarExpression) throws(SyntaxFault) {
        guard peek() != nil else { return }
        let start = index
        var lists = [try list(isSecond: false)]
        guard peek() != nil else { throw unexpected("'-' of a date or ':' of a time") }
        // It was the hours.
        guard !isAt(":") else {
            index = start
            return
        }
        while lists.count < 3, !isAt(" "), peek() != nil {
            guard !expression.isFromEnd else { throw unexpected("a blank") }
            expression.isFromEnd = isAt("~")
            guard take("~") || take("-") else { throw unexpected("'-'") }
            lists.append(try list(isSecond: false))
        }
        guard lists.count > 1, peek() == nil || isAt(" ") else { throw unexpected(lists.count > 1 ? "a blank" : "'-'") }
        skipBlanks()
        // From the end of the month to its end is every day.
        if lists[lists.count - 1].isEmpty { expression.isFromEnd = false }
        if lists.count == 3 { try expression.set(.year, lists[0]) }
        try expression.set(.month, lists[lists.count - 2])
        try expression.set(.day, lists[lists.count - 1])
    }

    private mutating func time(_ expression: inout CalendarExpression) throws(SyntaxFault) {
        let midnight = [Part(start: 0, step: 0, isStepGiven: false, offset: index)]
        var lists = [midnight, midnight, midnight]
        if peek() != nil {
            lists[0] = try list(isSecond: false)
            guard take(":") else { throw unexpected("':'") }
            lists[1] = try list(isSecond: false)
            if peek() != nil {
                guard take(":") else { throw unexpected("':' or the end") }
                lists[2] = try list(isSecond: true)
            }
        }
        try expression.set(.hour, lists[0])
        try expression.set(.minute, lists[1])
        try expression.set(.second, lists[2])
    }

    // MARK: Values

    /// The values of one field; empty for `*`, which as seconds is each whole one.
    private mutating func list(isSecond: Bool) throws(SyntaxFault) -> [Part] {
        let offset = index
        if take("*") {
            guard isAt("/") else {
                return isSecond
                    ? [Part(start: 0, step: CalendarExpression.second, isStepGiven: true, offset: offset)] : []
            }
            throw SyntaxFault(
                message: "a repetition begins with a number and not with '*'", offset: offset,
                hint: "such as '0/\(digit(after: 1))' from 0 on")
        }
        var parts: [Part] = []
        repeat {
            let offset = index
            let start = try number(isSecond)
            var part = Part(start: start, step: 0, isStepGiven: false, offset: offset)
            if takeRange() {
                part.stop = try number(isSecond)
                part.step = isSecond ? CalendarExpression.second : 1
            }
            if take("/") {
                let place = index
                part.step = try number(isSecond)
                part.isStepGiven = true
                guard part.step > 0 else {
                    throw SyntaxFault(message: "a repetition every 0 is none", offset: place)
                }
            }
            if let next = peek(), !" ,-~:".utf8.contains(next) { throw unexpected("',', '..', '/' or the next part") }
            parts.append(part)
        } while take(",")
        return parts
    }

    private func digit(after distance: Int) -> String {
        let digits = bytes.dropFirst(index + distance).prefix(while: CalendarParser.isDigit)
        return digits.isEmpty ? "5" : String(decoding: digits, as: UTF8.self)
    }

    private mutating func digits() -> String {
        let start = index
        while let byte = peek(), CalendarParser.isDigit(byte) { index += 1 }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private mutating func number(_ isSecond: Bool) throws(SyntaxFault) -> Int {
        let offset = index
        guard let first = peek(), CalendarParser.isDigit(first) else {
            if peek().map(CalendarParser.isLetter) == true { throw unknownWord("a number or '*'") }
            throw unexpected("a number or '*'")
        }
        let tooLarge = SyntaxFault(message: "this number is too large", offset: offset)
        guard let whole = Int32(digits()) else { throw tooLarge }
        var value = Int(whole)
        guard isSecond else { return value }
        value *= CalendarExpression.second
        if isAt("."), peek(1) != UInt8(ascii: ".") {
            index += 1
            let fraction = Array(digits().utf8)
            guard !fraction.isEmpty else { throw unexpected("digits behind the point") }
            value +=
                fraction.prefix(6).reduce(0) { $0 * 10 + Int($1 - 0x30) } * CalendarParser.power(6 - fraction.count)
            // To the nearest microsecond.
            if fraction.count > 6, fraction[6] >= 0x35 { value += 1 }
        }
        guard value <= Int(Int32.max) else { throw tooLarge }
        return value
    }

    private static func power(_ exponent: Int) -> Int { (0..<max(0, exponent)).reduce(1) { power, _ in power * 10 } }

    // MARK: Faults

    private func unexpected(_ wanted: String) -> SyntaxFault {
        let found = String(decoding: bytes.dropFirst(index), as: UTF8.self).first
        return SyntaxFault(
            message: "here stands \(found.map { "'\($0)'" } ?? "nothing") in place of \(wanted)", offset: index)
    }

    private func unknownWord(_ wanted: String) -> SyntaxFault {
        let word = String(
            decoding: bytes.dropFirst(index).prefix { CalendarParser.isLetter($0) || $0 == UInt8(ascii: "-") },
            as: UTF8.self)
        let near = Suggestion.nearest(to: word, in: CalendarExpression.knownWords)
        return SyntaxFault(
            message: "'\(word)' is not \(wanted)", offset: index, hint: near.map(Suggestion.didYouMean))
    }
}

extension CalendarParser.Part {
    /// The value as one of a field, in its normal form.
    fileprivate func component(
        of field: CalendarExpression.Field, isFromEnd: Bool
    ) throws(SyntaxFault) -> CalendarExpression.Component {
        var part = self
        if field == .year {
            part.start = Self.year(start)
            part.stop = stop.map(Self.year)
        }
        // Without a step of its own a range of seconds goes by whole ones.
        if field == .second, !isStepGiven, let stop, start + step > stop {
            throw SyntaxFault(message: "a range of seconds has at least one second", offset: offset)
        }
        if let last = part.stop, last > part.start, part.step > 0 { part.stop = last - (last - part.start) % part.step }
        if part.stop == part.start { (part.stop, part.step) = (nil, 0) }
        // Every month has a day that is the 28th from its end.
        let range = isFromEnd ? field.range.lowerBound...(field.range.upperBound - 3) : field.range
        for value in [part.start, part.stop ?? part.start] where !range.contains(value) {
            let most = field == .second ? 59 : range.upperBound
            let what = isFromEnd ? "a day from the end of the month" : field == .hour ? "an hour" : "a \(field)"
            throw SyntaxFault(message: "\(what) is a number from \(range.lowerBound) to \(most)", offset: offset)
        }
        if let last = part.stop, part.start + part.step > last {
            throw SyntaxFault(message: "the end of this range comes before its beginning", offset: offset)
        }
        let reach = isFromEnd ? part.start - part.step >= range.lowerBound : part.start + part.step <= range.upperBound
        guard part.step <= range.upperBound - range.lowerBound, part.stop != nil || reach else {
            throw SyntaxFault(message: "this repetition has no second time within its \(field)s", offset: offset)
        }
        return CalendarExpression.Component(start: part.start, stop: part.stop, step: part.step)
    }

    private static func year(_ value: Int) -> Int { value < 70 ? value + 2000 : value < 100 ? value + 1900 : value }
}
