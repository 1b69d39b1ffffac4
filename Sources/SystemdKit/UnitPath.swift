/// Names of units as they stand in object paths: what is neither a letter nor a digit becomes `_` and two hex digits,
/// a leading digit too, and the empty name a lone `_` (the rules of man:sd_bus_path_encode(3)).
package enum UnitPath {
    /// The path under which all units are.
    package static let root = "/org/freedesktop/systemd1/unit"

    /// The object path of a unit, loaded or not.
    package static func path(ofUnit name: String) -> String { "\(root)/\(escape(name))" }

    /// The unit's name, or nil if `path` is not the path of a unit.
    package static func unit(ofPath path: String) -> String? {
        guard path.hasPrefix(root), path.dropFirst(root.count).first == "/" else { return nil }
        return unescape(path.dropFirst(root.count + 1))
    }

    static func escape(_ name: String) -> String {
        if name.isEmpty { return "_" }
        var escaped: [UInt8] = []
        escaped.reserveCapacity(name.utf8.count * 2)
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
                escaped.append(byte)
            case UInt8(ascii: "0")...UInt8(ascii: "9") where !escaped.isEmpty:
                escaped.append(byte)
            default:
                escaped += [UInt8(ascii: "_"), hexDigits[Int(byte >> 4)], hexDigits[Int(byte & 15)]]
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }

    static func unescape(_ escaped: Substring) -> String? {
        if escaped == "_" { return "" }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(escaped.utf8.count)
        var rest = escaped.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "_"):
                guard let high = rest.popFirst().flatMap(value(ofHexDigit:)),
                    let low = rest.popFirst().flatMap(value(ofHexDigit:))
                else { return nil }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "/"): return nil
            default: bytes.append(byte)
            }
        }
        return bytes.isEmpty ? nil : String(validating: bytes, as: UTF8.self)
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)

    private static func value(ofHexDigit digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
