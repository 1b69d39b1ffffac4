/// A file that was read: its name and its text.
package struct SourceFile: Sendable, Hashable, Codable {
    /// The file, as it was named by whoever asked.
    package var file: String
    /// What was in it.
    package var text: String

    /// Names a file and its text.
    package init(file: String, text: String) { (self.file, self.text) = (file, text) }
}

/// All the files that a workflow is made of.
package struct WorkflowSource: Sendable, Hashable {
    /// The workflow's own file.
    package var main: SourceFile
    /// What is laid over it, in this order.
    package var dropIns: [SourceFile]
    /// What these include, in the order in which it was asked for.
    package var included: [SourceFile] = []

    /// A workflow's file and its drop-ins; nothing of what they include is known yet.
    package init(_ main: SourceFile, dropIns: [SourceFile] = []) {
        (self.main, self.dropIns) = (main, dropIns)
    }
}
