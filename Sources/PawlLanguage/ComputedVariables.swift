import PawlModel
import YAMLKit

/// Variables whose values are made of others: `variables` under `workflow` in an older template.
extension VariableReader {
    /// Adds what is computed to the declarations; one of the same name is computed of the value that it was given.
    ///
    /// - Returns: the templates with their places, by variable.
    func read(
        computed entries: [YAMLEntry], into variables: inout [(declaration: VariableDeclaration, mark: YAMLMark)]
    ) -> [(variable: String, use: TemplateUse)] {
        var result: [(variable: String, use: TemplateUse)] = []
        for entry in entries {
            let name = entry.key.text
            checkName(entry.key)
            var uses: [TemplateUse] = []
            guard let template = faults.valueTemplate(entry.value, name, &uses) else { continue }
            result += uses.map { (name, $0) }
            if let place = variables.firstIndex(where: { $0.declaration.name == name }) {
                variables[place].declaration.computed = template
            } else {
                var declaration = VariableDeclaration(
                    name: name, type: type(of: template, variables.map(\.declaration)))
                (declaration.computed, declaration.takesValue) = (template, false)
                variables.append((declaration, entry.key.mark))
            }
        }
        return result
    }

    /// What is known before there is a value: the type of a variable that is handed on, else text.
    private func type(of template: ValueTemplate, _ variables: [VariableDeclaration]) -> ValueType {
        switch template {
        case .list: return .list
        case .map: return .map
        case .template(let template):
            if let constant = template.constant { return .of(constant) }
            guard template.isExpression, let name = template.references.first?.name,
                template.references.count == 1, template.references[0].members.isEmpty,
                case .name? = template.expressions.first?.kind
            else { return .string }
            return variables.first { $0.name == name }?.type ?? .string
        }
    }
}

extension ReferenceChecker {
    /// What is computed is computed before the run starts, of variables alone, and only of those above it.
    func check(computed uses: [(variable: String, use: TemplateUse)], given variables: [VariableDeclaration]) {
        let places = Dictionary(variables.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        let isOnlyComputed = Set(variables.filter { !$0.takesValue }.map(\.name))
        for (name, use) in uses {
            for reference in use.template.references {
                guard check(reference, use.node) else { continue }
                if names.variables[reference.name] == nil {
                    faults.error(
                        in: use.node, at: reference.offset,
                        "variable '\(name)' can be made of other variables alone, not of '\(reference.name)'",
                        hint: "it is computed before the run starts")
                } else if isOnlyComputed.contains(reference.name), !isOnlyComputed.contains(name) {
                    faults.error(
                        in: use.node, at: reference.offset,
                        "variable '\(name)' is declared above, so it cannot be made of '\(reference.name)'")
                } else if isOnlyComputed.contains(reference.name), let own = places[name],
                    let other = places[reference.name], other >= own
                {
                    faults.error(
                        in: use.node, at: reference.offset,
                        other == own
                            ? "variable '\(name)' cannot be made of itself"
                            : "variable '\(name)' is computed before '\(reference.name)'",
                        hint: other == own ? nil : "write '\(reference.name)' above it")
                }
            }
            checkTypes(use)
        }
    }
}

extension VariableDeclaration {
    /// The value that it is computed to have.
    func compute(
        _ template: ValueTemplate, _ values: [String: Value], _ work: inout Work
    ) throws(VariableFault) -> Value {
        let value: Value
        do throws(EvaluationFault) { value = try template.evaluate(in: VariableScope(values: values)) } catch {
            throw VariableFault(name: name, message: "variable '\(name)' cannot be computed: \(error.message)")
        }
        guard value != .null else { return .null }
        guard let adopted = type == .string ? .string(value.text) : type.adopt(value) else {
            throw VariableFault(
                name: name, message: "variable '\(name)' is computed to be '\(value.text)', and takes \(type.wanted)")
        }
        if let message = refusal(of: adopted, &work) {
            throw VariableFault(name: name, message: "variable '\(name)' \(message)")
        }
        return adopted
    }
}

extension Workflow {
    /// Computes what is made of other values, in the order written. A variable that is also given is made of what the
    /// others were given, not of what they were computed to be.
    func compute(_ values: inout [String: Value], _ work: inout Work) -> [VariableFault] {
        guard variables.contains(where: { $0.computed != nil }) else { return [] }
        var (faults, known) = ([VariableFault](), values)
        for variable in variables {
            guard let template = variable.computed else { continue }
            // What has a fault of its own was told of; what is made of it cannot be said.
            guard template.references.allSatisfy({ known[$0.name] != nil }) else { continue }
            do throws(VariableFault) {
                let value = try variable.compute(template, known, &work)
                values[variable.name] = value
                if !variable.takesValue { known[variable.name] = value }
            } catch {
                values[variable.name] = nil
                faults.append(error)
            }
        }
        return faults
    }
}

extension ValueTemplate {
    /// All names it reads.
    var references: [Reference] {
        switch self {
        case .template(let template): template.references
        case .list(let items): items.flatMap(\.references)
        case .map(let entries): entries.values.flatMap(\.references)
        }
    }
}
