/// A thread that actors live on, one of them at a time. An `EventLoop` is one; a simulation that runs all its actors on the
/// thread of its own is another.
package protocol ActorThread: SerialExecutor {
    /// Runs `work` on the thread, after what is queued already. Callable from anywhere.
    func perform(_ work: @escaping @Sendable () -> Void)
}
