/// Calendar expressions: those that somebody thought of, and any others.
struct CalendarCorpus {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

    // MARK: Any others

    mutating func number(_ range: ClosedRange<Int>) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return range.lowerBound + Int((state >> 33) % UInt64(range.count))
    }

    private mutating func one<Item>(of items: [Item]) -> Item { items[number(0...(items.count - 1))] }
    private mutating func chance(_ percent: Int) -> Bool { number(1...100) <= percent }

    /// One that is likely to be right, and one with a slip in it.
    mutating func expression() -> [String] {
        var parts: [String] = []
        if chance(30) { parts.append(weekdays()) }
        if chance(70) { parts.append(date()) }
        if chance(80) || parts.isEmpty { parts.append(time()) }
        if chance(40) { parts.append(one(of: CalendarCorpus.zones)) }
        let text = parts.joined(separator: " ")
        return [text, withSlip(text)]
    }

    private mutating func weekdays() -> String {
        let names = ["Mon", "Tue", "wednesday", "THU", "Fri", "Saturday", "sun"]
        return (0...number(0...2)).map { _ in
            let first = number(0...6)
            guard chance(30) else { return names[first] }
            return names[first] + one(of: ["..", "..", "-"]) + names[number(max(0, first - (chance(10) ? 1 : 0))...6)]
        }.joined(separator: ",")
    }

    private mutating func date() -> String {
        let end = one(of: ["-", "-", "-", "~"])
        let monthAndDay = list(1...12) + end + list(end == "~" ? 1...28 : 1...31)
        return chance(60)
            ? (chance(70) ? "*" : list(chance(20) ? 0...99 : 1970...2199)) + "-" + monthAndDay : monthAndDay
    }

    private mutating func time() -> String {
        let text = list(0...23) + ":" + list(0...59)
        return chance(50) ? text : text + ":" + list(0...59, isSecond: true)
    }

    private mutating func list(_ range: ClosedRange<Int>, isSecond: Bool = false) -> String {
        if chance(40) { return "*" }
        return (0...(chance(30) ? number(1...3) : 0)).map { _ in component(range, isSecond) }.joined(separator: ",")
    }

    private mutating func component(_ range: ClosedRange<Int>, _ isSecond: Bool) -> String {
        func digits(_ value: Int) -> String { value < 10 && value % 2 == 0 ? "0\(value)" : "\(value)" }
        let start = number(range)
        var text = digits(start) + fraction(isSecond)
        if chance(25) { text += ".." + digits(number(start...range.upperBound)) + fraction(isSecond) }
        if chance(25) { text += "/" + digits(number(1...max(1, range.count / 4))) + fraction(isSecond) }
        return text
    }

    private mutating func fraction(_ isSecond: Bool) -> String {
        isSecond && chance(25) ? "." + one(of: ["5", "25", "000001", "1234567", "0", "9999995", "75"]) : ""
    }

    /// A character more, less or another one.
    private mutating func withSlip(_ text: String) -> String {
        var characters = Array(text)
        let place = number(0...(characters.count - 1))
        let other = one(of: Array("0123456789*/-~:., MTa@UC"))
        switch number(0...2) {
        case 0: characters.insert(other, at: place)
        case 1: characters.remove(at: place)
        default: characters[place] = other
        }
        return String(characters)
    }

    static let zones = [
        "UTC", "utc", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Etc/GMT+1", "Australia/Lord_Howe", "CET",
        "Pacific/Apia", "America/Sao_Paulo", "Europe/Dublin", "Asia/Tehran", "Nowhere/Town",
    ]

    // MARK: Those that somebody thought of

    static let all =
        words.flatMap { [$0, $0.uppercased(), $0 + " Europe/Berlin", "Mon " + $0, $0 + " "] } + manual + edges
        + zones.map { "Mon *-*-* 02:30 " + $0 }

    private static let words = [
        "minutely", "hourly", "daily", "monthly", "weekly", "yearly", "annually", "anually", "quarterly", "biannually",
        "bi-annually", "semiannually", "semi-annually", "midnight", "fortnightly",
    ]

    /// The examples of `man:systemd.time(7)`.
    private static let manual = [
        "Sat,Thu,Mon..Wed,Sat..Sun", "Mon,Sun 12-*-* 2,1:23", "Wed *-1", "Wed..Wed,Wed *-1", "Wed, 17:48",
        "Wed..Sat,Tue 12-10-15 1:2:3", "*-*-7 0:0:0", "10-15", "monday *-12-* 17:00", "Mon,Fri *-*-3,1,2 *:30:45",
        "12,14,13,12:20,10,30", "12..14:10,20,30", "mon,fri *-1/2-1,3 *:30:45", "03-05 08:05:40", "08:05:40", "05:40",
        "Sat,Sun 12-05 08:05:40", "Sat,Sun 08:05:40", "2003-03-05 05:40", "05:40:23.4200004/3.1700005",
        "2003-02..04-05", "2003-03-05 05:40 UTC", "2003-03-05", "03-05", "hourly", "daily UTC", "*:2/3",
        "Thu,Fri 2012-*-1,5 11:12:13", "*-*-* 04:00:00", "2012-10-15 11:12:13", "*-02~03", "*-05~07/1",
        "Mon *-05~07/1", "*:*:3.33/10.05", "9..17/2:00", "12:05", "2003-*-05",
    ]

    private static let edges = [
        "", " ", "*", "**", "*-*", "*-*-*", "*-*-*-*", "1", "1:", ":1", "1-", "*:*:*", "*:*:*/2", "*,1:0", "1,*:0",
        "1..*:0", "*/2:00", "*-*-1..5/10", "*-*-5..1", "*-*-5..5", "*-*-5..5/3", "*-*-1..5/31", "*-*-30/5", "*-*-1/30",
        "*-*-1/31", "*-*~1/7", "*-*~8/7", "*-*~5..5", "*-*~5..1", "*-*~1..5/10", "*:0..0/1", "*:*:0..0.5",
        "*:*:0..0.5/1", "*:*:1..1", "*:*:1..1/5", "*:*:0/60", "*:*:59/1", "*:*:59.5/0.4", "*:*:59.5/0.5", "*:*:0/1",
        "1970/229-1-1", "1970/230-1-1", "70..69-1-1", "0-1-1", "99-1-1", "100-1-1", "2200-1-1", "1969-1-1", "*-*-0",
        "*-*-32", "*-0-1", "*-13-1", "24:00", "*:60", "*:*:60", "*:*:59.9999999", "*-*-1/0", "*:*:0/0.0000001",
        "*-*~28", "*-*~29", "*~5", "*-*~*", "~1", "*-1~1~1", "@5", "@+5", "@ 5", "@-5", "@5.5", "@5 UTC",
        "@5 Europe/Berlin", "Mon @5", "@7258118399", "@7258118400", "@99999999999999999999", "@", "12:00.5", "*:*:1.",
        "*:*:1.5", "*:*:1..", "*:*:1.5..2.25", "*:*:1.5..2.25/0.3", "*:*:0.0", "*:*:2147", "*:*:2148", "Mon.Tue",
        "mon-wed", "Fri..Mon", "Mon..", "Mon-", "Mon..Tue..Wed", "Mon..Wed,Fri", "Mon,,Tue", ",Mon", "Mon,", "Mo",
        "Mond", "Mon:", "Mon..Sun 1:00", "Sun,Mon,Tue,Wed,Thu,Fri,Sat", "Mon,5-1", "Mon 12", "Mon  12:00", "12:00 ",
        " 12:00", "1-1 ", "1-1  2:00", "12:00  UTC", "12:00 utc UTC", "UTC", " UTC", "Mon UTC", "Europe/Berlin",
        "12:00 Europe", "12:00 Europe/Berlin ", "12:00 Europe//Berlin", "12:00 europe/berlin", "12:00 +1",
        "99999999999-1-1", "2147483648-1-1", "2-30", "2-29", "Mon 2-29", "4-31", "Mon 2021-01-05", "Tue 2021-01-05",
        "2020-1-1", "5/5,1:00", "1,2,1..2:00", "01/02:0", "0 3 * * *", "*-*-* 12:00:00 Mon", "2100-2-29", "00000001:00",
        "\t12:00", "12:00\t", "1\u{e9}:00", "*-*-1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20", "1:00,",
        String(repeating: "1,", count: 240) + "1:00", String(repeating: "1,", count: 241) + "1:00",
    ]
}
