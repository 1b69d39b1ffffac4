import Glibc
import PawlCommands
import PawlSteps

// `pawl-step` is a link to this program: as one of its own it would bring all of Swift's library along once more.
let arguments = Array(CommandLine.arguments.dropFirst())
if CommandLine.arguments.first?.split(separator: "/").last == "pawl-step" {
    exit(StepProgram.main(arguments: arguments))
}
exit(PawlProgram.main(arguments: arguments))
