package import PawlModel

/// When a workflow runs by itself: what a timer of systemd's is made of.
package struct Schedule: Sendable, Hashable {
    /// The moments; at least one expression.
    package var expressions: [CalendarExpression] = []
    /// By how much at most each moment is put off by chance (`RandomizedDelaySec=`).
    package var randomizedDelay = Duration.zero
    /// Whether chance says the same each time (`FixedRandomDelay=`).
    package var isDelayFixed = false
    /// How late a moment may be so that others can share it (`AccuracySec=`).
    package var accuracy = Duration.seconds(1)
    /// What becomes of moments at which no run began.
    package var catchUp = CatchUp.none
    /// Where each expression stands, for whoever finds a fault with its time zone.
    var places: [Place] = []

    /// A place in a file.
    struct Place: Sendable, Hashable {
        var file: String
        var line: Int
        var column: Int
    }

    /// The first moment after another one; nil if there is none any more.
    ///
    /// - Parameters:
    ///   - moment: the moment before.
    ///   - clocks: those of a time zone, by its name; nil is the host's own.
    package func next(after moment: Timestamp, clocks: (String?) -> ZoneClocks) -> Timestamp? {
        expressions.compactMap { $0.next(after: moment, on: clocks($0.zone)) }.min()
    }

    /// The time zones that are not there, each where it is written.
    ///
    /// - Parameter isThere: whether the host has the clocks of a zone.
    package func zoneFaults(isThere: (String) -> Bool) -> [Diagnostic] {
        zip(expressions, places).compactMap { expression, place in
            guard let zone = expression.zone, zone != "UTC", !isThere(zone) else { return nil }
            return Diagnostic(
                file: place.file, line: place.line, column: place.column,
                message: "there is no time zone '\(zone)' on this host", hint: "'timedatectl list-timezones' shows them"
            )
        }
    }
}

/// What becomes of the moments of a schedule at which no run began, since the host was off or the run before went on.
package enum CatchUp: String, Sendable, CaseIterable {
    /// Nothing.
    case none
    /// One run for all of them.
    case one
    /// One run for each of them, one after the other.
    case all
}
