import EventLoopKit
import PawlModel

/// Those who wait for a change of a run.
extension Conductor {
    /// Waits until a run has changed since a version, or has left memory.
    func change(of id: RunID, since version: Int) async {
        guard let entry = active[id], entry.version == version else { return }
        let watcher = nextWatcher
        nextWatcher += 1
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Asked again: on the way here the run may have changed or ended, and nobody would tell of it any more.
                if Task.isCancelled || active[id]?.version != version {
                    continuation.resume()
                } else {
                    active[id]?.watchers[watcher] = continuation
                }
            }
        } onCancel: {
            // Not by a task of its own, which would wake the thread pool.
            executor.perform { self.assumeIsolated { $0.dismiss(watcher, of: id) } }
        }
    }

    /// The same, for so many seconds at the most.
    func change(of id: RunID, since version: Int, within seconds: Double?) async {
        guard let seconds else { return await change(of: id, since: version) }
        guard active[id]?.version == version else { return }
        let sleep = world.sleep
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.change(of: id, since: version) }
            group.addTask { try? await sleep(seconds) }
            _ = await group.next()
            group.cancelAll()
        }
    }

    private func dismiss(_ watcher: Int, of id: RunID) {
        active[id]?.watchers.removeValue(forKey: watcher)?.resume()
    }

    func wakeWatchers(of id: RunID) {
        guard let watchers = active[id]?.watchers, !watchers.isEmpty else { return }
        active[id]?.watchers = [:]
        for continuation in watchers.values { continuation.resume() }
    }
}
