/// A key of the language: what the reader takes and what the manual explains.
package struct SchemaKey: Sendable, Hashable {
    /// The key.
    package var name: String
    /// What its value is, in a few words.
    package var type: String
    /// One line on what it does.
    package var meaning: String
    /// Whether this version does it; a key that is not supported is known and refused.
    package var isSupported: Bool
    /// What other tools call it: who writes one of these is told this key.
    package var aliases: [String]

    init(
        _ name: String, _ type: String, _ meaning: String, isSupported: Bool = true, aliases: [String] = []
    ) {
        (self.name, self.type, self.meaning) = (name, type, meaning)
        (self.isSupported, self.aliases) = (isSupported, aliases)
    }

    fileprivate static func later(
        _ name: String, _ type: String, _ meaning: String, aliases: [String] = []
    ) -> SchemaKey {
        SchemaKey(name, type, meaning, isSupported: false, aliases: aliases)
    }

    /// Where a key stands in a table. Its length tells most of the others apart.
    static func place(of name: String, in keys: [SchemaKey]) -> Int? {
        let length = name.utf8.count
        return keys.firstIndex { $0.name.utf8.count == length && $0.name == name }
    }

    /// The key that was probably meant by a name that is none.
    static func nearest(to name: String, in keys: [SchemaKey]) -> String? {
        if let near = Suggestion.nearest(to: name, in: keys.map(\.name)) { return near }
        let aliases = keys.flatMap { key in key.aliases.map { (alias: $0, key: key.name) } }
        guard let near = Suggestion.nearest(to: name, in: aliases.map(\.alias)) else { return nil }
        return aliases.first { $0.alias == near }?.key
    }
}

/// Every key of the workflow language and of the configuration: the one table that decides what is unknown.
package enum Schema {
    private static let shared: [SchemaKey] = [
        SchemaKey(
            "env", "map of names to text", "environment variables of the steps", aliases: ["environment", "envs"]),
        SchemaKey(
            "unit", "map of directives", "systemd's directives for the steps' units",
            aliases: ["limits", "resources", "sandbox"]),
        SchemaKey(
            "shell", "text or list", "the interpreter of scripts without a #! line",
            aliases: ["interpreter", "executable"]),
        SchemaKey(
            "retry_policy", "map", "when and how often a failed step is tried again",
            aliases: ["retries", "retry"]),
        SchemaKey("interrupted", "rerun, ask or fail", "what becomes of a step that was lost with the host"),
        SchemaKey("credentials", "list or map of names", "secrets that systemd loads", aliases: ["secrets"]),
    ]

    /// Keys of a workflow.
    package static let workflowKeys: [SchemaKey] =
        [
            SchemaKey("name", "text", "a title for people"),
            SchemaKey("description", "text", "what it is for"),
            SchemaKey("version", "text", "the author's own version"),
            SchemaKey("variables", "map", "what a run binds", aliases: ["vars", "inputs", "params", "parameters"]),
            SchemaKey("timeout", "time span", "how long a run may take in all"),
            SchemaKey(
                "max_parallel", "whole number", "how many steps run at once",
                aliases: ["concurrency", "parallel", "parallelism"]),
            SchemaKey(
                "include", "list of files", "parts kept in other files", aliases: ["import", "imports", "extends"]),
            SchemaKey("recovery", "resume, restart or fail", "what becomes of a run that was lost with the host"),
            SchemaKey("fail_fast", "true or false", "whether the first failure ends the run"),
            SchemaKey("lock", "text or map", "what only one run at a time has on this host", aliases: ["mutex"]),
            SchemaKey(
                "steps", "list of steps", "what is done, in the order written", aliases: ["jobs", "stages", "tasks"]),
        ] + shared + [
            SchemaKey(
                "schedule", "text, list or map", "when it runs by itself", aliases: ["cron", "timer", "on_calendar"]),
            SchemaKey(
                "catch_up", "none, one or all", "what becomes of moments of the schedule that were missed",
                aliases: ["catchup", "persistent"]),
            SchemaKey("slice", "map of directives", "limits of the whole run"),
            SchemaKey("outputs", "map of names to values", "what a run gives to whoever runs it as a step"),
            SchemaKey(
                "allow", "map of users and groups",
                "who may start it and handle its runs, beside root and the group pawl",
                aliases: ["permissions", "access"]),
            SchemaKey("on_success", "list of steps", "runs after a success"),
            SchemaKey("on_failure", "list of steps", "runs after a failure"),
            SchemaKey("on_cancel", "list of steps", "runs after a cancel"),
            SchemaKey("on_exit", "list of steps", "runs at the end, whatever it was"),
        ]

    /// Keys of a step.
    package static let stepKeys: [SchemaKey] =
        [
            SchemaKey("id", "name", "the step's name"),
            SchemaKey("run", "text", "a script", aliases: ["script"]),
            SchemaKey(
                "command", "list", "a program and its arguments",
                aliases: ["cmd", "exec", "args"]),
            SchemaKey(
                "depends_on", "list or map of steps", "what it waits for; without it the step above",
                aliases: ["needs", "requires", "depends", "after", "dependencies"]),
            SchemaKey("timeout", "time span", "how long one attempt may take"),
            SchemaKey(
                "continue_on_failure", "true or false", "whether dependents run although it failed",
                aliases: ["continue_on_error", "ignore_errors", "ignore_failure", "allow_failure"]),
            SchemaKey("outputs", "map of names to types", "types of the outputs it writes"),
            SchemaKey("lock", "text or map", "what only one step at a time has on this host", aliases: ["mutex"]),
        ] + shared + [
            SchemaKey(
                "when", "expression", "skips the step where it is false", aliases: ["if", "unless", "condition"]),
            SchemaKey(
                "done_when", "map or list of maps", "what says that the work is done", aliases: ["until", "creates"]),
            SchemaKey(
                "foreach", "list, map or expression", "runs once for each item, as 'item' and 'index'",
                aliases: ["loop", "matrix", "with_items", "for_each"]),
            SchemaKey("batch", "whole number", "how many items one step takes together, as a list"),
            SchemaKey("max_parallel", "whole number", "how many items at once"),
            SchemaKey(
                "service", "name or true", "runs it as a service that stays", aliases: ["daemon", "background"]),
            SchemaKey("undo", "map", "what takes it back"),
            SchemaKey("approval", "text", "waits for a person"),
            SchemaKey("workflow", "name", "another workflow as one step", aliases: ["uses", "call"]),
            SchemaKey("with", "map of names to values", "the variables of the other workflow"),
            SchemaKey("reboot", "true", "reboots the host and goes on after it"),
            .later("http", "map", "one request"),
            .later("ai", "map", "asks a model"),
            .later("data", "map", "asks a data service"),
            .later("image", "path", "a root of its own"),
        ]

    /// Keys of `allow`.
    package static let allowKeys: [SchemaKey] = [
        SchemaKey("users", "list of names or numbers", "users", aliases: ["user"]),
        SchemaKey("groups", "list of names or numbers", "groups whose members may", aliases: ["group"]),
    ]

    /// Keys of a probe, one of `done_when`.
    package static let probeKeys: [SchemaKey] = [
        SchemaKey("command", "list", "a program that exits with 0"),
        SchemaKey("run", "text", "a script that exits with 0"),
        SchemaKey("file", "path", "something is there", aliases: ["path", "exists"]),
        SchemaKey("port", "HOST:PORT", "a connection is taken", aliases: ["tcp"]),
        SchemaKey("url", "URL", "a GET is answered with a status from 200 to 299", aliases: ["http"]),
        SchemaKey("unit", "unit", "a unit of systemd's is active", aliases: ["service"]),
        SchemaKey("matches", "regular expression", "what a part of output, file or body matches besides"),
        SchemaKey("interval", "time span", "the pause between two rounds; 1s"),
        SchemaKey("consecutive", "whole number", "in how many rounds in a row; 1"),
    ]

    /// Keys of `undo`.
    package static let undoKeys: [SchemaKey] = {
        let names = ["run", "command", "timeout", "env", "unit", "shell", "retry_policy", "interrupted", "credentials"]
        return stepKeys.filter { names.contains($0.name) }
    }()

    /// Keys of a variable's long form.
    package static let variableKeys: [SchemaKey] = [
        SchemaKey("type", "type", "string, integer, number, boolean, list, map, duration, size or path"),
        SchemaKey("required", "true, false or expression", "whether a run without a value is refused"),
        SchemaKey("default", "value", "the value without another one"),
        SchemaKey("enum", "list", "the only values there may be"),
        SchemaKey("pattern", "regular expression", "what the whole value must match"),
        SchemaKey("description", "text", "what it is for"),
        SchemaKey("min", "value or whole number", "the least value, or how many characters or items at least"),
        SchemaKey("max", "value or whole number", "the greatest value, or how many characters or items at most"),
        SchemaKey("items", "type or map", "what the items of a list or the values of a map are"),
    ]

    /// Keys of a map under `items`.
    static let itemKeys = variableKeys.filter { !["required", "default"].contains($0.name) }

    /// Keys of a lock's long form.
    package static let lockKeys: [SchemaKey] = [
        SchemaKey("key", "text", "which lock it is: whoever has the same key has the same lock"),
        SchemaKey("on_conflict", "queue, reject or cancel", "what happens while somebody else has it; queue"),
    ]

    /// Keys of a schedule's long form: directives of systemd's, by their own names.
    package static let scheduleKeys: [SchemaKey] = [
        SchemaKey("OnCalendar", "text or list", "the moments", aliases: ["on_calendar", "cron"]),
        SchemaKey(
            "RandomizedDelaySec", "time span", "by how much at most each is put off by chance; 0",
            aliases: ["randomized_delay", "random_delay", "jitter"]),
        SchemaKey("FixedRandomDelay", "true or false", "whether chance says the same each time; false"),
        SchemaKey("AccuracySec", "time span", "how late it may be to share a wake-up with others; 1s"),
    ]

    /// Keys of a retry policy.
    package static let retryPolicyKeys: [SchemaKey] = [
        SchemaKey("max_retries", "whole number", "runs after the first one; 0"),
        SchemaKey("backoff_type", "exponential, linear or fixed", "how the pause grows; exponential"),
        SchemaKey("initial_delay", "time span", "the pause before the first retry; 1s"),
        SchemaKey("max_delay", "time span", "the longest pause; 5min"),
        SchemaKey("jitter", "number from 0 to 1", "by which part of itself a pause may vary; 0"),
        SchemaKey("on_exit_code", "map of statuses", "what the program's own exit statuses ask for"),
    ]

    /// Keys of what an exit status asks for.
    package static let exitCodeKeys: [SchemaKey] = [
        SchemaKey("delay", "time span", "the pause before the next try"),
        SchemaKey("command", "list", "a program that repairs, before the pause", aliases: ["cmd", "exec"]),
        SchemaKey("run", "text", "a script that repairs, before the pause", aliases: ["script"]),
    ]

    /// The functions of expressions.
    package static let functions: [SchemaKey] = Function.allCases.map {
        SchemaKey($0.rawValue, "function", $0.meaning)
    }

    /// Keys of `/etc/pawl/config.yaml`.
    package static let configurationKeys: [SchemaKey] = [
        SchemaKey("max_parallel", "whole number", "how many steps of a run go at once; 4"),
        SchemaKey("max_runs", "whole number", "how many runs go on at once on this host; any number"),
        SchemaKey("max_steps", "whole number", "how many steps run at once on this host; any number"),
        SchemaKey("thresholds", "map of percentages", "use of the host that is told in the journal; 85% of each part"),
        SchemaKey("admission", "map of percentages", "use of the host from which on no further step starts; off"),
        SchemaKey("log_level", "debug, info, notice, warning or error", "what pawld says in the journal; info"),
        SchemaKey("log_target", "journal or file", "where pawld says it; journal"),
        SchemaKey("log_format", "plain or json", "what the lines of the file are; plain"),
        SchemaKey("variables", "map of names to values", "values for the workflows that declare such variables"),
        SchemaKey("retention", "time span, forever or map", "how long ended runs are kept; 30d"),
        SchemaKey(
            "audit_retention", "time span or forever", "how long it is kept who asked for what; 365d"),
    ]

    /// Keys of `thresholds`.
    package static let thresholdKeys: [SchemaKey] =
        admissionKeys + [
            SchemaKey("cpu", "percentage or off", "the time in which processors are busy")
        ]

    /// Keys of `admission`. A host whose processors are busy does what it is there for.
    package static let admissionKeys: [SchemaKey] = [
        SchemaKey("memory", "percentage or off", "memory of the host, and of pawl.slice where that has a limit"),
        SchemaKey("disk", "percentage or off", "the file system of /var/lib/pawl"),
        SchemaKey("pressure", "percentage or off", "the time in which something waits for memory"),
    ]

    /// Keys of `retention`.
    package static let retentionKeys: [SchemaKey] = [
        SchemaKey("age", "time span or forever", "how long after its end a run is kept"),
        SchemaKey("runs", "whole number", "how many ended runs are kept at most"),
    ]
}
