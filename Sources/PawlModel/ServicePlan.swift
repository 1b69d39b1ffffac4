/// What a service of a step's is known by: whoever starts or stops it looks whether it is the one that is meant.
package struct ServiceMark: Sendable, Equatable {
    /// The unit.
    package var unit: String
    /// The workflow that it belongs to: a step may start anew what another one has started.
    package var workflow: String
    /// The run that has started it.
    package var run: String

    /// Makes a mark.
    package init(unit: String, workflow: String, run: String) {
        (self.unit, self.workflow, self.run) = (unit, workflow, run)
    }

    fileprivate var value: Value {
        .map(["unit": .string(unit), "workflow": .string(workflow), "run": .string(run)])
    }

    fileprivate init?(_ value: Value?) {
        guard case .map(let entries)? = value, case .string(let unit)? = entries["unit"],
            case .string(let workflow)? = entries["workflow"], case .string(let run)? = entries["run"]
        else { return nil }
        self.init(unit: unit, workflow: workflow, run: run)
    }
}

/// A service that a step starts and that stays when the step is over.
package struct ServicePlan: Sendable, Equatable {
    /// What it is known by.
    package var mark: ServiceMark
    /// What `systemctl status` shows.
    package var description: String
    /// The slice it runs in.
    package var slice: String
    /// Its properties, `NAME=VALUE` in the syntax of unit files.
    package var properties: [String]
    /// Its environment, `NAME=VALUE`.
    package var environment: [String]
    /// The script that its interpreter gets, where the run keeps it; nil where it is no script.
    package var script: String?

    /// Makes a plan.
    package init(
        mark: ServiceMark, description: String, slice: String, properties: [String], environment: [String],
        script: String?
    ) {
        (self.mark, self.description, self.slice) = (mark, description, slice)
        (self.properties, self.environment, self.script) = (properties, environment, script)
    }

    /// What is wrong with the name that a workflow gives to a service, or nil. It stands before `.service`.
    package static func nameFault(_ name: String) -> String? {
        let allowed = name.utf8.allSatisfy {
            Names.isLower($0) || Names.isUpper($0) || Names.isDigit($0) || ":_.@-".utf8.contains($0)
        }
        // man:systemd.unit(5): 255 characters with the suffix, and these ones.
        guard !name.isEmpty, allowed, name.utf8.count <= 200, name.utf8.first != UInt8(ascii: "."),
            name.utf8.first != UInt8(ascii: "@"), name.utf8.last != UInt8(ascii: "@")
        else {
            return "'\(name)' cannot be a service's name: letters, digits and any of ':_.@-', at most 200"
        }
        if name.hasSuffix(".service") { return "a service is named without '.service'" }
        if name.hasPrefix("pawl") { return "names that begin with 'pawl' are pawl's own" }
        return nil
    }

    var value: Value {
        var entries: [String: Value] = [
            "mark": mark.value, "description": .string(description), "slice": .string(slice),
            "properties": .list(properties.map { .string($0) }), "environment": .list(environment.map { .string($0) }),
        ]
        entries["script"] = script.map { .string($0) }
        return .map(entries)
    }

    init?(_ value: Value?) {
        guard case .map(let entries)? = value, let mark = ServiceMark(entries["mark"]),
            case .string(let description)? = entries["description"], case .string(let slice)? = entries["slice"],
            case .list(let properties)? = entries["properties"], case .list(let environment)? = entries["environment"]
        else { return nil }
        var script: String?
        if case .string(let path)? = entries["script"] { script = path }
        self.init(
            mark: mark, description: description, slice: slice, properties: properties.map(\.text),
            environment: environment.map(\.text), script: script)
    }
}

extension StepPlan.Turn {
    var value: Value {
        switch self {
        case .program: .map(["kind": .string("program")])
        case .service(let plan): .map(["kind": .string("service"), "service": plan.value])
        case .readiness: .map(["kind": .string("readiness")])
        case .stop(let marks): .map(["kind": .string("stop"), "services": .list(marks.map(\.value))])
        case .reboot: .map(["kind": .string("reboot")])
        }
    }

    init?(_ value: Value?) {
        guard case .map(let entries)? = value, case .string(let kind)? = entries["kind"] else { return nil }
        switch kind {
        case "program": self = .program
        case "service":
            guard let plan = ServicePlan(entries["service"]) else { return nil }
            self = .service(plan)
        case "readiness": self = .readiness
        case "stop":
            guard case .list(let items)? = entries["services"] else { return nil }
            let marks = items.compactMap { ServiceMark($0) }
            guard marks.count == items.count else { return nil }
            self = .stop(marks)
        case "reboot": self = .reboot
        default: return nil
        }
    }
}
