/// A workflow's text that a verb has made: in a new file, or as the verb's own output.
struct MadeWorkflow: Encodable {
    /// The workflow's name.
    var workflow: String
    /// The file that it is in; nil where it is only printed.
    @OrNull var file: String?
    /// The text.
    var text: String

    init(workflow: String, file: String?, text: String) {
        (self.workflow, self.file, self.text) = (workflow, file, text)
    }

    /// Writes the file, if there is to be one, and says so; else prints the text.
    ///
    /// - Parameter words: what is said of the file.
    func deliver(_ format: OutputFormat, _ surroundings: Surroundings, words: (String) -> String) throws {
        if let file { try TextFile.make(file, text) }
        switch (format, file) {
        case (.json, _): try surroundings.print(json: self)
        case (.text, let file?): surroundings.tell(words(file))
        case (.text, nil): surroundings.output.write(text)
        }
    }
}
