import PawlAPI
import SystemdKit

extension UnitManager {
    /// What the processes of a slice use just now; nil where it is not loaded, or systemd does not answer: nobody's work hangs on
    /// that.
    func use(of slice: String) async -> SliceUse? {
        func number(_ name: String) async -> Int64? {
            let value = try? await property(slice, "org.freedesktop.systemd1.Slice", name).asUInt64
            // What is not counted reads as the greatest number there is.
            return value.flatMap { $0 == .max ? nil : Int64(clamping: $0) }
        }
        let memory = await number("MemoryCurrent")
        let cpu = await number("CPUUsageNSec")
        let tasks = await number("TasksCurrent")
        guard memory != nil || cpu != nil || tasks != nil else { return nil }
        return SliceUse(memory: memory, cpuSeconds: cpu.map { (Double($0) / 1e7).rounded() / 100 }, tasks: tasks)
    }
}
