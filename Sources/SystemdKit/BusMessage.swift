internal import CSystemd

/// A message of sd-bus, owned by this value and used on the thread of its bus only.
final class BusMessage {
    let pointer: OpaquePointer

    /// Takes over the caller's reference.
    init(adopting pointer: OpaquePointer) {
        self.pointer = pointer
    }

    /// A message that a callback was given for as long as it runs.
    init(borrowing pointer: OpaquePointer) {
        self.pointer = sd_bus_message_ref(pointer)
    }

    deinit { sd_bus_message_unref(pointer) }

    convenience init(
        methodCall member: String, on interface: String, of path: String, at destination: String, bus: OpaquePointer
    ) throws(BusError) {
        var message: OpaquePointer?
        try BusError.check(
            sd_bus_message_new_method_call(bus, &message, destination, path, interface, member),
            "sd_bus_message_new_method_call")
        guard let message else { throw BusError(errno: 12, message: "sd_bus_message_new_method_call gave nothing") }
        self.init(adopting: message)
    }

    // MARK: Writing

    func append(_ value: BusValue) throws(BusError) {
        switch value {
        case .string(let text): try append(text: text, "s")
        case .objectPath(let text): try append(text: text, "o")
        case .signature(let text): try append(text: text, "g")
        case .boolean(let value): try append(basic: CInt(value ? 1 : 0), "b")
        case .byte(let value): try append(basic: value, "y")
        case .int16(let value): try append(basic: value, "n")
        case .uint16(let value): try append(basic: value, "q")
        case .int32(let value): try append(basic: value, "i")
        case .uint32(let value): try append(basic: value, "u")
        case .int64(let value): try append(basic: value, "x")
        case .uint64(let value): try append(basic: value, "t")
        case .double(let value): try append(basic: value, "d")
        case .bytes(let bytes):
            let result = bytes.withUnsafeBytes {
                sd_bus_message_append_array(pointer, BusMessage.type("y"), $0.baseAddress, $0.count)
            }
            try BusError.check(result, "sd_bus_message_append_array")
        case .array(let element, let elements): try append(container: "a", element, elements)
        case .structure(let fields): try append(container: "r", fields.map(\.signature).joined(), fields)
        case .entry(let key, let value): try append(container: "e", key.signature + value.signature, [key, value])
        case .variant(let value): try append(container: "v", value.signature, [value])
        }
    }

    private func append(text: String, _ type: Unicode.Scalar) throws(BusError) {
        // C would end the string there, and something else would be sent than was meant.
        if text.utf8.contains(0) {
            throw BusError(name: BusError.invalidArguments, message: "A text with a NUL byte cannot be sent")
        }
        let result = text.withCString { sd_bus_message_append_basic(pointer, BusMessage.type(type), $0) }
        try BusError.check(result, "sd_bus_message_append_basic")
    }

    private func append<Value: BitwiseCopyable>(basic value: Value, _ type: Unicode.Scalar) throws(BusError) {
        let result = withUnsafePointer(to: value) { sd_bus_message_append_basic(pointer, BusMessage.type(type), $0) }
        try BusError.check(result, "sd_bus_message_append_basic")
    }

    private func append(
        container type: Unicode.Scalar, _ contents: String, _ values: [BusValue]
    ) throws(BusError) {
        try BusError.check(
            sd_bus_message_open_container(pointer, BusMessage.type(type), contents), "sd_bus_message_open_container")
        for value in values { try append(value) }
        try BusError.check(sd_bus_message_close_container(pointer), "sd_bus_message_close_container")
    }

    // MARK: Reading

    /// All that is left in the message.
    func values() throws(BusError) -> [BusValue] {
        var values: [BusValue] = []
        while let value = try next() { values.append(value) }
        return values
    }

    /// The next value, or nil at the end of the message or of the container that was entered.
    func next() throws(BusError) -> BusValue? {
        var type: CChar = 0
        var peeked: UnsafePointer<CChar>?
        let result = sd_bus_message_peek_type(pointer, &type, &peeked)
        try BusError.check(result, "sd_bus_message_peek_type")
        guard result > 0 else { return nil }
        switch Unicode.Scalar(UInt8(bitPattern: type)) {
        case "s": return .string(try readText(type))
        case "o": return .objectPath(try readText(type))
        case "g": return .signature(try readText(type))
        case "b": return .boolean(try read(CInt(0), type) != 0)
        case "y": return .byte(try read(0, type))
        case "n": return .int16(try read(0, type))
        case "q": return .uint16(try read(0, type))
        case "i": return .int32(try read(0, type))
        case "u": return .uint32(try read(0, type))
        case "x": return .int64(try read(0, type))
        case "t": return .uint64(try read(0, type))
        case "d": return .double(try read(0, type))
        default: return try nextContainer(type, contents: peeked.map { String(cString: $0) } ?? "")
        }
    }

    private func nextContainer(_ type: CChar, contents: String) throws(BusError) -> BusValue {
        let kind = Unicode.Scalar(UInt8(bitPattern: type))
        if kind == "a", contents == "y" { return .bytes(try readBytes()) }
        guard kind == "a" || kind == "r" || kind == "e" || kind == "v" else {
            throw BusError(errno: 74, message: "A value of type '\(kind)' cannot be read")
        }
        try BusError.check(sd_bus_message_enter_container(pointer, type, contents), "sd_bus_message_enter_container")
        let values = try values()
        try BusError.check(sd_bus_message_exit_container(pointer), "sd_bus_message_exit_container")
        switch kind {
        case "a": return .array(of: contents, values)
        case "r": return .structure(values)
        case "e" where values.count == 2: return .entry(values[0], values[1])
        case "v" where values.count == 1: return .variant(values[0])
        default: throw BusError(errno: 74, message: "A container of type '\(kind)' holds \(values.count) values")
        }
    }

    private func readText(_ type: CChar) throws(BusError) -> String {
        var text: UnsafePointer<CChar>?
        try BusError.check(sd_bus_message_read_basic(pointer, type, &text), "sd_bus_message_read_basic")
        return text.map { String(cString: $0) } ?? ""
    }

    private func read<Value: BitwiseCopyable>(_ initial: Value, _ type: CChar) throws(BusError) -> Value {
        var value = initial
        try BusError.check(sd_bus_message_read_basic(pointer, type, &value), "sd_bus_message_read_basic")
        return value
    }

    private func readBytes() throws(BusError) -> [UInt8] {
        var start: UnsafeRawPointer?
        var count = 0
        try BusError.check(
            sd_bus_message_read_array(pointer, BusMessage.type("y"), &start, &count), "sd_bus_message_read_array")
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    private static func type(_ letter: Unicode.Scalar) -> CChar { CChar(letter.value) }
}

@available(*, unavailable)
extension BusMessage: Sendable {}
