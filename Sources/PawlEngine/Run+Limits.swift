package import PawlLanguage
package import PawlModel

/// Somebody has set limits of a run's slice that its workflow does not say, or says otherwise.
package struct RunLimited: Requested, Sendable, Codable, Equatable {
    /// The directives, each with all its values: from here on what was said of it before counts no more. One without a value
    /// is as the workflow says again.
    package var limits: [ParentRun.Above.Limit]
    /// Who asked, by uid.
    package var uid: UInt32
    /// Who asked, for people.
    package var who: String?

    /// Makes the body.
    package init(limits: [ParentRun.Above.Limit], requester: Requester) {
        (self.limits, uid, who) = (limits, requester.uid, requester.who)
    }
}

/// The limits of a run's slice: what its workflow says under `slice`, and over that what somebody has set since.
extension Run {
    /// The limits as they are given to systemd: the same for all attempts between two changes, since only the variables and the
    /// facts of run and host can be read under `slice`.
    package func sliceLimits() throws(RenderFault) -> [UnitSetting] {
        var settings: [UnitSetting] = []
        for limit in try limits() {
            do throws(DirectiveFault) { settings += try Directives.resolve(limit.name, limit.values) } catch {
                throw RenderFault(description: "the run's slice: \(limit.name): \(error)")
            }
        }
        return settings
    }

    /// The limits as text that can be kept and shown.
    package func limits() throws(RenderFault) -> [ParentRun.Above.Limit] {
        var limits: [ParentRun.Above.Limit] = []
        for directive in workflow.slice where !setLimits.contains(where: { $0.name == directive.name }) {
            let values = try evaluate(directive.values, RunScope(run: self), what: directive.name)
            limits.append(ParentRun.Above.Limit(name: directive.name, values: values.map(\.text)))
        }
        return limits + setLimits
    }

    /// What takes back an event that is yet to be applied.
    package func limits(before body: RunLimited) -> RunLimited {
        let limits = body.limits.map { limit in
            setLimits.first { $0.name == limit.name } ?? ParentRun.Above.Limit(name: limit.name, values: [])
        }
        return RunLimited(limits: limits, requester: body.requester)
    }

    /// Whether somebody has set any.
    package var hasSetLimits: Bool { !setLimits.isEmpty }

    /// What the limits are once an event is applied. Its directives come in the order in which they were first set.
    mutating func apply(_ body: RunLimited) {
        for limit in body.limits {
            if limit.values.isEmpty {
                setLimits.removeAll { $0.name == limit.name }
            } else if let place = setLimits.firstIndex(where: { $0.name == limit.name }) {
                setLimits[place] = limit
            } else {
                setLimits.append(limit)
            }
        }
    }
}

/// Limits as somebody writes them.
package enum LimitText {
    /// Reads assignments such as `MemoryMax=2G`, in systemd's names and syntax. Several of one directive are its values.
    ///
    /// - Throws: what is wrong with one of them, by name.
    package static func read(_ assignments: [String]) throws(RenderFault) -> [ParentRun.Above.Limit] {
        var limits: [ParentRun.Above.Limit] = []
        for assignment in assignments {
            guard let sign = assignment.firstIndex(of: "="), sign != assignment.startIndex else {
                throw RenderFault(description: "'\(assignment)' is no assignment such as MemoryMax=2G")
            }
            let (name, value) = (String(assignment[..<sign]), String(assignment[assignment.index(after: sign)...]))
            if let place = limits.firstIndex(where: { $0.name == name }) {
                limits[place].values.append(value)
            } else {
                limits.append(ParentRun.Above.Limit(name: name, values: [value]))
            }
        }
        for limit in limits {
            do throws(DirectiveFault) { try Directives.check(limit.name, limit.values, for: .slice) } catch {
                throw RenderFault(description: "\(limit.name)=\(limit.values.joined(separator: " ")): \(error)")
            }
        }
        return limits
    }
}
