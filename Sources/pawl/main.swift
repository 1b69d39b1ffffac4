import Glibc
import PawlCommands
import PawlSteps

// `pawl-step` is a link to this program: as one of its own it would bring all of Swift's library along once more.
if CommandLine.arguments.first?.split(separator: "/").last == "pawl-step" {
    exit(StepProgram.main(arguments: Array(CommandLine.arguments.dropFirst())))
}
exit(PawlProgram.main())
