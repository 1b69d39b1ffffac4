import PawlModel

/// A small JSON reader (RFC 8259), bounded in depth; for values on the command line and text that holds JSON.
enum JSON {
    private static let deepest = 64

    /// The value of a text that is JSON and nothing else; nil where it is not.
    static func parse(_ text: String) -> Value? {
        var reader = Reader(bytes: Array(text.utf8))
        guard let value = reader.value(depth: 0) else { return nil }
        reader.skipBlanks()
        return reader.index == reader.bytes.count ? value : nil
    }

    private struct Reader {
        let bytes: [UInt8]
        var index = 0

        var current: UInt8? { index < bytes.count ? bytes[index] : nil }

        mutating func skipBlanks() {
            while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
        }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            skipBlanks()
            guard current == UInt8(ascii: character) else { return false }
            index += 1
            return true
        }

        mutating func take(word: String) -> Bool {
            guard bytes[index...].starts(with: word.utf8) else { return false }
            index += word.utf8.count
            return true
        }

        mutating func value(depth: Int) -> Value? {
            skipBlanks()
            guard depth <= JSON.deepest, let first = current else { return nil }
            switch first {
            case UInt8(ascii: "{"): return map(depth: depth)
            case UInt8(ascii: "["): return list(depth: depth)
            case UInt8(ascii: "\""): return string().map { .string($0) }
            case UInt8(ascii: "t"): return take(word: "true") ? true : nil
            case UInt8(ascii: "f"): return take(word: "false") ? false : nil
            case UInt8(ascii: "n"): return take(word: "null") ? Value.null : nil
            default: return number()
            }
        }

        mutating func list(depth: Int) -> Value? {
            guard take("[") else { return nil }
            if take("]") { return .list([]) }
            var items: [Value] = []
            repeat {
                guard let item = value(depth: depth + 1) else { return nil }
                items.append(item)
            } while take(",")
            return take("]") ? .list(items) : nil
        }

        mutating func map(depth: Int) -> Value? {
            guard take("{") else { return nil }
            if take("}") { return .map([:]) }
            var entries: [String: Value] = [:]
            repeat {
                skipBlanks()
                guard current == UInt8(ascii: "\""), let key = string(), take(":"), let item = value(depth: depth + 1)
                else { return nil }
                entries[key] = item
            } while take(",")
            return take("}") ? .map(entries) : nil
        }

        mutating func number() -> Value? {
            let start = index
            if current == UInt8(ascii: "-") { index += 1 }
            let digits = index
            while let byte = current, byte >= 0x30 && byte <= 0x39 || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(byte) {
                index += 1
            }
            // JSON has no leading zeros, no leading point and no plus sign.
            guard digits < index, bytes[digits] >= 0x30, bytes[digits] <= 0x39 else { return nil }
            if bytes[digits] == 0x30, digits + 1 < index, bytes[digits + 1] >= 0x30, bytes[digits + 1] <= 0x39 {
                return nil
            }
            return Value.number(in: String(decoding: bytes[start..<index], as: UTF8.self))
        }

        mutating func string() -> String? {
            index += 1
            var result: [UInt8] = []
            while let byte = current {
                index += 1
                switch byte {
                case UInt8(ascii: "\""): return String(validating: result, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    guard let scalar = escaped() else { return nil }
                    result += Array(String(Character(scalar)).utf8)
                case 0..<0x20: return nil
                default: result.append(byte)
                }
            }
            return nil
        }

        mutating func escaped() -> Unicode.Scalar? {
            guard let byte = current else { return nil }
            index += 1
            switch byte {
            case UInt8(ascii: "n"): return "\n"
            case UInt8(ascii: "t"): return "\t"
            case UInt8(ascii: "r"): return "\r"
            case UInt8(ascii: "b"): return "\u{8}"
            case UInt8(ascii: "f"): return "\u{C}"
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
            case UInt8(ascii: "u"):
                guard let high = unit() else { return nil }
                guard high >= 0xD800, high < 0xDC00 else { return Unicode.Scalar(high) }
                guard take(word: "\\u"), let low = unit(), low >= 0xDC00, low < 0xE000 else { return nil }
                return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
            default: return nil
            }
        }

        mutating func unit() -> UInt32? {
            guard index + 4 <= bytes.count else { return nil }
            let digits = bytes[index..<(index + 4)]
            index += 4
            guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
            return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        }
    }
}

extension Value {
    /// Reads a text that is JSON and nothing else; nil where it is not.
    package init?(json text: String) {
        guard let value = JSON.parse(text) else { return nil }
        self = value
    }
}
