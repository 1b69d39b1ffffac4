/// A value of the D-Bus type system, as it is sent and as it comes.
package indirect enum BusValue: Sendable, Equatable {
    case string(String)
    case objectPath(String)
    case signature(String)
    case boolean(Bool)
    case byte(UInt8)
    case int16(Int16)
    case uint16(UInt16)
    case int32(Int32)
    case uint32(UInt32)
    case int64(Int64)
    case uint64(UInt64)
    case double(Double)
    /// `ay`, so that bytes are not values one by one.
    case bytes([UInt8])
    /// An array and the signature of its elements, which an empty one needs too.
    case array(of: String, [BusValue])
    case structure([BusValue])
    /// One entry of a dictionary, which is an array of these.
    case entry(BusValue, BusValue)
    case variant(BusValue)

    /// `as`.
    package static func strings(_ strings: [String]) -> BusValue {
        .array(of: "s", strings.map { .string($0) })
    }

    /// Its type, in the letters of the D-Bus specification.
    package var signature: String {
        switch self {
        case .string: "s"
        case .objectPath: "o"
        case .signature: "g"
        case .boolean: "b"
        case .byte: "y"
        case .int16: "n"
        case .uint16: "q"
        case .int32: "i"
        case .uint32: "u"
        case .int64: "x"
        case .uint64: "t"
        case .double: "d"
        case .bytes: "ay"
        case .array(let element, _): "a\(element)"
        case .structure(let fields): "(\(fields.map(\.signature).joined()))"
        case .entry(let key, let value): "{\(key.signature)\(value.signature)}"
        case .variant: "v"
        }
    }
}

extension BusValue {
    /// The text of a string, object path or signature.
    package var asString: String? {
        switch self {
        case .string(let text), .objectPath(let text), .signature(let text): text
        default: nil
        }
    }

    /// The value of a boolean.
    package var asBoolean: Bool? {
        if case .boolean(let value) = self { value } else { nil }
    }

    /// The value of any integer that fits.
    package var asInteger: Int? {
        switch self {
        case .byte(let value): Int(value)
        case .int16(let value): Int(value)
        case .uint16(let value): Int(value)
        case .int32(let value): Int(value)
        case .uint32(let value): Int(value)
        case .int64(let value): Int(exactly: value)
        case .uint64(let value): Int(exactly: value)
        default: nil
        }
    }

    /// The value of an unsigned 64-bit integer; systemd's `infinity` is `UInt64.max`.
    package var asUInt64: UInt64? {
        if case .uint64(let value) = self { value } else { nil }
    }

    /// The bytes of `ay`.
    package var asBytes: [UInt8]? {
        if case .bytes(let bytes) = self { bytes } else { nil }
    }

    /// The elements of an array or the fields of a structure.
    package var elements: [BusValue]? {
        switch self {
        case .array(_, let elements), .structure(let elements): elements
        default: nil
        }
    }

    /// The texts of `as`.
    package var asStrings: [String]? {
        guard case .array(_, let elements) = self else { return nil }
        let strings = elements.compactMap(\.asString)
        return strings.count == elements.count ? strings : nil
    }

    /// A dictionary by its text keys (`a{sv}`), variants opened.
    package var asDictionary: [String: BusValue]? {
        guard case .array(_, let elements) = self else { return nil }
        var dictionary: [String: BusValue] = [:]
        for case .entry(let key, let value) in elements {
            guard let key = key.asString else { return nil }
            dictionary[key] = value.unwrapped
        }
        return dictionary
    }

    /// What a variant holds, or the value itself.
    package var unwrapped: BusValue {
        if case .variant(let value) = self { value.unwrapped } else { self }
    }
}
