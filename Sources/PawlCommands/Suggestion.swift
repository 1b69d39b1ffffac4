import PawlLanguage

/// Asks what was probably meant by a name that does not exist.
enum Suggestion {
    /// The candidate that is nearest to the name, if one is near enough to be worth asking about.
    static func nearest(to name: String, among candidates: [String]) -> String? {
        if let near = PawlLanguage.Suggestion.nearest(to: name, in: candidates.sorted()) { return near }
        // `stat` for `status`: nothing mistyped, only not finished.
        guard name.count >= 2 else { return nil }
        let longer = candidates.filter { $0.hasPrefix(name) }
        return longer.count == 1 ? longer.first : nil
    }

    /// ` (did you mean 'NAME'?)`, or nothing.
    static func question(for name: String, among candidates: [String]) -> String {
        nearest(to: name, among: candidates).map { " (did you mean '\($0)'?)" } ?? ""
    }
}
