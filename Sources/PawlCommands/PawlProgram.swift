import ArgumentParser
import Glibc
import PawlAPI
import PawlModel

/// The program `pawl`: from arguments to an exit status.
package enum PawlProgram {
    /// Runs the program on the process's own arguments, standard output and error, and says what it exits with.
    package static func main() -> Int32 {
        occupyStandardDescriptors()
        // Not as Swift hands them over, which has been repaired: see `GivenText`.
        let words = UnsafeBufferPointer(start: CommandLine.unsafeArgv, count: Int(CommandLine.argc)).dropFirst()
        let arguments = words.compactMap { $0.map { GivenText($0) } }
        let (refusal, status): (String, PawlAPI.ExitStatus)
        do {
            let arguments = try GivenText.arguments(arguments)
            return run(arguments, surroundings(try scope(of: arguments)))
        } catch let fault as ScopeFault {
            (refusal, status) = ("\(fault)", .unreachable)
        } catch let failure as CommandFailure {
            (refusal, status) = (Style.harmless(failure.message), failure.status)
        } catch {
            (refusal, status) = ("\(error)", .failed)
        }
        let errors = TextOutput(descriptor: STDERR_FILENO)
        errors.line("pawl: \(refusal)")
        errors.flush()
        return status.rawValue
    }

    /// Where a standard descriptor is closed the next file that is opened would get its number: what is printed would go into the
    /// connection to pawld. Each is taken by a file that refuses what that one is for, so the error is that of a closed one.
    private static func occupyStandardDescriptors() {
        for (descriptor, flags) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
        where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest that is free is this one, since those below it are there by now.
            _ = open("/dev/null", flags)
        }
    }

    /// Whose pawl is meant.
    static func scope(of arguments: [String]) throws(ScopeFault) -> RuntimeScope {
        guard arguments.prefix(while: { $0 != "--" }).contains(userOption) else { return .system }
        guard getuid() != 0 else {
            throw ScopeFault(description: "root has the host's pawl, and none of its own: leave '\(userOption)' out")
        }
        return .user(try UserFolders(uid: getuid()) { name in getenv(name).map { String(cString: $0) } })
    }

    /// The option, before the verb or behind it.
    private static let userOption = "--user"
    private static let quietOptions: Set<String> = ["-q", "--quiet"]
    /// Prints long output at once. It is no option of the parser's, which would have it in each verb's help.
    private static let noPagerOption = "--no-pager"

    /// Runs the program in the given surroundings.
    static func run(_ arguments: [String], _ surroundings: Surroundings) -> Int32 {
        var status = perform(arguments, surroundings)
        surroundings.output.flush()
        surroundings.pager?.finish()
        // A reader that went away wants no word about it; a full disk behind standard output is worth one.
        if let failure = surroundings.output.failure, failure != EPIPE {
            surroundings.warn("standard output cannot be written: \(TextFile.words(failure))")
            if status == PawlAPI.ExitStatus.succeeded.rawValue { status = PawlAPI.ExitStatus.failed.rawValue }
        }
        surroundings.errors.flush()
        return status
    }

    private static func perform(_ arguments: [String], _ surroundings: Surroundings) -> Int32 {
        // What every verb has behind itself may stand before it too. Whose pawl is meant has been looked at.
        let leading = arguments.prefix { $0 == userOption || quietOptions.contains($0) }
        var arguments = Array(arguments.dropFirst(leading.count))
        var surroundings = surroundings
        surroundings.isQuiet = leading.contains { quietOptions.contains($0) }
        // Like that one it may stand anywhere.
        let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
        let isPaged = !arguments[..<end].contains(noPagerOption)
        arguments = arguments[..<end].filter { $0 != noPagerOption } + arguments[end...]
        let word = arguments.first { !$0.hasPrefix("-") }
        if let refusal = refusal(arguments, word: word) {
            surroundings.warn(refusal)
            return PawlAPI.ExitStatus.usage.rawValue
        }
        if arguments.first == "help", arguments.count == 2, let topic = HelpTopic(rawValue: arguments[1]) {
            for line in topic.lines { surroundings.output.line(line) }
            return PawlAPI.ExitStatus.succeeded.rawValue
        }
        do {
            var command = try Pawl.parseAsRoot(arguments)
            if isPaged, let verb = command as? any PagedVerb, verb.isPaged {
                surroundings.pager?.start(isFull: verb.isFull)
            }
            if let verb = command as? any Verb {
                if verb.common.quiet { surroundings.isQuiet = true }
                return try verb.perform(surroundings).rawValue
            }
            // What is left are the parser's own commands, which answer by an error.
            try command.run()
            return PawlAPI.ExitStatus.succeeded.rawValue
        } catch let error as CommandFailure {
            report(error.message, error.faults, surroundings)
            return error.status.rawValue
        } catch let left as FollowerLeft {
            surroundings.warn(left.message)
            return FollowerLeft.exitStatus
        } catch let error as ManagerError {
            var faults: [Diagnostic] = []
            if case .refused(let refusal) = error { faults = refusal.faults }
            report(error.message(in: surroundings.scope), faults, surroundings)
            return error.exitStatus.rawValue
        } catch {
            return answer(error, verb: word, surroundings)
        }
    }

    /// Why the arguments are no command at all, before any verb has looked at them.
    private static func refusal(_ arguments: [String], word: String?) -> String? {
        guard let first = arguments.first else { return "a verb is missing; see 'pawl --help'" }
        if first == "help", arguments.count == 2, let asked = arguments.last, !asked.hasPrefix("-"),
            !Pawl.verbNames.contains(asked), HelpTopic(rawValue: asked) == nil
        {
            let question = Suggestion.question(
                for: asked, among: Pawl.shownVerbNames + HelpTopic.allCases.map(\.rawValue))
            return "there is no verb and no topic '\(Style.harmless(asked))'\(question); see 'pawl help'"
        }
        guard let word, first == word, !Pawl.verbNames.contains(word) else { return nil }
        let question = Suggestion.question(for: word, among: Pawl.shownVerbNames)
        return "there is no verb '\(Style.harmless(word))'\(question); see 'pawl --help'"
    }

    private static func report(_ message: String, _ faults: [Diagnostic], _ surroundings: Surroundings) {
        surroundings.warn(Style.harmless(message))
        surroundings.warn(lines: faults.map { Style.harmless($0.description) })
    }

    /// Help and the version go to standard output; wrong usage is one line on standard error, never the whole help.
    private static func answer(_ error: any Error, verb: String?, _ surroundings: Surroundings) -> Int32 {
        guard Pawl.exitCode(for: error) != .success else {
            // The parser ends some answers with a line of their own and some without.
            var text = Pawl.fullMessage(for: error, columns: helpColumns)
            while text.hasSuffix("\n") { text.removeLast() }
            // What every verb has is in its list of options; in each of these lines it would only be in the way.
            text = text.replacing(" [--user] [--quiet]\n", with: "\n")
            surroundings.output.line(text)
            return PawlAPI.ExitStatus.succeeded.rawValue
        }
        guard Pawl.exitCode(for: error) == .validationFailure else {
            surroundings.warn(Style.harmless(Pawl.message(for: error)))
            return PawlAPI.ExitStatus.failed.rawValue
        }
        let lines = Pawl.message(for: error).split(separator: "\n").map { $0.trimmingPrefix { $0 == " " } }
        // More than a few values are a list of the parser's, one a line.
        let values = lines.filter { $0.hasPrefix("- ") }.map { $0.dropFirst(2) }
        var message = lines.filter { !$0.hasPrefix("- ") }.joined(separator: " ")
            .replacing(". Did you mean ", with: "; did you mean ")
            .replacing(" or: Missing value for ", with: ", or one that lacks the value for ")
            .replacing(". Please provide one of the following:", with: ", which takes one of")
            .replacing(". Please provide one of ", with: ", which takes one of ")
        if !values.isEmpty { message += " \(values.dropLast().joined(separator: ", ")) or \(values[values.count - 1])" }
        if message.hasSuffix(".") || message.hasSuffix("?") { message.removeLast() }
        let known = verb.flatMap { Pawl.verbNames.contains($0) ? "pawl \($0)" : nil } ?? "pawl"
        let sentence = message.prefix(1).lowercased() + message.dropFirst()
        surroundings.warn("\(Style.harmless(sentence)); see '\(known) --help'")
        return PawlAPI.ExitStatus.usage.rawValue
    }

    /// Help is made for the narrowest terminal that there is.
    static let helpColumns = 80

    /// What is around this process.
    static func surroundings(_ scope: RuntimeScope) -> Surroundings {
        let environment = environment()
        let isTerminal = isatty(STDOUT_FILENO) == 1
        let canMove = isTerminal && (environment["TERM"] ?? "dumb") != "dumb"
        let path = environment["PAWL_SOCKET"] ?? scope.socket
        let (output, errors) = (TextOutput(descriptor: STDOUT_FILENO), TextOutput(descriptor: STDERR_FILENO))
        // Whoever has come by sudo has more rights than he came with.
        let pager =
            canMove
            ? Pager(
                Pager.Choice(isPrivileged: geteuid() != getuid() || getenv("SUDO_UID") != nil) { name in
                    getenv(name).map { String(cString: $0) }
                }) : nil
        // Questions go to standard error, since standard output may be somebody's data.
        let canAsk = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1
        var surroundings = Surroundings(
            output: output, errors: errors,
            connect: { () throws(ManagerError) in try SocketConnection(path: path) },
            now: wallClock, monotonic: monotonicSeconds,
            pause: { seconds in _ = poll(nil, 0, Int32(seconds * 1000)) },
            screenSize: { canMove ? terminalSize(of: pager?.terminal ?? STDOUT_FILENO) : nil }, isTerminal: isTerminal,
            style: Style(isTerminal: isTerminal, environment: environment), zone: Zone(),
            onInterrupt: Interrupt.announce, workflowFolders: scope.workflows,
            variables: variables(),
            ask: canAsk ? Question(output: output, errors: errors).ask : nil)
        surroundings.scope = scope
        surroundings.pager = pager
        if isTerminal { surroundings.keys = StandardKeys.ofTerminal() }
        surroundings.isInFront = {
            let front = tcgetpgrp(STDOUT_FILENO)
            // Of a terminal that is not this session's own nobody is in front.
            return front < 0 || front == getpgrp()
        }
        surroundings.unitExit = (environment["EXIT_CODE"] ?? "", environment["EXIT_STATUS"] ?? "")
        return surroundings
    }

    /// The entries of the environment that are values of variables.
    private static func variables() -> [String: GivenText] {
        var entries: [GivenText] = []
        var next = environ
        while let entry = next.pointee {
            next += 1
            entries.append(GivenText(entry))
        }
        return GivenText.variables(entries)
    }

    private static func environment() -> [String: String] {
        var result: [String: String] = [:]
        for name in ["PAWL_SOCKET", "TERM", "NO_COLOR", "LC_ALL", "LC_CTYPE", "LANG", "EXIT_CODE", "EXIT_STATUS"] {
            if let value = getenv(name) { result[name] = String(cString: value) }
        }
        return result
    }
}
