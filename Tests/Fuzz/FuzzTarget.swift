import Glibc
import PawlLanguage
import PawlModel
import YAMLKit

/// What libFuzzer feeds, one reader each. A fault of a reader is a trap, which libFuzzer keeps the input of.
enum FuzzTarget: String, CaseIterable {
    /// YAML as a tree.
    case yaml
    /// A workflow file, checked whole, and its values bound.
    case check
    /// A workflow of several files: lines of `%` stand between the file, a drop-in, and p0.yaml, p1.yaml and so on.
    case parts
    /// A text with expressions in it, read and evaluated.
    case expression
    /// A regular expression, and after its first line end what it is matched with.
    case pattern
    /// A file of variables, and the configuration.
    case variables

    /// What an input may take: processor time in seconds, and bytes above what the process had before.
    static let mostSeconds = 1.0
    static let mostBytes = 64 << 20

    /// Reads one input.
    func take(_ bytes: UnsafeRawBufferPointer) {
        switch self {
        case .yaml:
            // Bytes, not text: a file can hold anything.
            do throws(YAMLError) {
                let document = try YAMLDocument(bytes: Array(bytes))
                for fault in document.faults { precondition(fault.line > 0 && fault.column > 0) }
            } catch {
                precondition(error.line > 0 && error.column > 0 && !error.message.isEmpty)
            }
        case .check:
            let text = String(decoding: bytes, as: UTF8.self)
            let (workflow, diagnostics) = WorkflowReader.read(text, file: "w.yaml", name: "w")
            FuzzTarget.check(diagnostics, isRead: workflow != nil, text)
            guard let workflow else { return }
            // A workflow without a fault stands up to whatever a run gives it.
            let given = Dictionary(uniqueKeysWithValues: workflow.variables.map { ($0.name, Value.string(text)) })
            _ = workflow.bind(given)
            _ = workflow.missing([:])
        case .parts:
            let texts = String(decoding: bytes, as: UTF8.self).split(
                separator: "\n%\n", omittingEmptySubsequences: false
            )
            .map(String.init)
            var source = WorkflowSource(SourceFile(file: "w.yaml", text: texts[0]))
            if texts.count > 1 { source.dropIns = [SourceFile(file: "d.yaml", text: texts[1])] }
            let files = Dictionary(uniqueKeysWithValues: texts.dropFirst(2).enumerated().map { ("p\($0).yaml", $1) })
            let first = WorkflowReader.read(&source, name: "w") { file in
                files[file].map { .success($0) } ?? .failure(IncludeFault("is not there"))
            }
            precondition((first.workflow != nil) != first.diagnostics.contains { $0.severity == .error })
            for diagnostic in first.diagnostics { precondition(diagnostic.line > 0 && diagnostic.column > 0) }
            // What a run keeps is enough to read it again.
            guard let workflow = first.workflow else { return }
            let again = WorkflowReader.read(source, name: "w").workflow
            precondition(again?.steps.map(\.id) == workflow.steps.map(\.id))
        case .expression:
            let text = String(decoding: bytes, as: UTF8.self)
            FuzzExpression.evaluate(text)
        case .pattern:
            let lines = String(decoding: bytes, as: UTF8.self).split(
                separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            FuzzExpression.match(String(lines[0]), String(lines.last ?? ""))
        case .variables:
            let text = String(decoding: bytes, as: UTF8.self)
            let (values, diagnostics) = VariablesFile.read(text, file: "v.yaml")
            FuzzTarget.check(diagnostics, isRead: values != nil, text)
            let read = ConfigurationReader.read([("c.yaml", text)])
            FuzzTarget.check(read.diagnostics, isRead: read.configuration != nil, text)
        }
    }

    /// Something comes out exactly where there is no error, and every fault has a place in the text.
    private static func check(_ diagnostics: [Diagnostic], isRead: Bool, _ text: String) {
        precondition(isRead != diagnostics.contains { $0.severity == .error })
        let lines = text.unicodeScalars.count { [0x0A, 0x0D, 0x85, 0x2028, 0x2029].contains($0.value) } + 4
        for diagnostic in diagnostics {
            precondition(diagnostic.line >= 1 && diagnostic.line <= lines && diagnostic.column >= 1)
        }
    }
}

/// Holds every input to the bounds, and says at the end what the greatest were.
private struct FuzzBounds {
    var target = FuzzTarget.yaml
    var inputs = 0
    var mostSeconds = 0.0
    var mostBytes = 0

    mutating func take(_ bytes: UnsafeRawBufferPointer) {
        let (bytesBefore, peakBefore, start) = (FuzzBounds.resident(), FuzzBounds.peak(), FuzzBounds.seconds())
        target.take(bytes)
        let (seconds, peak) = (FuzzBounds.seconds() - start, FuzzBounds.peak())
        inputs += 1
        mostSeconds = max(mostSeconds, seconds)
        // Only where the process has never been as large is its peak that of this input.
        let used = peak > peakBefore ? peak - bytesBefore : 0
        mostBytes = max(mostBytes, used)
        guard seconds <= FuzzTarget.mostSeconds else { fatalError("this input took \(seconds) s") }
        guard used <= FuzzTarget.mostBytes else { fatalError("this input took \(used >> 20) MiB") }
    }

    func report() {
        let milliseconds = Int(mostSeconds * 1000)
        print("\(target.rawValue): \(inputs) inputs, \(milliseconds) ms and \(mostBytes >> 10) KiB at most")
    }

    /// Processor time of this thread.
    private static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The most memory that the process ever had (`man:getrusage(2)`).
    private static func peak() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Int(usage.ru_maxrss) << 10
    }

    private static let statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)

    /// The memory that the process has now (`man:proc_pid_statm(5)`).
    private static func resident() -> Int {
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = pread(statm, &buffer, buffer.count, 0)
        let words = buffer.prefix(max(0, count)).split(separator: UInt8(ascii: " "))
        guard words.count > 1, let pages = Int(String(decoding: words[1], as: UTF8.self)) else { return 0 }
        return pages * Int(getpagesize())
    }
}

// SAFETY: libFuzzer calls from one thread.
nonisolated(unsafe) private var bounds = FuzzBounds()

/// libFuzzer calls this once; which reader it is stands in the environment, since the arguments are libFuzzer's.
@_cdecl("LLVMFuzzerInitialize") public func initializeFuzzer(
    _ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?
) -> CInt {
    let name = getenv("PAWL_FUZZ").map { String(cString: $0) } ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
        fatalError("PAWL_FUZZ is one of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    bounds.target = target
    atexit { bounds.report() }
    return 0
}

/// libFuzzer calls this for each input.
@_cdecl("LLVMFuzzerTestOneInput") public func takeInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    bounds.take(UnsafeRawBufferPointer(start: start, count: count))
    return 0
}
