import PawlModel
import YAMLKit

/// Who may work with one workflow and its runs beside those who may with all: `allow`.
package struct Allowance: Sendable, Hashable {
    /// Users, by name or number.
    package var users: [String] = []
    /// Groups, by name or number; a member of one is meant.
    package var groups: [String] = []

    /// Whether it names nobody.
    package var isEmpty: Bool { users.isEmpty && groups.isEmpty }
}

/// Reads `allow`.
struct AllowanceReader {
    let faults: Faults

    func read(_ entry: YAMLEntry) -> Allowance? {
        guard let entries = faults.entries(entry.value, of: "'allow'", keys: Schema.allowKeys) else { return nil }
        let allowance = Allowance(
            users: entries["users"].map { accounts($0, "user") } ?? [],
            groups: entries["groups"].map { accounts($0, "group") } ?? [])
        return allowance
    }

    private func accounts(_ entry: YAMLEntry, _ kind: String) -> [String] {
        guard let nodes = entry.value.sequence else {
            faults.refuse(entry, "a list of \(kind)s, by name or number")
            return []
        }
        return nodes.compactMap { node in
            guard let scalar = node.scalar, !node.isEmpty else {
                faults.error(node.mark, "'\(entry.key.text)' takes names and numbers, not \(node.kindName)")
                return nil
            }
            // Who may is seen in the file, whatever values a run has; and 'ALL' of sudoers is nobody's name here.
            guard Directives.isAccount(scalar.text) else {
                faults.error(node.mark, "'\(scalar.text)' cannot be the name or number of a \(kind)")
                return nil
            }
            return scalar.text
        }
    }
}
