import PawlModel

/// What the events about locks say of a run that is not read whole, since pawld does not survive that or is too old: rather
/// too much than too little, so that nobody else gets what it may hold.
package struct HeldLocks: Sendable {
    /// The kinds of events that tell. None of them has a large body, but for the steps' reasons.
    package static let kinds: Set<Event.Kind> = [
        .lockWanted, .lockGranted, .stepEnded, .phaseBegan, .hostLost, .runEnded,
    ]

    /// What it holds.
    package private(set) var claims: [LockSeat: LockClaim] = [:]
    /// The last ticket that it was given.
    package private(set) var lastTicket = 0

    /// Reads events of these kinds, the first one first; others say nothing.
    package init(_ events: [Event]) {
        for event in events {
            switch event {
            case .lockGranted(let body):
                claims[LockSeat(step: body.step, item: body.item)] = LockClaim(holding: body.key)
            case .lockWanted(let body):
                if body.step == nil { claims = [:] } else { claims[LockSeat(step: body.step, item: body.item)] = nil }
                lastTicket = max(lastTicket, body.ticket)
            case .stepEnded(let body):
                if body.item != nil {
                    claims[LockSeat(step: body.step, item: body.item)] = nil
                } else {
                    claims = claims.filter { $0.key.step != body.step }
                }
            case .hostLost(let body):
                if body.recovery == .restart { dropSteps() }
            case .phaseBegan: dropSteps()
            case .runEnded: claims = [:]
            default: break
            }
        }
    }

    private mutating func dropSteps() { claims = claims.filter { $0.key == .run } }
}
