import PawlLanguage

/// The files with the clocks of time zones (`man:tzfile(5)`).
enum ZoneFile {
    /// The clocks of a zone, nil being the host's own; nil where there is no such file.
    static func clocks(of zone: String?) -> ZoneClocks? {
        if zone == "UTC" { return .utc }
        let path = zone.map { "/usr/share/zoneinfo/\($0)" } ?? "/etc/localtime"
        return SmallFile.read(path, limit: 1 << 20).flatMap { ZoneClocks($0) }
    }
}
