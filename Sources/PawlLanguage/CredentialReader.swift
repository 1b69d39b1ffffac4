import PawlModel
import YAMLKit

/// A credential as it stands in the file.
struct CredentialEntry {
    var credential: Credential
    var mark: YAMLMark
}

/// Reads `credentials`.
extension StepReader {
    func credentials(_ entry: YAMLEntry) -> [CredentialEntry] {
        let wanted = "a list of names, or a map of names to environment variables"
        switch entry.value.content {
        case .sequence(let items) where !items.isEmpty: return items.compactMap(name).removingDoubles(faults)
        case .mapping(let entries): return entries.compactMap(variable)
        default:
            faults.refuse(entry, wanted)
            return []
        }
    }

    private func name(_ node: YAMLNode) -> CredentialEntry? {
        guard let scalar = node.scalar, !node.isEmpty else {
            let hint = node.mapping == nil ? nil : "leave out the dashes: {NAME: VARIABLE}"
            faults.error(node.mark, "'credentials' takes names, not \(node.kindName)", hint: hint)
            return nil
        }
        guard isCredential(scalar.text, node.mark) else { return nil }
        return CredentialEntry(credential: Credential(name: scalar.text), mark: node.mark)
    }

    /// `NAME: VARIABLE`; without a variable the credential is a file alone.
    private func variable(_ entry: YAMLEntry) -> CredentialEntry? {
        let name = entry.key.text
        guard isCredential(name, entry.key.mark) else { return nil }
        if entry.value.isEmpty { return CredentialEntry(credential: Credential(name: name), mark: entry.key.mark) }
        guard let variable = faults.text(entry) else { return nil }
        guard Names.isVariable(variable) else {
            faults.error(
                entry.place, "'\(variable)' cannot be an environment variable's name",
                hint: "letters, digits and '_', not a digit first, at most \(Names.longest)")
            return nil
        }
        if let reason = Names.environmentRefusal(variable) {
            faults.error(entry.place, "'\(variable)' cannot be set by 'credentials': \(reason)")
            return nil
        }
        if faults.isStrict {
            faults.warning(
                entry.key.mark,
                "credential '\(name)' is put into the environment, as '\(variable)': all that the step starts inherits it",
                hint: "a program that can read a file finds it at \"$CREDENTIALS_DIRECTORY/\(name)\"")
        }
        return CredentialEntry(credential: Credential(name: name, variable: variable), mark: entry.key.mark)
    }

    private func isCredential(_ name: String, _ mark: YAMLMark) -> Bool {
        if name.contains("${") {
            // Which secrets a step can read is seen in its file, whatever values its run has.
            faults.error(mark, "a credential's name is written out: '${' means nothing in it")
            return false
        }
        guard let reason = Names.credentialRefusal(name) else { return true }
        faults.error(mark, "'\(name)' cannot be a credential's name: \(reason)")
        return false
    }
}

extension StepSettings {
    /// Tells of environment variables that two are to set, once all that a step has is known.
    func checkCredentials(of step: String, _ faults: Faults) {
        var names: [String: String] = [:]
        for entry in credentials {
            let credential = entry.credential
            guard let variable = credential.variable else { continue }
            if let other = names.updateValue(credential.name, forKey: variable) {
                faults.error(
                    entry.mark,
                    "step '\(step)' has '\(variable)' from two credentials, '\(other)' and '\(credential.name)'")
            }
            if environment.contains(where: { $0.name == variable }) {
                faults.error(
                    entry.mark, "step '\(step)' has '\(variable)' from credential '\(credential.name)' and from 'env'")
            }
        }
    }
}

extension [CredentialEntry] {
    fileprivate func removingDoubles(_ faults: Faults) -> [CredentialEntry] {
        var names: Set<String> = []
        return filter { entry in
            if names.insert(entry.credential.name).inserted { return true }
            faults.error(entry.mark, "credential '\(entry.credential.name)' is named twice")
            return false
        }
    }
}
