import PawlLanguage
import PawlModel

/// What a step's unit is bound by, as far as the run's values tell.
extension Run {
    /// What it may use of memory, in bytes; nil where it is not bounded, or only an item tells.
    package func memoryMax(ofStep index: Int) -> Int64? {
        guard let directive = workflow.steps[index].unit.last(where: { $0.name == "MemoryMax" }),
            let values = try? evaluate(
                directive.values, RunScope(run: self, place: Place(index)), what: directive.name),
            let settings = try? Directives.resolve(directive.name, values.map(\.text))
        else { return nil }
        for setting in settings {
            switch (setting.name, setting.value) {
            case ("MemoryMax", .unsigned64(let bytes)) where bytes < UInt64(Int64.max): return Int64(bytes)
            // A part of the host's memory, in 2^32ths (`man:org.freedesktop.systemd1(5)`).
            case ("MemoryMaxScale", .unsigned32(let part)):
                return Int64(Double(created.host.memory) * Double(part) / 4_294_967_295)
            default: continue
            }
        }
        return nil
    }
}
