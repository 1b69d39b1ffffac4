/// A property of a transient unit, as `StartTransientUnit` takes it.
package struct UnitSetting: Sendable, Hashable {
    /// The D-Bus property's name, which is not always the directive's: `CPUQuota=` is `CPUQuotaPerSecUSec`.
    package var name: String
    /// Its value.
    package var value: SettingValue

    /// Makes a setting.
    package init(name: String, value: SettingValue) {
        (self.name, self.value) = (name, value)
    }
}

/// The value of a property with its D-Bus type.
package indirect enum SettingValue: Sendable, Hashable {
    /// `b`
    case boolean(Bool)
    /// `s`
    case string(String)
    /// `q`
    case unsigned16(UInt16)
    /// `u`
    case unsigned32(UInt32)
    /// `i`
    case signed32(Int32)
    /// `t`; `UInt64.max` is infinity.
    case unsigned64(UInt64)
    /// `ay`
    case bytes([UInt8])
    /// An array, with the signature of its elements, which an empty one needs too.
    case array(of: String, [SettingValue])
    /// A structure.
    case structure([SettingValue])
    /// One of those in `a(sbbs)`, of which all are one property.
    case condition(ConditionSetting)

    /// `as`
    package static func strings(_ values: [String]) -> SettingValue { .array(of: "s", values.map { .string($0) }) }
}

/// Why a directive cannot be given to a step's unit.
package struct DirectiveFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, as a sentence without its full stop.
    package var message: String
    /// What was probably meant.
    package var hint: String?

    init(_ message: String, hint: String? = nil) {
        (self.message, self.hint) = (message, hint)
    }

    /// The sentence, with the hint in brackets.
    package var description: String { message + (hint.map { " (\($0))" } ?? "") }
}
