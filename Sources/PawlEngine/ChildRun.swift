package import PawlModel

/// The run of another workflow that an attempt is.
package struct ChildRun: Sendable, Codable, Equatable {
    /// Its ID.
    package var id: RunID
    /// Its workflow's name.
    package var workflow: String

    /// Its full name.
    package var name: String { id.name(of: workflow) }
}

/// The workflow of a step of a run, as it was in force when that run was started: the run keeps to it.
package struct ChildDefinition: Sendable, Codable, Equatable {
    /// The workflow's name.
    package var workflow: String
    /// Its file and its text.
    private var main: SourceFile
    /// What is laid over that.
    private var dropIns: [SourceFile]?
    /// What these texts include.
    private var included: [SourceFile]?

    /// Keeps a workflow's texts.
    package init(workflow: String, source: WorkflowSource) {
        (self.workflow, main) = (workflow, source.main)
        dropIns = source.dropIns.isEmpty ? nil : source.dropIns
        included = source.included.isEmpty ? nil : source.included
    }

    /// All its texts.
    package var source: WorkflowSource {
        var source = WorkflowSource(main, dropIns: dropIns ?? [])
        source.included = included ?? []
        return source
    }

    private enum CodingKeys: String, CodingKey {
        case workflow, main, included
        case dropIns = "drop_ins"
    }
}

/// What a run that is a step of another one knows of that one.
package struct ParentRun: Sendable, Codable, Equatable {
    /// A run above, with the limits of its slice: they hold for all that is below it.
    package struct Above: Sendable, Codable, Equatable {
        /// One of systemd's directives, with its values.
        package struct Limit: Sendable, Codable, Equatable {
            /// The directive's name.
            package var name: String
            /// Its values, as text.
            package var values: [String]

            /// Makes a limit.
            package init(name: String, values: [String]) {
                (self.name, self.values) = (name, values)
            }

            /// The limit as systemd's assignments.
            package var assignments: [String] { values.map { "\(name)=\($0)" } }
        }

        /// The run.
        package var run: RunID
        /// Its workflow's name.
        package var workflow: String
        /// The limits of its slice as they were then.
        package var limits: [Limit]
    }

    /// The run.
    package var run: RunID
    /// Its workflow's name.
    package var workflow: String
    /// The step of it.
    package var step: String
    /// The foreach item's number.
    package var item: Int?
    /// The attempt's number.
    package var attempt: Int
    /// The timeout of that step, in seconds.
    package var timeout: Double?
    /// All runs above, the topmost first; the last one is the run itself.
    package var above: [Above]

    /// The run's full name.
    package var name: String { run.name(of: workflow) }

    /// The step as a reader names it: `load`, or `load.3` for an item.
    package var stepName: String { Names.step(step, item: item) }
}
