package import PawlModel
import YAMLKit

/// Bytes of a file as text.
package enum SourceText {
    /// The text, or where in the file the first byte stands that is not UTF-8.
    package static func read(_ bytes: [UInt8], file: String) -> Result<String, Diagnostic> {
        do throws(YAMLError) {
            return .success(try YAMLDocument.text(bytes))
        } catch {
            return .failure(
                Diagnostic(file: file, line: error.line, column: error.column, message: error.message))
        }
    }
}
