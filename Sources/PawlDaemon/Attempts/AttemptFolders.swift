import EventLoopKit
import Glibc
import PawlEngine
import PawlModel

/// The folders in which attempts find what they need and leave what they give. All of it is file work, so it runs on a
/// thread of its own and never on Swift's pool.
///
/// ```
/// runs/ID/            0700  the run: nobody but root gets past here by path
///         work/       1777  the steps' working folder; a step with a user of its own sees it by a bind mount
///         STEP.1/     0700  one attempt
///                script      0555  what the interpreter reads
///                plan        0444  what pawl-step is to do around the program, where there is more to do
///                io/output   0666  $PAWL_OUTPUT; the folder around it is closed, so that it cannot be replaced
///                io/report   0666  what pawl-step has found
///                stdout            where some expression reads the step's output
///                result.json       the receipt, written by pawl-record as PID 1's child
/// ```
actor AttemptFolders: AttemptFiles {
    /// The file that takes a step's stdout where it is kept.
    static let stdoutName = "stdout"
    /// The most of a step's kept stdout that is read, in bytes: what its log can have.
    static let stdoutLimit = 16 << 20

    private let executor: EventLoop
    let runs: String
    private let started: String
    let dropIns: String
    private let stores: CredentialStores
    private let owner: UInt32
    private let watch: ProgressWatch
    /// What running steps say of how far they are.
    nonisolated let progress: AsyncStream<ProgressReport>

    /// Works below a folder, on a thread.
    ///
    /// - Parameters:
    ///   - started: where systemd leaves a mark of each unit that it starts, until there is a receipt.
    ///   - dropIns: where systemd looks for drop-ins that do not outlive the boot.
    ///   - owner: whose the files of steps are that are taken: root's, but for a user's pawld.
    init(
        runs: String, started: String = "/run/pawl/started", dropIns: String = "/run/systemd/system",
        stores: CredentialStores = CredentialStores(), owner: UInt32 = 0, executor: EventLoop
    ) {
        self.dropIns = dropIns
        self.owner = owner
        self.stores = stores
        self.runs = runs
        self.started = started
        self.executor = executor
        let reports: AsyncStream<ProgressReport>.Continuation
        (progress, reports) = AsyncStream<ProgressReport>.makeStream()
        watch = ProgressWatch(loop: executor, reports: reports)
    }

    /// The thread.
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    // MARK: Before the start

    /// Makes what an attempt needs. Doing it twice is fine: what is there already stays. Returns whether the attempt had a
    /// folder before.
    func prepare(_ command: StepCommand) throws(FolderFault) -> Bool {
        let run = "\(runs)/\(command.name.run)"
        try makeFolder(run, mode: 0o700)
        try makeFolder(command.workFolder, mode: 0o1777)
        let hadFolder = try makeFolder(command.attemptFolder, mode: 0o700)
        try makeFolder(command.attemptFolder + "/io", mode: 0o755)
        try writeFile(command.attemptFolder + "/io/output", [], mode: 0o666)
        if let plan = command.plan {
            try writeFile(command.attemptFolder + "/io/report", [], mode: 0o666)
            try writeFile(command.attemptFolder + "/plan", Array(plan.value.json.utf8), mode: 0o444)
        }
        if let script = command.script {
            try writeFile(command.attemptFolder + "/script", Array(script.utf8), mode: 0o555)
        }
        // What a repair writes is nobody's.
        if command.repair == nil { watch.begin(command.name, path: output(path: command.name), hasBegun: hadFolder) }
        return hadFolder
    }

    /// Follows what an attempt of an earlier pawld says of how far it is.
    func watchProgress(of name: AttemptName) { watch.begin(name, path: output(path: name), hasBegun: true) }

    /// Nobody asks any more how far an attempt is.
    func forgetProgress(of name: AttemptName) { watch.end(name) }

    private func output(path name: AttemptName) -> String { "\(runs)/\(name.run)/\(name.folder)/io/output" }

    /// Finds an attempt's credentials by name, each in one place.
    func credentials(of command: StepCommand) throws(CredentialFault) -> [FoundCredential] {
        try stores.find(command.credentials)
    }

    /// Whether an attempt's program was started in this boot and has left no receipt since: systemd makes
    /// `RuntimeDirectory=` just before the program, and `pawl-record` removes it once the receipt is there.
    func hasStarted(_ name: AttemptName) -> Bool {
        var status = stat()
        return lstat("\(started)/\(name.unit.dropLast(".service".count))", &status) == 0
    }

    /// Whether a run's folder was ever made: an ID with one is not given out again, even after the store was lost.
    func exists(run: RunID) -> Bool { access("\(runs)/\(run)", F_OK) == 0 }

    /// Returns whether it was there.
    @discardableResult
    func makeFolder(_ path: String, mode: mode_t) throws(FolderFault) -> Bool {
        let wasThere = mkdir(path, 0o700) != 0
        if wasThere, errno != EEXIST { throw FolderFault("cannot make", path) }
        // The umask is not asked: a folder that was half made by a pawld that died gets its mode now.
        if chmod(path, mode) != 0 { throw FolderFault("cannot set the mode of", path) }
        return wasThere
    }

    func writeFile(_ path: String, _ bytes: [UInt8], mode: mode_t) throws(FolderFault) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if descriptor < 0 {
            // It is there: either whole, with its mode, or left half written by a pawld that died before the start.
            guard errno == EEXIST else { throw FolderFault("cannot write", path) }
            var status = stat()
            guard lstat(path, &status) == 0 else { throw FolderFault("cannot read", path) }
            if status.st_mode & 0o7777 == mode { return }
            guard unlink(path) == 0 else { throw FolderFault("cannot replace", path) }
            return try writeFile(path, bytes, mode: mode)
        }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 {
                if errno == EINTR { continue }
                throw FolderFault("cannot write", path)
            }
            rest = rest.dropFirst(written)
        }
        // The mode comes last: it says that the file is whole.
        if fchmod(descriptor, mode) != 0 { throw FolderFault("cannot set the mode of", path) }
    }

    // MARK: After the end

    /// The receipt of an attempt; nil while there is none.
    func receipt(of name: AttemptName) throws(FolderFault) -> Receipt? {
        let path = "\(runs)/\(name.run)/\(name.folder)/\(Receipt.fileName)"
        // Root's alone: what another user could have put there is no receipt.
        guard let bytes = try read(path, limit: Receipt.limit) else { return nil }
        guard let receipt = Receipt(bytes, unit: name.unit) else {
            let what = bytes.isEmpty ? "is empty" : "is not the receipt of \(name.unit)"
            throw FolderFault(description: "\(path) \(what)", code: 0)
        }
        return receipt
    }

    /// What a step wrote to `$PAWL_OUTPUT`, or nil if it took the file away.
    func output(of name: AttemptName) throws(FolderFault) -> [UInt8]? {
        watch.end(name)
        return try read(output(path: name), limit: OutputFile.limit)
    }

    /// What `pawl-step` has found, as far as it is a report.
    func report(of name: AttemptName) throws(FolderFault) -> StepReport? {
        let bytes = try read("\(runs)/\(name.run)/\(name.folder)/io/report", limit: StepReport.limit)
        return bytes.flatMap { String(validating: $0, as: UTF8.self) }.flatMap { StepReport($0) }
    }

    /// What a step wrote to stdout, where that is kept.
    func stdout(of name: AttemptName) throws(FolderFault) -> [UInt8]? {
        try read(
            "\(runs)/\(name.run)/\(name.folder)/\(AttemptFolders.stdoutName)",
            limit: AttemptFolders.stdoutLimit)
    }

    /// Reads a file that a step could have replaced: no link is followed, no pipe waited for, and nothing is taken that
    /// has another name too or belongs to somebody else.
    func read(_ path: String, limit: Int) throws(FolderFault) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            if errno == ELOOP { throw FolderFault(description: "\(path) is a link: refused", code: ELOOP) }
            throw FolderFault("cannot open", path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FolderFault("cannot read", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FolderFault(description: "\(path) is no regular file: refused", code: 0)
        }
        guard status.st_nlink == 1 || path.hasSuffix(Receipt.fileName) else {
            // pawl-record links its receipt into place, so that one may have two names for a moment.
            throw FolderFault(description: "\(path) is a link to another file: refused", code: 0)
        }
        guard status.st_uid == owner else {
            throw FolderFault(description: "\(path) belongs to uid \(status.st_uid): refused", code: 0)
        }
        guard status.st_size <= limit else {
            throw FolderFault(
                description: "\(path) has \(status.st_size) bytes; at most \(limit) are taken", code: EFBIG)
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + count, $0.count - count) }
            if got < 0 {
                if errno == EINTR { continue }
                throw FolderFault("cannot read", path)
            }
            if got == 0 { break }
            count += got
        }
        return Array(bytes[..<count])
    }
}

/// A file or folder of an attempt that cannot be made or read.
struct FolderFault: Error, Sendable, CustomStringConvertible {
    /// What happened, to which path.
    let description: String
    /// The error of the kernel, or 0.
    let code: Int32

    /// Whether there is no room on the disk: nothing that the step did wrong.
    var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }

    /// Whether it is the thing itself that is wrong, so that no other try would find it otherwise: a link, a folder, a file
    /// of somebody else's, or no receipt.
    var isForeign: Bool { [0, ELOOP, EFBIG, ENOTDIR, EISDIR, ENXIO].contains(code) }

    init(description: String, code: Int32) {
        self.description = description
        self.code = code
    }

    /// Takes errno along.
    init(_ what: String, _ path: String) {
        code = errno
        description = "\(what) \(path): \(String(cString: strerror(code)))"
    }
}
