import PawlModel
import YAMLKit

extension StepReader {
    /// The lock of a step or a workflow, and the template that gives its key.
    func lock(_ entry: YAMLEntry) -> (lock: Lock, use: TemplateUse)? {
        if entry.value.mapping != nil {
            guard let keys = faults.entries(entry.value, of: "'lock'", keys: Schema.lockKeys) else { return nil }
            let conflict = keys["on_conflict"].map { faults.choice($0, of: LockConflict.self) }
            guard let key = keys["key"] else {
                faults.error(entry.place, "'lock' has no 'key'")
                return nil
            }
            guard var read = lock(key: key) else { return nil }
            if let conflict { read.lock.onConflict = conflict ?? .queue }
            return read
        }
        return lock(key: entry)
    }

    private func lock(key entry: YAMLEntry) -> (lock: Lock, use: TemplateUse)? {
        guard entry.value.scalar != nil, !entry.value.isEmpty else {
            faults.refuse(entry, entry.key.text == "lock" ? "a key, or a map with 'key' and 'on_conflict'" : "text")
            return nil
        }
        guard let template = faults.template(entry.value, "'\(entry.key.text)'") else { return nil }
        if let constant = template.constant, let fault = Lock.fault(ofKey: constant.text) {
            faults.error(entry.place, fault)
            return nil
        }
        return (Lock(key: template), TemplateUse(template: template, node: entry.value))
    }
}
