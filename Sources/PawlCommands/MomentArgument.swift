import ArgumentParser
import Glibc
import PawlLanguage
import PawlModel

/// A moment as `journalctl --since` takes it (man:systemd.time(7), "Parsing Timestamps"): `2026-11-21 03:00`, `03:00`,
/// `yesterday`, `2h ago`, `-2h`, `@1795230000`, in the reader's own time zone unless it ends in `UTC` or `Z`.
struct MomentArgument: ExpressibleByArgument, Equatable {
    /// What was written.
    let text: String

    init?(argument: String) {
        guard MomentArgument.isMoment(argument) else { return nil }
        text = argument
    }

    /// The moment, seen from another one.
    func moment(now: Timestamp) -> Timestamp {
        MomentArgument.parse(text, now: now) ?? now
    }

    private static func isMoment(_ text: String) -> Bool {
        parse(text, now: Timestamp(microseconds: 1_700_000_000_000_000)) != nil
    }

    static func parse(_ written: String, now: Timestamp) -> Timestamp? {
        let text = written.split(separator: " ").joined(separator: " ")
        switch text {
        case "now": return now
        case "today": return midnight(now, days: 0)
        case "yesterday": return midnight(now, days: -1)
        case "tomorrow": return midnight(now, days: 1)
        default: break
        }
        if text.hasPrefix("@") {
            return Int64(text.dropFirst()).flatMap { seconds in
                let (product, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000)
                return overflows || seconds < 0 ? nil : Timestamp(microseconds: product)
            }
        }
        if text.hasPrefix("-") || text.hasPrefix("+") {
            return TimeSpan.parse(String(text.dropFirst())).map { shift(now, by: $0, back: text.hasPrefix("-")) }
        }
        if text.hasSuffix(" ago") {
            return TimeSpan.parse(String(text.dropLast(4))).map { shift(now, by: $0, back: true) }
        }
        // As pawl itself prints it in JSON.
        if let time = TimeText.timestamp(of: text) { return time }
        return civil(text, now: now)
    }

    private static func shift(_ now: Timestamp, by span: Duration, back: Bool) -> Timestamp {
        now.adding(seconds: (back ? -1 : 1) * (span / .seconds(1)))
    }

    private static func midnight(_ now: Timestamp, days: Int32) -> Timestamp? {
        var fields = Zone().fields(of: now)
        (fields.tm_hour, fields.tm_min, fields.tm_sec) = (0, 0, 0)
        fields.tm_mday += days
        return timestamp(of: fields, isUTC: false)
    }

    /// `[WEEKDAY] [DATE] [TIME] [UTC]`: today where there is no date, midnight where there is no time.
    private static func civil(_ text: String, now: Timestamp) -> Timestamp? {
        var words = text.split(separator: " ")
        let isUTC = words.last == "UTC"
        if isUTC { words.removeLast() }
        var fields = Zone(isUTC: isUTC).fields(of: now)
        (fields.tm_hour, fields.tm_min, fields.tm_sec) = (0, 0, 0)
        var weekday: Int32?
        if let first = words.first, let day = MomentArgument.weekday(first) {
            weekday = day
            words.removeFirst()
        }
        guard !words.isEmpty, words.count <= 2 else { return nil }
        if words[0].contains("-") {
            let parts = words.removeFirst().split(separator: "-", omittingEmptySubsequences: false).map { number($0) }
            guard parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2], year >= 1970,
                year < 10_000, let date = CivilDate(year: Int(year), month: Int(month), day: Int(day)), date.number >= 0
            else { return nil }
            (fields.tm_year, fields.tm_mon, fields.tm_mday) = (year - 1900, month - 1, day)
        }
        if let time = words.first {
            let parts = time.split(separator: ":", omittingEmptySubsequences: false).map { number($0) }
            guard words.count == 1, (2...3).contains(parts.count), let hour = parts[0], let minute = parts[1],
                let second = parts.count == 3 ? parts[2] : 0, hour < 24, minute < 60, second < 60
            else { return nil }
            (fields.tm_hour, fields.tm_min, fields.tm_sec) = (hour, minute, second)
        }
        guard let time = timestamp(of: fields, isUTC: isUTC) else { return nil }
        // A weekday is there to be held against the date.
        if let weekday, Zone(isUTC: isUTC).fields(of: time).tm_wday != weekday { return nil }
        return time
    }

    private static let weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]

    /// A weekday by its name or the first three letters of it, as `tm_wday` counts them.
    private static func weekday(_ text: Substring) -> Int32? {
        let word = text.lowercased()
        return weekdays.firstIndex { word == $0 || word == $0.prefix(3) }.map(Int32.init)
    }

    private static func number(_ text: Substring) -> Int32? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int32(text)
    }

    private static func timestamp(of fields: tm, isUTC: Bool) -> Timestamp? {
        var fields = fields
        // Whether it is summer then is for the time zone to say.
        fields.tm_isdst = -1
        let seconds = isUTC ? timegm(&fields) : mktime(&fields)
        return seconds < 0 ? nil : Timestamp(microseconds: Int64(seconds) * 1_000_000)
    }
}
