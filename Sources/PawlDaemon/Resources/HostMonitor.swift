import EventLoopKit
import Glibc
import PawlLanguage
import PawlModel

/// Looks at the host again and again: says in the journal when a part of it is used beyond its threshold, and keeps further steps
/// from starting while there is no room for them.
///
/// Nothing tells of most of this by itself, so it is looked at: seldom, and often only where steps hang on it.
actor HostMonitor {
    private let conductor: Conductor
    private let library: WorkflowLibrary
    private let journal: RunJournal
    private let events: EventLoop
    private let files: EventLoop
    private var reader: HostUseReader
    private var watch: ResourceWatch
    private let wishes: AsyncStream<Int>
    private let continuation: AsyncStream<Int>.Continuation
    /// The number of the look that is next.
    private var asked = 0
    /// What was found at the last look.
    private(set) var use: HostUse?

    private static let often = Duration.seconds(1)
    private static let seldom = Duration.seconds(10)

    /// - Parameters:
    ///   - events: the thread on which is waited.
    ///   - files: the thread on which files are read.
    ///   - scope: whose steps are counted, and where the store is.
    init(
        conductor: Conductor, library: WorkflowLibrary, journal: RunJournal, events: EventLoop, files: EventLoop,
        scope: RuntimeScope = .system
    ) {
        reader = HostUseReader(folder: scope.state, group: scope.controlGroup)
        watch = ResourceWatch(folder: scope.state)
        (self.conductor, self.library, self.journal) = (conductor, library, journal)
        (self.events, self.files) = (events, files)
        (wishes, continuation) = AsyncStream<Int>.makeStream()
    }

    /// The thread.
    nonisolated var unownedExecutor: UnownedSerialExecutor { files.asUnownedSerialExecutor() }

    /// Looks until its task is cancelled.
    func run() async {
        let (continuation, events) = (continuation, events)
        await withDiscardingTaskGroup { group in
            wake()
            for await number in wishes {
                // One that was overtaken by another one.
                guard number == asked else { continue }
                let pause = await look() ? HostMonitor.often : HostMonitor.seldom
                asked += 1
                let next = asked
                group.addTask {
                    do { try await events.sleep(for: pause) } catch { return }
                    continuation.yield(next)
                }
            }
        }
    }

    /// What steps hang on may be something else now: comes back once that is in force.
    func settingsChanged() async {
        await look()
        wake()
    }

    private func wake() {
        asked += 1
        continuation.yield(asked)
    }

    /// Looks once. Returns whether steps hang on it.
    @discardableResult
    func look() async -> Bool {
        let settings = await library.settings
        let use = reader.read()
        self.use = use
        for crossing in watch.crossings(use, settings.thresholds) { journal.crossed(crossing) }
        guard !settings.admission.isEmpty else {
            await conductor.gate(nil)
            return false
        }
        let (running, young) = await conductor.steps(youngerThan: ResourceWatch.youth)
        let answer = watch.admission(
            use, settings.admission, running: running, young: young,
            processors: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        await conductor.gate(answer.gate, budget: answer.budget)
        return true
    }
}
