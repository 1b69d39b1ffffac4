import Glibc

/// Asks somebody at the terminal, one line a question.
struct Question {
    /// Standard output, which is to be seen before the question.
    var output: TextOutput
    /// Where questions go: standard output may be somebody's data.
    var errors: TextOutput
    /// Reads a line, without its end; nil where there is none any more.
    var line: () -> [UInt8]? = Question.inputLine

    /// Gives back the answer, nil at an end of input.
    func ask(_ prompt: String) -> String? {
        output.flush()
        while true {
            errors.write(prompt)
            errors.flush()
            guard let bytes = line() else {
                // ^D leaves the cursor behind the question, and what is said next is to begin a line.
                errors.write("\n")
                errors.flush()
                return nil
            }
            // Never repaired: what is not what somebody wrote is no answer.
            if let text = String(validating: bytes, as: UTF8.self) { return text }
            errors.line("pawl: that is not UTF-8 text")
        }
    }

    /// A line of standard input. Byte by byte, since what is behind it is for the next reader.
    private static func inputLine() -> [UInt8]? {
        var (line, byte) = ([UInt8](), UInt8(0))
        while true {
            switch read(STDIN_FILENO, &byte, 1) {
            case 1 where byte == UInt8(ascii: "\n"): return line
            case 1: line.append(byte)
            case -1 where errno == EINTR: continue
            default: return line.isEmpty ? nil : line
            }
        }
    }
}
