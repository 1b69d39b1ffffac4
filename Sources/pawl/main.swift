import Glibc
import PawlCommands

exit(PawlProgram.main(arguments: Array(CommandLine.arguments.dropFirst())))
