/// The keys of the older form of a workflow, a template of the Orchestrator Service.
extension Schema {
    /// Keys that only a template has at its top.
    package static let templateKeys: [SchemaKey] = [
        SchemaKey("id", "text", "a label"),
        SchemaKey("category", "text", "a label"),
        SchemaKey("workflow", "map", "what the template runs"),
    ]

    /// Keys of a template beside those of its own.
    static let templateShared: [SchemaKey] = workflowKeys.filter { key in
        ["name", "description", "version", "variables"].contains(key.name)
    }

    /// Keys of what stands under `workflow`, beside those that a workflow has as well.
    package static let templateWorkflowKeys: [SchemaKey] = [
        SchemaKey("id", "text", "a label"),
        SchemaKey("category", "text", "a label"),
        SchemaKey("tasks", "list of tasks", "what is done"),
    ]

    /// Keys of a workflow that hold for its older form too.
    static let templateWorkflowShared: [SchemaKey] = workflowKeys.filter { !["steps", "id"].contains($0.name) }

    /// Keys of a task beside those that a step has as well.
    package static let taskKeys: [SchemaKey] = [
        SchemaKey("name", "text", "a label; the task's name where there is no 'id'"),
        SchemaKey("type", "exec, condition or parallel", "what the task does"),
        SchemaKey("parameters", "map", "what its type asks for"),
        SchemaKey("condition", "expression", "skips the task where it is false; of a condition, what it asks"),
        SchemaKey("on_success", "list of tasks", "of a condition: the branch that is taken where it is true"),
        SchemaKey("on_failure", "list of tasks", "of a condition: the branch that is taken where it is false"),
        SchemaKey("tasks", "list of tasks", "of a parallel: what runs side by side"),
    ]

    /// Keys of `parameters` of a task whose type is exec.
    package static let execKeys: [SchemaKey] = [
        SchemaKey("command", "list", "a program and its arguments", aliases: ["cmd"]),
        SchemaKey("args", "list", "more arguments of the program", aliases: ["arguments"]),
        SchemaKey("script", "text", "a script, in place of 'command'", aliases: ["run", "code"]),
        SchemaKey("shell", "text or list", "the script's interpreter", aliases: ["interpreter"]),
        SchemaKey("env", "map of names to text", "environment variables", aliases: ["envs", "variables"]),
        SchemaKey("environment", "map of names to text", "the same"),
        SchemaKey("working_dir", "path", "where it runs", aliases: ["cwd", "workdir", "dir"]),
        SchemaKey("working_directory", "path", "the same"),
        SchemaKey("timeout", "time span", "how long one attempt may take"),
        SchemaKey("user", "name or number", "whom it runs as"),
    ]

    /// What `parameters` of an exec task may say that has no meaning on a host, and why.
    static let refusedExecKeys: [String: String] = [
        "image": "leave it out, and the command runs on the host itself",
        "files": "let a task before write them, or install them with the workflow",
        "mounts": "the host's files are there as they are",
        "volumes": "the host's files are there as they are",
        "network": "the host's network is there as it is",
        "ports": "the host's network is there as it is",
        "services": "the host's network is there as it is",
        "pull_policy": "leave it out",
        "registry": "leave it out",
    ]

    /// Kinds of tasks that are known and not done, and what they are.
    static let refusedTaskTypes: [String: String] = [
        "http": "sends a request", "ai": "asks a model", "data": "asks a data service",
    ]
}
