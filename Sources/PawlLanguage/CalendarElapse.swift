package import PawlModel

/// A date and a time of the day, of no place's clocks in particular.
struct CivilTime {
    let date: CivilDate
    /// From 0, like the ones below.
    let hour: Int
    let minute: Int
    /// Within the minute.
    let microsecond: Int

    static let perMinute: Int64 = 60_000_000
    static let perDay: Int64 = 86_400_000_000

    /// So many microseconds after 1970 began on those clocks.
    init(microseconds: Int64) {
        let (days, rest) = CivilDate.divided(microseconds, by: CivilTime.perDay)
        date = CivilDate(number: days)
        hour = Int(rest / (60 * CivilTime.perMinute))
        minute = Int(rest / CivilTime.perMinute % 60)
        microsecond = Int(rest % CivilTime.perMinute)
    }
}

extension CalendarExpression {
    /// Whether there is a moment at all, from 1970 to 2199. Which clocks are meant does not matter for that, but for an hour that
    /// they leave out.
    var everElapses: Bool { CalendarSearch(self).next(from: 0) != nil }

    /// The first moment after another one; nil if there is none until 2199.
    ///
    /// - Parameters:
    ///   - moment: the moment before.
    ///   - clocks: those of the expression's time zone. What they leave out is left out; an hour that they have twice counts
    ///     once.
    package func next(after moment: Timestamp, on clocks: ZoneClocks) -> Timestamp? {
        let search = CalendarSearch(self)
        let (second, rest) = CivilDate.divided(moment.microseconds + 1, by: 1_000_000)
        var local = (second + Int64(clocks.offset(at: second))) * 1_000_000 + rest
        while let found = search.next(from: local) {
            let (second, fraction) = CivilDate.divided(found, by: 1_000_000)
            switch clocks.moments(showing: second) {
            case .leftOut(let until): local = until * 1_000_000
            case .at(let moments):
                let later = moments.lazy.map { $0 * 1_000_000 + fraction }.first { $0 > moment.microseconds }
                if let later { return Timestamp(microseconds: later) }
                local = found + 1
            }
        }
        return nil
    }
}

/// The fields of an expression as sets of bits, so that a look at each day of 230 years costs next to nothing.
private struct CalendarSearch {
    private let expression: CalendarExpression
    private let years: [Bool]
    private let months: UInt64
    /// For months of 28, 29, 30 and 31 days.
    private let days: [UInt64]
    private let hours: UInt64
    private let minutes: UInt64

    init(_ expression: CalendarExpression) {
        typealias Field = CalendarExpression.Field
        self.expression = expression
        let everyYear = expression.years.isEmpty
        years = Field.year.range.map { year in
            everyYear || expression.years.contains { CalendarSearch.next($0, from: year) == year }
        }
        months = CalendarSearch.bits(expression.months, Field.month.range)
        hours = CalendarSearch.bits(expression.hours, Field.hour.range)
        minutes = CalendarSearch.bits(expression.minutes, Field.minute.range)
        days = (28...31).map { length in
            guard expression.isFromEnd else { return CalendarSearch.bits(expression.days, 1...length) }
            let turned = expression.days.map { day in
                let (first, last) = (length + 1 - day.start, day.stop.map { length + 1 - $0 })
                return CalendarExpression.Component(
                    start: min(first, last ?? first), stop: last.map { max(first, $0) }, step: day.step)
            }
            return CalendarSearch.bits(turned, 1...length)
        }
    }

    private static func bits(_ components: [CalendarExpression.Component], _ range: ClosedRange<Int>) -> UInt64 {
        range.reduce(0) { bits, value in
            let isIn = components.isEmpty || components.contains { next($0, from: value) == value }
            return isIn ? bits | 1 << value : bits
        }
    }

    /// The first of a component's values from another one on.
    private static func next(_ component: CalendarExpression.Component, from value: Int) -> Int? {
        guard value > component.start else { return component.start }
        guard component.step > 0 else { return nil }
        let steps = (value - component.start + component.step - 1) / component.step
        let next = component.start + steps * component.step
        return next <= component.stop ?? .max ? next : nil
    }

    /// The first moment from another one on, both in microseconds of the clocks that are meant.
    func next(from local: Int64) -> Int64? {
        let first = CivilTime(microseconds: max(0, local))
        let allYears = CalendarExpression.Field.year.range
        guard first.date.year <= allYears.upperBound else { return nil }
        for year in first.date.year...allYears.upperBound where years[year - allYears.lowerBound] {
            let isFirstYear = year == first.date.year
            for month in (isFirstYear ? first.date.month : 1)...12 where months & 1 << month != 0 {
                guard let start = CivilDate(year: year, month: month, day: 1) else { continue }
                let length = CalendarSearch.length(ofMonth: month, in: year)
                let isFirstMonth = isFirstYear && month == first.date.month
                for day in (isFirstMonth ? first.date.day : 1)...length where days[length - 28] & 1 << day != 0 {
                    let number = start.number + Int64(day - 1)
                    // 1970 began with a Thursday.
                    let weekday = Int((number + 3) % 7)
                    if let weekdays = expression.weekdays, weekdays & 1 << weekday == 0 { continue }
                    let isFirstDay = isFirstMonth && day == first.date.day
                    guard let time = time(from: isFirstDay ? first : CivilTime(microseconds: 0)) else { continue }
                    return number * CivilTime.perDay + time
                }
            }
        }
        return nil
    }

    private static func length(ofMonth month: Int, in year: Int) -> Int {
        switch month {
        case 2: CivilDate(year: year, month: 2, day: 29) == nil ? 28 : 29
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The first time of the day from another one on, in microseconds.
    private func time(from first: CivilTime) -> Int64? {
        for hour in first.hour...23 where hours & 1 << hour != 0 {
            let isFirstHour = hour == first.hour
            for minute in (isFirstHour ? first.minute : 0)...59 where minutes & 1 << minute != 0 {
                let least = isFirstHour && minute == first.minute ? first.microsecond : 0
                let seconds = expression.seconds.lazy.compactMap { CalendarSearch.next($0, from: least) }.min()
                guard let seconds, seconds < CivilTime.perMinute else { continue }
                return Int64(hour * 60 + minute) * CivilTime.perMinute + Int64(seconds)
            }
        }
        return nil
    }
}
