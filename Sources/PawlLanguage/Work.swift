/// What the evaluation of one text may still cost. An expression is small, but what it reads need not be: a step's output
/// of a megabyte can be searched, split and joined in one line, and a quoted text that is quoted again doubles each time.
struct Work {
    /// What may still be spent: a unit is about a byte that is read or written.
    private var left: Int
    private let allowed: Int

    /// What one text may cost: a fraction of a second, and less than 64 MB.
    static let most = 32 << 20
    /// What an item of a list costs that is made: a value takes more room than its bytes.
    static let item = 48
    /// How long a text may get that a function makes, in bytes.
    static let longestText = 4 << 20

    /// Allows so many units.
    init(_ units: Int = Work.most) { (left, allowed) = (units, units) }

    /// What was spent.
    var spent: Int { allowed - left }

    /// Takes so many units.
    mutating func spend(_ units: Int) throws(FunctionFault) {
        left -= min(units, Work.most + 1)
        guard left >= 0 else {
            throw FunctionFault(message: "this takes too much work for an expression; compute it in a step")
        }
    }

    /// Takes what a text costs that a function made.
    mutating func spend(text: String) throws(FunctionFault) -> String {
        guard text.utf8.count <= Work.longestText else {
            throw FunctionFault(message: "the text that this makes has more than \(Work.longestText >> 20) MiB")
        }
        try spend(text.utf8.count)
        return text
    }
}
