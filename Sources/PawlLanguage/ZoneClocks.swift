import PawlModel

/// How far the clocks of a time zone are from UTC, and since when: a file below `/usr/share/zoneinfo` (`man:tzfile(5)`).
package struct ZoneClocks: Sendable {
    /// What a moment on those clocks is.
    enum Moments: Equatable {
        /// The moments, in seconds since 1970, at which they show it; two where they were put back.
        case at([Int64])
        /// They are put forward over it, to this.
        case leftOut(until: Int64)
    }

    private struct Change {
        /// Seconds since 1970.
        var at: Int64
        /// Seconds east of UTC from then on.
        var offset: Int
    }

    private var first: Int
    private var changes: [Change] = []

    /// The clocks of UTC.
    package static let utc = ZoneClocks(offset: 0)

    private init(offset: Int) { first = offset }

    /// The seconds that they are ahead of UTC at a moment.
    func offset(at moment: Int64) -> Int {
        var (low, high) = (0, changes.count)
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].at <= moment { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? first : changes[low - 1].offset
    }

    /// The moments at which they show a date and a time, given in seconds since they showed the beginning of 1970.
    func moments(showing local: Int64) -> Moments {
        // No clock is farther than a day from UTC, so what is in force two days around it is all that can be.
        let day: Int64 = 86_400
        let near = changes.filter { abs($0.at - local) <= 2 * day }
        let offsets = Set([offset(at: local - 2 * day)] + near.map(\.offset))
        let moments = offsets.map { local - Int64($0) }.filter { $0 + Int64(offset(at: $0)) == local }.sorted()
        guard moments.isEmpty else { return .at(moments) }
        let passed = near.map { $0.at + Int64($0.offset) }.filter { $0 > local }.min()
        return .leftOut(until: passed ?? local + 1)
    }

    // MARK: The file

    /// Reads the bytes of such a file; nil where they are none.
    package init?(_ bytes: [UInt8]) {
        var reader = ZoneFileReader(bytes)
        guard var header = reader.header() else { return nil }
        var width = 4
        if header.version >= 0x32 {
            guard reader.skip(header.size(width: 4)), let second = reader.header() else { return nil }
            (header, width) = (second, 8)
        }
        guard header.times <= 1 << 16, 1...256 ~= header.types else { return nil }
        var times: [Int64] = []
        for _ in 0..<header.times {
            guard let time = reader.integer(width) else { return nil }
            times.append(time)
        }
        guard let kinds = reader.take(header.times) else { return nil }
        var offsets: [Int] = []
        for _ in 0..<header.types {
            guard let offset = reader.integer(4), abs(offset) < 86_400, reader.skip(2) else { return nil }
            offsets.append(Int(offset))
        }
        self.init(offset: offsets[0])
        for (time, kind) in zip(times, kinds) {
            guard Int(kind) < offsets.count else { return nil }
            changes.append(Change(at: time, offset: offsets[Int(kind)]))
        }
        guard width == 8, reader.skip(header.rest(width: 8)), let footer = reader.footer(), !footer.isEmpty else {
            return
        }
        guard let rule = ZoneRule(footer) else { return nil }
        // From the last change on the rule holds; all that follows from it until the last year there is, is written out.
        let last = changes.last?.at ?? .min
        let year = changes.isEmpty ? 1970 : CivilTime(microseconds: max(last, 0) * 1_000_000).date.year
        guard year <= 2200 else { return }
        for change in (year...2200).flatMap(rule.changes) where change.at > last {
            changes.append(Change(at: change.at, offset: change.offset))
        }
        if changes.isEmpty { first = rule.offset }
    }
}

/// Reads numbers of such a file, the highest byte first.
private struct ZoneFileReader {
    /// What the file has how many of.
    struct Header {
        var version: UInt8
        var times, types, characters, leaps, standard, universal: Int

        /// All that follows.
        func size(width: Int) -> Int { times * (width + 1) + types * 6 + rest(width: width) }
        /// What follows behind the kinds of clocks.
        func rest(width: Int) -> Int { characters + leaps * (width + 4) + standard + universal }
    }

    private let bytes: [UInt8]
    private var index = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, count <= bytes.count - index else { return nil }
        index += count
        return bytes[(index - count)..<index]
    }

    mutating func skip(_ count: Int) -> Bool { take(count) != nil }

    mutating func integer(_ width: Int) -> Int64? {
        guard let slice = take(width), let first = slice.first else { return nil }
        return slice.dropFirst().reduce(Int64(Int8(bitPattern: first))) { $0 << 8 | Int64($1) }
    }

    mutating func header() -> Header? {
        guard take(4)?.elementsEqual("TZif".utf8) == true, let version = take(1)?.first, skip(15) else { return nil }
        var counts: [Int] = []
        for _ in 0..<6 {
            guard let count = integer(4), count >= 0 else { return nil }
            counts.append(Int(count))
        }
        return Header(
            version: version, times: counts[3], types: counts[4], characters: counts[5], leaps: counts[2],
            standard: counts[1], universal: counts[0])
    }

    /// The rule at the end, between two line ends.
    mutating func footer() -> String? {
        guard take(1)?.first == 0x0A else { return nil }
        return String(decoding: bytes[index...].prefix { $0 != 0x0A }, as: UTF8.self)
    }
}

/// When the clocks change each year, as the variable `TZ` has it (`man:tzset(3)`), such as `CET-1CEST,M3.5.0,M10.5.0/3`.
private struct ZoneRule {
    /// One day of each year, and a time on that day's clocks.
    private enum Day {
        /// The number of a day, from 1; the 29th of February is never counted.
        case withoutLeapDay(Int)
        /// The number of a day, from 0.
        case counted(Int)
        case weekday(Int, week: Int, month: Int)
    }

    /// Seconds east of UTC in winter, or always.
    let offset: Int
    private var summer: (offset: Int, begin: (Day, time: Int), end: (Day, time: Int))?

    init?(_ text: String) {
        var rest = Substring(text)
        guard ZoneRule.skipName(&rest), let offset = ZoneRule.time(&rest) else { return nil }
        self.offset = -offset
        guard !rest.isEmpty else { return }
        guard ZoneRule.skipName(&rest) else { return nil }
        var summer = self.offset + 3600
        if let first = rest.first, first != "," {
            guard let offset = ZoneRule.time(&rest) else { return nil }
            summer = -offset
        }
        guard let begin = ZoneRule.day(&rest), let end = ZoneRule.day(&rest), rest.isEmpty else { return nil }
        self.summer = (summer, begin, end)
    }

    /// The changes of a year, in their order.
    func changes(in year: Int) -> [(at: Int64, offset: Int)] {
        guard let summer else { return [] }
        func moment(_ day: (Day, time: Int), _ offset: Int) -> Int64 {
            ZoneRule.number(of: day.0, in: year) * 86_400 + Int64(day.time - offset)
        }
        return [
            (moment(summer.begin, offset), summer.offset), (moment(summer.end, summer.offset), offset),
        ].sorted { $0.at < $1.at }
    }

    private static func number(of day: Day, in year: Int) -> Int64 {
        let start = CivilDate(year: year, month: 1, day: 1)?.number ?? 0
        switch day {
        case .counted(let number): return start + Int64(number)
        case .withoutLeapDay(let number):
            let isLeap = CivilDate(year: year, month: 2, day: 29) != nil
            return start + Int64(number - (isLeap && number >= 60 ? 0 : 1))
        case .weekday(let weekday, let week, let month):
            let first = CivilDate(year: year, month: month, day: 1)?.number ?? start
            // 1970 began with a Thursday; here Sunday is 0.
            var number = first + Int64((weekday - Int((first + 4) % 7) + 7) % 7 + (week - 1) * 7)
            // The fifth is the last.
            while CivilDate(number: number).month != month { number -= 7 }
            return number
        }
    }

    private static func skipName(_ text: inout Substring) -> Bool {
        if text.first == "<" {
            guard let end = text.firstIndex(of: ">") else { return false }
            text = text[text.index(after: end)...]
            return true
        }
        let count = text.prefix(while: \.isLetter).count
        text = text.dropFirst(count)
        return count >= 3
    }

    private static func number(_ text: inout Substring, _ range: ClosedRange<Int>) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits), range.contains(number) else { return nil }
        text = text.dropFirst(digits.count)
        return number
    }

    /// `[+-]HH[:MM[:SS]]` in seconds.
    private static func time(_ text: inout Substring) -> Int? {
        let isNegative = text.first == "-"
        if text.first == "-" || text.first == "+" { text = text.dropFirst() }
        guard var seconds = number(&text, 0...167).map({ $0 * 3600 }) else { return nil }
        for unit in [60, 1] where text.first == ":" {
            text = text.dropFirst()
            guard let part = number(&text, 0...59) else { return nil }
            seconds += part * unit
        }
        return isNegative ? -seconds : seconds
    }

    private static func day(_ text: inout Substring) -> (Day, time: Int)? {
        guard text.first == "," else { return nil }
        text = text.dropFirst()
        let day: Day
        switch text.first {
        case "M":
            text = text.dropFirst()
            var parts: [Int] = []
            for range in [1...12, 1...5, 0...6] {
                if !parts.isEmpty {
                    guard text.first == "." else { return nil }
                    text = text.dropFirst()
                }
                guard let part = number(&text, range) else { return nil }
                parts.append(part)
            }
            day = .weekday(parts[2], week: parts[1], month: parts[0])
        case "J":
            text = text.dropFirst()
            guard let number = number(&text, 1...365) else { return nil }
            day = .withoutLeapDay(number)
        default:
            guard let number = number(&text, 0...365) else { return nil }
            day = .counted(number)
        }
        guard text.first == "/" else { return (day, 7200) }
        text = text.dropFirst()
        return time(&text).map { (day, $0) }
    }
}
