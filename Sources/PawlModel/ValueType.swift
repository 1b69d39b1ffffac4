/// The type that a variable or an output is declared with, spelled as in a workflow file.
package enum ValueType: String, Sendable, Codable, CaseIterable {
    /// Text.
    case string
    /// A whole number.
    case integer
    /// Any number.
    case number
    /// `true` or `false`.
    case boolean
    /// A list.
    case list
    /// A map.
    case map
    /// A time span as systemd writes it; its value is text, checked (`man:systemd.time(7)`).
    case duration
    /// A size as systemd writes it (`256M`); its value is text, checked.
    case size
    /// An absolute path; its value is text, checked.
    case path
}
