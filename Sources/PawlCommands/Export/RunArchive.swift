import Glibc
import PawlAPI
import PawlModel
import PawlPictures

/// All that pawld keeps of a run as one archive: the texts that it went by, its events, its log, what its steps gave, and its report.
///
/// The archive is made by tar, which every Debian has. What is in it depends on the run alone: the same run gives the same bytes.
struct RunArchive {
    let client: ManagerClient
    let surroundings: Surroundings

    /// What was put into it.
    struct Content: Encodable {
        var run: String
        var file: String
        var files: Int
        var bytes: Int64
    }

    /// Makes the archive of a run.
    ///
    /// - Parameters:
    ///   - path: the file, which must not be there; nil: `RUN.tar.gz` here; `-`: standard output.
    func make(of run: String, _ path: String?) throws -> Content {
        let source = ReportSource(client: client, surroundings: surroundings)
        var (facts, status, definition) = try source.facts(of: run, lines: 50)
        let file = path ?? "\(status.run).tar.gz"
        // Asked before all the work; what comes in between is refused when the file is made.
        if file != "-", access(file, F_OK) == 0 { throw RunArchive.exists(file) }
        let folder = try StagingFolder(in: surroundings.draftFolder)
        defer { folder.remove() }
        if facts.ended != nil { facts.now = facts.end }
        let top = status.run
        try folder.append(JSONText.line(status) + "\n", to: "\(top)/status.json")
        if let definition { try add(definition, to: folder, top) }
        try addEvents(to: folder, top)
        try addLog(to: folder, top)
        // What is read far from the host is in the time of no zone.
        let report = Report(facts, forms: ReportSource.forms(Zone(isUTC: true)))
        try folder.append(ReportHTML.text(report), to: "\(top)/report.html")
        try folder.append(ReportMarkdown.text(report), to: "\(top)/report.md")
        try folder.append(JSONText.line(ReportDocument(report)) + "\n", to: "\(top)/report.json")
        try folder.flush()
        let bytes = try pack(folder, top, file, time: facts.end)
        return Content(run: status.run, file: file, files: folder.count, bytes: bytes)
    }

    static func exists(_ file: String) -> CommandFailure {
        CommandFailure(.conflict, "'\(file)' exists; what is in it is not written over")
    }

    private func add(_ definition: RunDefinition, to folder: StagingFolder, _ top: String) throws {
        try folder.append(JSONText.line(definition) + "\n", to: "\(top)/definition.json")
        var names: Set<String> = []
        for file in definition.files {
            var name = StagingFolder.relative(file.file)
            // Two may be called the same once they are below one folder.
            while !names.insert(name).inserted { name += "_" }
            try folder.append(file.text, to: "\(top)/definition/\(name)")
        }
    }

    private func addEvents(to folder: StagingFolder, _ top: String) throws {
        var outputs = StepOutputs()
        try folder.append("", to: "\(top)/events.jsonl")
        try client.events(of: top) { (event: EventEntry) throws in
            outputs.take(event)
            try folder.append(JSONText.line(event) + "\n", to: "\(top)/events.jsonl")
        }
        try folder.append(outputs.document.json + "\n", to: "\(top)/outputs.json")
    }

    private func addLog(to folder: StagingFolder, _ top: String) throws {
        try folder.append("", to: "\(top)/log.jsonl")
        try client.log(Messages.ReadLogs(run: top)) { (entry: Messages.LogEntry) throws in
            try folder.append(JSONText.line(entry) + "\n", to: "\(top)/log.jsonl")
            guard let step = entry.step else { return }
            // Names of steps are plain, but this one comes from the journal.
            let name = StagingFolder.relative(step.replacing("/", with: "_"))
            let item = entry.item.map { ".\($0)" } ?? ""
            try folder.append(entry.message + "\n", to: "\(top)/logs/\(name)\(item).log")
        }
    }

    // MARK: tar

    private func pack(
        _ folder: StagingFolder, _ top: String, _ file: String, time: Timestamp
    ) throws(CommandFailure) -> Int64 {
        surroundings.output.flush()
        guard file != "-" else {
            try tar(folder, top, time, output: nil)
            return 0
        }
        // For its owner alone: nobody knows what steps wrote to their logs.
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            if errno == EEXIST { throw RunArchive.exists(file) }
            throw CommandFailure(number: errno, "'\(file)' cannot be made")
        }
        var isOpen = true
        defer { if isOpen { close(descriptor) } }
        do throws(CommandFailure) {
            try tar(folder, top, time, output: descriptor)
            var status = stat()
            guard fsync(descriptor) == 0, fstat(descriptor, &status) == 0 else {
                throw CommandFailure(number: errno, "'\(file)' cannot be written")
            }
            isOpen = false
            guard close(descriptor) == 0 else {
                throw CommandFailure(number: errno, "'\(file)' cannot be written")
            }
            return Int64(status.st_size)
        } catch {
            unlink(file)
            throw error
        }
    }

    private func tar(
        _ folder: StagingFolder, _ top: String, _ time: Timestamp, output: Int32?
    ) throws(CommandFailure) {
        let arguments = [
            "tar", "--create", "--gzip", "--file=-", "--format=gnu", "--sort=name", "--owner=root:0", "--group=root:0",
            "--mode=u=rwX,go=rX", "--mtime=@\(time.microseconds / 1_000_000)", "--directory=\(folder.path)", "--", top,
        ]
        let status: Int32
        do throws(ChildProgram.Failure) {
            // None of its options from outside. gzip reads from a pipe, so no name and no time is in the head of what it writes.
            let environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"]
            status = try ChildProgram(arguments: arguments, environment: environment, output: output).run()
        } catch {
            throw CommandFailure(.failed, "'tar' cannot be run: \(error.words); 'apt install tar gzip' brings it")
        }
        guard status == 0 else {
            throw CommandFailure(.failed, "'tar' has failed (exit status \(status)); nothing was made")
        }
    }
}
