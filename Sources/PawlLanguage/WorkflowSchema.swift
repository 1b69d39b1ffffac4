import PawlModel

/// The JSON schema of workflow files (draft 7, which editors know), made of the tables that the checker uses. It knows the keys
/// and the kinds of their values; what takes knowledge of names, types and steps is the checker's.
package enum WorkflowSchema {
    /// Where the package installs it.
    package static let path = "/usr/share/pawl/workflow.schema.json"

    /// The schema as text.
    package static func text(isIndented: Bool) -> String { document.text(isIndented: isIndented) }

    /// Kinds of values by the words that the tables have for them.
    static let shapes: [String: SchemaNode] = [
        "text": text, "name": text, "path": text, "unit": text, "URL": text, "HOST:PORT": text, "time span": text,
        "regular expression": text, "name or number": text, "value": [:], "value or whole number": text,
        "true or false": ["type": "boolean"], "true": ["const": true],
        "whole number": ["type": "integer", "minimum": 0],
        "number from 0 to 1": ["type": "number", "minimum": 0, "maximum": 1],
        "expression": ["type": "string", "pattern": "\\$\\{"],
        "true, false or expression": ["type": ["boolean", "string"]],
        "name or true": ["type": ["string", "boolean"]], "map of names to values": ["type": "object"],
        "list or map of names": ["type": ["array", "object"]],
        "text or list": either(text, list(text)), "text or map": either(text, ["type": "object"]),
        "list": ["type": "array"], "map": ["type": "object"], "list or map": ["type": ["array", "object"]],
        "list, map or expression": ["type": ["array", "object", "string"]],
        "list of files": ["type": "array", "items": text, "minItems": 1],
        "list of steps": list(reference("step")), "list of tasks": ["type": ["array", "string"]],
        "list or map of steps": reference("dependencies"),
        "list of names or numbers": list(text), "map of users and groups": reference("allow"),
        "map of names to text": ["type": "object", "additionalProperties": text],
        "map of names to types": ["type": "object", "additionalProperties": reference("type")],
        "map of directives": reference("directives"), "map of statuses": reference("exit_codes"),
        "map or list of maps": either(reference("probe"), list(reference("probe"))),
        "type": either(reference("type"), ["const": "enum"]),
        "type or map": either(reference("type"), reference("items")),
        "rerun, ask or fail": words(InterruptedPolicy.allCases.map(\.rawValue)),
        "resume, restart or fail": words(RecoveryPolicy.allCases.map(\.rawValue)),
        "exponential, linear or fixed": words(RetryPolicy.Backoff.allCases.map(\.rawValue)),
        "queue, reject or cancel": words(LockConflict.allCases.map(\.rawValue)),
        "none, one or all": words(CatchUp.allCases.map(\.rawValue)),
        "text, list or map": either(text, list(text), reference("schedule")),
        "exec, condition or parallel": words(["exec", "condition", "parallel"]),
    ]

    /// Kinds of values of keys whose words say too little of them.
    private static let special: [String: SchemaNode] = [
        "variables": ["type": ["object", "null"], "additionalProperties": reference("variable")],
        "retry_policy": reference("retry_policy"), "lock": either(text, reference("lock")), "undo": reference("undo"),
        "command": list(text),
        "enum": ["type": "array", "minItems": 1], "slice": reference("limits"),
    ]

    private static let document: SchemaNode = [
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A workflow of pawl, see pawl.workflow(5)",
        // A file with 'steps' is a workflow, also where it has a key that only a template can have.
        "if": [
            "required": ["steps"]
        ],
        "then": reference("workflow"),
        "else": [
            "if": ["anyOf": [["required": ["workflow"]], ["required": ["tasks"]]]],
            "then": reference("template"),
            "else": reference("workflow"),
        ],
        "definitions": definitions,
    ]

    private static let definitions: SchemaNode = [
        "text": ["type": ["string", "number", "boolean"]],
        "type": words(ValueType.allCases.map(\.rawValue)),
        "workflow": map(Schema.workflowKeys),
        "step": map(Schema.stepKeys, required: ["id"]),
        "dependencies": [
            "anyOf": [
                text, list(either(text, reference("dependency_forms"))), reference("dependency_forms"),
            ]
        ],
        "dependency_forms": [
            "type": "object", "additionalProperties": false,
            "properties": .object(
                DependencyKind.allCases.map { (key: $0.rawValue, value: either(text, list(text))) }),
        ],
        "allow": map(Schema.allowKeys),
        "probe": map(Schema.probeKeys),
        "undo": map(Schema.undoKeys),
        "retry_policy": map(Schema.retryPolicyKeys),
        "lock": map(Schema.lockKeys, required: ["key"]),
        "schedule": map(Schema.scheduleKeys, required: ["OnCalendar"]),
        // A map is the long form; every other value is a default.
        "variable": [
            "if": ["type": "object"],
            "then": map(Schema.variableKeys),
        ],
        "items": map(Schema.itemKeys),
        "directives": [
            "type": "object", "additionalProperties": false,
            "properties": .object(
                [preset] + (Directives.all + UnitConditions.names.compactMap(UnitConditions.entry)).map(directive)),
        ],
        "limits": [
            "type": "object", "additionalProperties": false,
            "properties": .object(Directives.all.filter(\.isResource).map(directive)),
        ],
        "exit_codes": [
            "type": "object", "propertyNames": ["pattern": "^([*]|0|[1-9][0-9]{0,2})$"],
            "additionalProperties": either(words(["fail", "success"]), map(Schema.exitCodeKeys)),
        ],
        "template": template,
        "task": map(
            Schema.taskKeys + Schema.stepKeys.filter { key in !Schema.taskKeys.contains { $0.name == key.name } },
            [
                "parameters": map(
                    Schema.execKeys + Schema.taskKeys.filter { taskParameters.contains($0.name) },
                    ["tasks": list(reference("task")), "command": either(text, list(text))]),
                "tasks": list(reference("task")),
            ]),
    ]

    private static let taskParameters = ["condition", "on_success", "on_failure", "tasks"]

    /// A template has its tasks under `workflow`, or at its top.
    private static let template: SchemaNode = {
        let variables: SchemaNode = [
            "anyOf": [list(["type": "object", "required": ["name"]]), ["type": ["object", "null"]]]
        ]
        let body: [String: SchemaNode] = ["tasks": list(reference("task")), "variables": variables]
        let keys = Schema.templateWorkflowKeys + Schema.templateWorkflowShared.filter { $0.name != "include" }
        return [
            "if": ["required": ["workflow"]],
            "then": map(
                Schema.templateKeys + Schema.templateShared, ["workflow": map(keys, body), "variables": variables]),
            "else": map(keys, body),
        ]
    }()

    // MARK: Pieces

    private static let text = reference("text")

    private static func reference(_ name: String) -> SchemaNode { ["$ref": .string("#/definitions/\(name)")] }

    private static func either(_ shapes: SchemaNode...) -> SchemaNode { ["anyOf": .array(shapes)] }

    private static func list(_ items: SchemaNode) -> SchemaNode { ["type": "array", "items": items] }

    private static func words(_ words: [String]) -> SchemaNode { ["enum": .array(words.map { .string($0) })] }

    /// A map with the keys of a table: those that this version does, and no others.
    private static func map(
        _ keys: [SchemaKey], _ shapes: [String: SchemaNode] = [:], required: [String] = []
    ) -> SchemaNode {
        let properties = keys.filter(\.isSupported).map { key in
            let shape = shapes[key.name] ?? special[key.name] ?? self.shapes[key.type] ?? [:]
            // Beside '$ref' nothing counts in draft 7, but editors show it.
            return (key: key.name, value: shape.with("description", .string("\(key.meaning) (\(key.type))")))
        }
        let map: SchemaNode = [
            "type": "object", "additionalProperties": false, "properties": .object(properties),
        ]
        return required.isEmpty ? map : map.with("required", .array(required.map { .string($0) }))
    }

    private static let preset: (key: String, value: SchemaNode) = (
        Directives.presetKey,
        words(Directives.Preset.allCases.map(\.rawValue)).with("description", "several directives in one word")
    )

    private static func directive(_ entry: Directives.Entry) -> (key: String, value: SchemaNode) {
        let shape = entry.kind.takesList ? either(text, list(text)) : text
        return (key: entry.name, value: shape.with("description", .string(entry.meaning)))
    }
}
