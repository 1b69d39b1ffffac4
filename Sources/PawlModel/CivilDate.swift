/// A day of the calendar in UTC. Without Foundation, which for this alone would be half of `pawl-step`.
package struct CivilDate: Sendable, Equatable {
    /// The year.
    package let year: Int
    /// From 1.
    package let month: Int
    /// From 1.
    package let day: Int
    /// Days since 1970-01-01.
    package let number: Int64

    // Years are counted from March, so that the day that leap years add is the last one of a year, as in Howard Hinnant's
    // `chrono`-compatible algorithms; 146097 days are 400 years, and 719468 lie between 0000-03-01 and 1970.

    /// The day that so many days since 1970-01-01 give.
    package init(number: Int64) {
        let (era, ofEra) = CivilDate.divided(number + 719_468, by: 146_097)
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * ofYear + 2) / 153
        year = Int(yearOfEra + era * 400 + (marchMonth >= 10 ? 1 : 0))
        month = Int(marchMonth < 10 ? marchMonth + 3 : marchMonth - 9)
        day = Int(ofYear - (153 * marchMonth + 2) / 5 + 1)
        self.number = number
    }

    /// The day of a date; nil where the calendar has none such.
    package init?(year: Int, month: Int, day: Int) {
        guard 1...12 ~= month, 1...31 ~= day else { return nil }
        let (era, yearOfEra) = CivilDate.divided(Int64(month <= 2 ? year - 1 : year), by: 400)
        let ofYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
        let ofEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + ofYear
        self.init(number: era * 146_097 + ofEra - 719_468)
        // The 30th of February is another day.
        guard self.year == year, self.month == month, self.day == day else { return nil }
    }

    /// Quotient and rest, which is never below 0.
    package static func divided(_ value: Int64, by divisor: Int64) -> (quotient: Int64, rest: Int64) {
        let rest = value % divisor
        return rest < 0 ? (value / divisor - 1, rest + divisor) : (value / divisor, rest)
    }
}
