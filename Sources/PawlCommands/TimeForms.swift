import Glibc
import PawlAPI
import PawlModel

/// Time spans, moments and sizes as systemd's own tools write them.
enum TimeForms {
    /// A time span such as `250ms`, `1.2s`, `1min 2s`, `2h 3min` or `1d 2h`: two units at most.
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds > 0 else { return "0s" }
        let milliseconds = (seconds * 1000).rounded()
        if milliseconds < 1000 { return "\(Int(milliseconds))ms" }
        let tenths = Int((min(seconds, 1e12) * 10).rounded())
        if tenths < 600 {
            return tenths % 10 == 0 ? "\(tenths / 10)s" : "\(tenths / 10).\(tenths % 10)s"
        }
        return wholeSeconds(seconds.rounded())
    }

    /// The same without fractions, for what is still growing.
    static func wholeSeconds(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 1 else { return "0s" }
        let total = Int(min(seconds, 1e12))
        let units = [
            (total / 86_400, "d"), (total % 86_400 / 3600, "h"), (total % 3600 / 60, "min"), (total % 60, "s"),
        ]
        let first = units.firstIndex { $0.0 > 0 } ?? 3
        return units[first..<min(first + 2, 4)].filter { $0.0 > 0 }.map { "\($0.0)\($0.1)" }.joined(separator: " ")
    }

    /// How long ago, such as `5min 3s ago`.
    static func ago(_ seconds: Double) -> String { "\(wholeSeconds(seconds)) ago" }

    /// A number of bytes such as `512B`, `12.5M` or `1.2G`, in powers of 1024.
    static func size(_ bytes: Int64) -> String {
        guard bytes >= 1024 else { return "\(max(bytes, 0))B" }
        var tenths = Double(bytes) * 10 / 1024
        var unit = 0
        let units = ["K", "M", "G", "T", "P", "E"]
        while tenths.rounded() >= 10_240, unit < units.count - 1 {
            tenths /= 1024
            unit += 1
        }
        let rounded = Int(tenths.rounded())
        return "\(rounded / 10).\(rounded % 10)\(units[unit])"
    }
}

/// Turns moments into the clock's words in the reader's own time zone, or in UTC.
struct Zone {
    /// Whether UTC is meant rather than what the host or `TZ=` says.
    var isUTC = false

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

    /// The time of day: `12:03:04`.
    func clock(_ time: Timestamp) -> String { clock(of: fields(of: time)) }

    /// As journalctl begins its lines: `Nov 21 12:03:04`.
    func journal(_ time: Timestamp) -> String {
        let fields = fields(of: time)
        return "\(Zone.months[Int(fields.tm_mon) % 12]) \(twoDigits(fields.tm_mday)) \(clock(of: fields))"
    }

    /// As `journalctl -o short-precise` does, as far as it is known: `Nov 21 12:03:04.250`.
    func precise(_ time: Timestamp) -> String {
        let milliseconds = String(time.microseconds / 1000 % 1000)
        return "\(journal(time)).\(String(repeating: "0", count: 3 - milliseconds.utf8.count))\(milliseconds)"
    }

    /// As `journalctl -o short-iso` does: `2026-11-21T12:03:04+0100`.
    func iso(_ time: Timestamp) -> String {
        let fields = fields(of: time)
        let date = "\(fields.tm_year + 1900)-\(twoDigits(fields.tm_mon + 1))-\(twoDigits(fields.tm_mday))"
        let minutes = Int32(abs(fields.tm_gmtoff) / 60)
        let sign = fields.tm_gmtoff < 0 ? "-" : "+"
        return "\(date)T\(clock(of: fields))\(sign)\(twoDigits(minutes / 60))\(twoDigits(minutes % 60))"
    }

    /// As systemctl writes it: `Sat 2026-11-21 03:00:00 UTC`.
    func full(_ time: Timestamp) -> String {
        let fields = fields(of: time)
        let date = "\(fields.tm_year + 1900)-\(twoDigits(fields.tm_mon + 1))-\(twoDigits(fields.tm_mday))"
        let zone = isUTC ? "UTC" : fields.tm_zone.map { String(cString: $0) } ?? ""
        return "\(Zone.days[Int(fields.tm_wday) % 7]) \(date) \(clock(of: fields)) \(zone)"
    }

    private func clock(of fields: tm) -> String {
        "\(twoDigits(fields.tm_hour)):\(twoDigits(fields.tm_min)):\(twoDigits(fields.tm_sec))"
    }

    func fields(of time: Timestamp) -> tm {
        var seconds = time_t(time.microseconds / 1_000_000)
        var fields = tm()
        if isUTC { gmtime_r(&seconds, &fields) } else { localtime_r(&seconds, &fields) }
        return fields
    }

    private func twoDigits(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

extension Optional<String> {
    /// The moment that an answer of pawld has as text.
    var moment: Timestamp? { flatMap { TimeText.timestamp(of: $0) } }
}
