import FoundationEssentials
import PawlEngine
import PawlModel

/// What `pawl-record` leaves in an attempt's folder when its unit has stopped.
struct Receipt: Sendable, Codable, Equatable {
    /// Its file in the attempt's folder.
    static let fileName = "result.json"
    /// No receipt is longer.
    static let limit = 16 << 10

    var unit: String
    var serviceResult: String
    /// Both are missing where there was no main process, or where PID 1 gave up waiting for its end.
    var exitCode: String?
    var exitStatus: String?
    var realtimeMicroseconds: Int64
    var stopping: Bool
    var memoryPeak: Int64?
    var cpuMicroseconds: Int64?
    /// Missing in receipts of older versions.
    var ioReadBytes: Int64?
    var ioWriteBytes: Int64?
    var oomKills: Int64?

    private enum CodingKeys: String, CodingKey {
        case unit, stopping
        case serviceResult = "service_result"
        case exitCode = "exit_code"
        case exitStatus = "exit_status"
        case realtimeMicroseconds = "realtime_usec"
        case memoryPeak = "memory_peak"
        case cpuMicroseconds = "cpu_usec"
        case ioReadBytes = "io_read_bytes"
        case ioWriteBytes = "io_write_bytes"
        case oomKills = "oom_kills"
    }

    /// What it says of the unit's end (`man:systemd.exec(5)`, "$EXIT_CODE, $EXIT_STATUS").
    var result: UnitResult {
        let exit: UnitResult.Exit =
            switch exitCode {
            case "exited": exitStatus.flatMap { Int($0) }.map { .exited($0) } ?? .none
            case "killed": .killed(exitStatus ?? "")
            case "dumped": .dumped(exitStatus ?? "")
            default: .none
            }
        var result = UnitResult(
            result: serviceResult, exit: exit, ended: Timestamp(microseconds: realtimeMicroseconds),
            hostStopping: stopping, cpuMicroseconds: cpuMicroseconds, memoryPeak: memoryPeak)
        (result.ioReadBytes, result.ioWriteBytes) = (ioReadBytes, ioWriteBytes)
        result.oomKills = oomKills ?? 0
        return result
    }
}

extension Receipt {
    /// Reads a receipt; nil if the bytes are none, or are about another unit.
    init?(_ bytes: [UInt8], unit: String) {
        guard let receipt = try? JSONDecoder().decode(Receipt.self, from: Data(bytes)), receipt.unit == unit else {
            return nil
        }
        self = receipt
    }
}
