/// What can be read from a step and from the reserved names.
package enum Members {
    /// Members of a step.
    package static let ofStep = ["state", "exit_code", "output", "outputs", "attempts"]

    /// Members of a reserved name; nil for other names.
    package static func of(reserved name: String) -> [String]? {
        switch name {
        case "run": ["id", "name", "started", "failed_steps", "folder"]
        case "workflow": ["name", "folder"]
        case "host": ["name", "machine_id", "arch", "cpus", "memory", "os_version"]
        default: nil
        }
    }

    /// Whether what a reference names may be missing without that being a fault, as outputs are that a step did not
    /// write.
    static func mayBeMissing(_ reference: Reference) -> Bool {
        guard of(reserved: reference.name) == nil, let first = reference.members.first else { return false }
        return reference.members.count == 1
            ? ofStep.contains(first) : reference.members.count == 2 && first == "outputs"
    }
}
