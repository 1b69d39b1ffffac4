import PawlEngine
import PawlLanguage
import PawlModel

/// Carries out what the conductor wants done, each in a task of its own, from the first look at what an earlier pawld left
/// to the end of this one. All that it does goes through what it is given, so that a simulation can drive it.
struct EffectLoop: Sendable {
    let conductor: Conductor
    let attempts: AttemptWork
    let driver: AttemptDriver
    let slices: RunSlices

    /// Carries out until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await work in conductor.works {
                switch work {
                case .pass:
                    group.addTask { await conductor.pass() }
                case .drive(let command, let epoch, let isNew):
                    group.addTask {
                        if isNew { slices.expect(command) }
                        await attempts.carryOut(command, epoch: epoch, isNew: isNew)
                    }
                case .stop(let name):
                    group.addTask { await driver.stop(name) }
                case .kill(let name):
                    group.addTask { await driver.kill(name) }
                case .wake(let run, let seconds):
                    group.addTask {
                        do {
                            try await conductor.world.sleep(seconds)
                        } catch {
                            return  // pawld ends
                        }
                        await conductor.look(at: run)
                    }
                case .limitSlice(let slice):
                    // Before any step of it that follows, which would make the slice without them.
                    slices.note(slice)
                    group.addTask {
                        do throws(ServiceManagerFault) { try await slices.limit(slice) } catch {
                            conductor.journal.note(
                                .warning, "\(slice.name) has not the limits that were set: \(error)")
                        }
                    }
                case .freeze(let run, let name, let steps):
                    // Before any step of it that follows.
                    driver.freezer.close(run)
                    group.addTask {
                        await settle(run, PauseFault.notFrozen(name)) { () async throws(PauseFault) in
                            try await driver.freezer.freeze(run, steps)
                        }
                    }
                case .thaw(let run, let name, let steps):
                    group.addTask {
                        await settle(run, PauseFault.notThawed(name)) { () async throws(PauseFault) in
                            try await driver.freezer.thaw(run, steps)
                        }
                    }
                case .endPause(let run): driver.freezer.open(run)
                case .closeSlice(let run):
                    group.addTask {
                        await slices.close(run.id, named: run.slice) { name in
                            if name.run == run.id { return Conductor.hasRecordedEnd(of: name, in: run) }
                            return await conductor.hasRecordedEnd(of: name)
                        }
                    }
                }
            }
            await conductor.close()
        }
    }

    /// Freezes or thaws, for as long as that takes; what will not pass is said.
    private func settle(
        _ run: RunID, _ words: PauseFault.Words, _ body: () async throws(PauseFault) -> Void
    ) async {
        do throws(PauseFault) {
            try await driver.freezer.insist(run, driver.signs, body)
        } catch {
            let sentence = words.sentence(error)
            conductor.journal.note(.warning, sentence.prefix(1).uppercased() + sentence.dropFirst())
        }
    }

    /// Takes up the runs that have not ended, and returns once each of their attempts has been looked at.
    func takeUp(epoch: String) async throws {
        let suspects = try await conductor.recover(epoch: epoch)
        await conductor.recovered()
        await conductor.tookUp()
        for row in suspects {
            await conductor.takeUp(suspect: row)
            await conductor.recovered()
            await conductor.tookUp()
        }
    }
}
