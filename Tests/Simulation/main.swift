import Glibc

/// simulate: `--seeds COUNT [--from SEED]` runs so many seeds and ends with a line of what was found; `--seed SEED --trace`
/// tells one of them; with `--until-violation` the first violation is the last.
struct Arguments {
    var seeds = 1000
    var from: UInt64 = 1
    var isTraced = false
    var endsAtViolation = false

    init() {
        var rest = CommandLine.arguments.dropFirst()
        while let word = rest.popFirst() {
            switch word {
            case "--seeds": seeds = rest.popFirst().flatMap { Int($0) } ?? 0
            case "--from": from = rest.popFirst().flatMap { UInt64($0) } ?? 1
            case "--seed":
                from = rest.popFirst().flatMap { UInt64($0) } ?? 1
                seeds = 1
            case "--trace": isTraced = true
            case "--until-violation": endsAtViolation = true
            default:
                print("simulate: unknown argument '\(word)'")
                exit(2)
            }
        }
    }
}

// Sets and dictionaries of pawld are gone through in an order that depends on the process, unless it is told not to: a seed
// must do the same again.
if getenv("SWIFT_DETERMINISTIC_HASHING") == nil {
    setenv("SWIFT_DETERMINISTIC_HASHING", "1", 1)
    var arguments: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.map { strdup($0) } + [nil]
    execv("/proc/self/exe", &arguments)
    print("simulate: cannot execute itself anew")
    exit(2)
}

let arguments = Arguments()
var failures = 0
var starts = 0
var neverAppeared = 0
for seed in arguments.from..<(arguments.from + UInt64(arguments.seeds)) {
    let world = SimulatedWorld(seed: seed, isTraced: arguments.isTraced)
    let violations = world.run()
    starts += world.judge.starts
    neverAppeared += world.judge.neverAppeared
    if !violations.isEmpty {
        failures += 1
        print("seed \(seed): \(violations[0])")
        if arguments.endsAtViolation { break }
    }
}
print("\(arguments.seeds) seeds, \(starts) attempts started, \(neverAppeared) never appeared, \(failures) violations")
exit(failures == 0 ? 0 : 1)
