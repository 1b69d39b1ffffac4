/// Moments that come again, as `OnCalendar=` has them (`man:systemd.time(7)`, "CALENDAR EVENTS"): what systemd reads, no more
/// and no less, so that a schedule that was checked is one that a timer takes.
package struct CalendarExpression: Sendable, Hashable, CustomStringConvertible {
    /// One of the values of a field, or some at equal distances.
    struct Component: Sendable, Hashable, Comparable {
        /// The first.
        var start: Int
        /// The last there can be; nil: the field's own.
        var stop: Int?
        /// The distance; 0: there is only the first.
        var step = 0

        static func < (left: Component, right: Component) -> Bool {
            (left.start, left.stop ?? -1, left.step) < (right.start, right.stop ?? -1, right.step)
        }
    }

    /// A part of a date or a time.
    enum Field: String {
        case year, month, day, hour, minute, second

        /// Its values; those of a second are microseconds.
        var range: ClosedRange<Int> {
            switch self {
            case .year: 1970...2199
            case .month: 1...12
            case .day: 1...31
            case .hour: 0...23
            case .minute: 0...59
            case .second: 0...59_999_999
            }
        }
    }

    /// One bit a weekday, that of Monday the lowest; nil: any.
    var weekdays: UInt8?
    /// Empty: any, as everywhere below.
    var years: [Component] = []
    var months: [Component] = []
    var days: [Component] = []
    /// Whether days are counted from the end of the month, its last one as 1.
    var isFromEnd = false
    var hours: [Component] = []
    var minutes: [Component] = []
    /// Seconds and their fractions, in microseconds.
    var seconds: [Component] = []
    /// The time zone whose clocks are meant; nil: the host's. That it is there nobody has looked.
    package internal(set) var zone: String?

    static let second = 1_000_000
    static let weekdayNames = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

    // MARK: The normal form

    /// As systemd writes it.
    package var description: String {
        var text = weekdays.map { CalendarExpression.text(ofWeekdays: $0) + " " } ?? ""
        text += CalendarExpression.text(of: years, width: 4) + "-" + CalendarExpression.text(of: months)
        text += (isFromEnd ? "~" : "-") + CalendarExpression.text(of: days)
        text += " \(CalendarExpression.text(of: hours)):\(CalendarExpression.text(of: minutes)):"
        let every = [Component(start: 0, step: CalendarExpression.second)]
        text += seconds == every ? "*" : CalendarExpression.text(of: seconds, unit: CalendarExpression.second)
        return text + (zone.map { " " + $0 } ?? "")
    }

    private static func text(ofWeekdays bits: UInt8) -> String {
        var parts: [String] = []
        var day = 0
        while day < 7 {
            guard bits & 1 << day != 0 else {
                day += 1
                continue
            }
            let first = day
            while day < 7, bits & 1 << day != 0 { day += 1 }
            let names = weekdayNames.map { String($0.prefix(3)) }
            // Two neighbours are written as two.
            switch day - first {
            case 1: parts.append(names[first])
            case 2: parts += [names[first], names[first + 1]]
            default: parts.append("\(names[first])..\(names[day - 1])")
            }
        }
        return parts.joined(separator: ",")
    }

    private static func text(of components: [Component], width: Int = 2, unit: Int = 1) -> String {
        func number(_ value: Int, _ width: Int) -> String {
            let whole = padded(value / unit, width)
            return value % unit == 0 ? whole : whole + "." + padded(value % unit, 6)
        }
        guard !components.isEmpty else { return "*" }
        return components.map { component in
            var text = number(component.start, width)
            if let stop = component.stop { text += ".." + number(stop, width) }
            if component.step > 0, component.stop == nil || component.step != unit {
                text += "/" + number(component.step, 1)
            }
            return text
        }.joined(separator: ",")
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
