import PawlAPI
import PawlModel

/// What no verb's own help has room for: `pawl help TOPIC`. Each fits 80 columns; the manual has the rest.
enum HelpTopic: String, CaseIterable {
    case states
    case exitStatus = "exit-status"
    case runs, times, variables, json, files

    /// What it is about, in a line.
    var summary: String {
        switch self {
        case .states: "the states of runs, steps and attempts"
        case .exitStatus: "what pawl exits with"
        case .runs: "how a run is named"
        case .times: "how times and time spans are written"
        case .variables: "where the values of variables come from"
        case .json: "what programs read"
        case .files: "where everything is"
        }
    }

    /// The lines.
    var lines: [String] {
        switch self {
        case .states: HelpTopic.statesLines
        case .exitStatus:
            HelpTopic.table(
                ExitStatus.allCases.map { (String($0.rawValue), $0.meaning) }
                    + [(String(FollowerLeft.exitStatus), FollowerLeft.meaning)]) + [
                    "", "'run', 'attach' and 'wait' exit with the run's outcome. See pawl(1).",
                ]
        case .runs: HelpTopic.runsLines
        case .times: HelpTopic.timesLines
        case .variables: HelpTopic.variablesLines
        case .json: HelpTopic.jsonLines
        case .files: HelpTopic.filesLines
        }
    }

    /// All topics, for whoever asks for none.
    static var list: [String] {
        table(allCases.map { ($0.rawValue, $0.summary) }, indent: 2)
    }

    private static let statesLines = table([
        ("queued", "waits for its turn: for a lock, or for 'max_runs'"),
        ("running", "goes on"),
        ("paused", "is held, with all that it runs"),
        ("stopped", "waits for a person; 'pawl status' says for what"),
        ("succeeded", "all steps have done what they should"),
        ("failed", "a step has failed, and nothing said that this does not matter"),
        ("cancelled", "somebody has ended it"),
        ("timed-out", "it, or a step of it, took longer than it may"),
        ("waiting", "a step whose turn has not come"),
        ("skipped", "a step that is not needed, or lacks what it depends on"),
        ("interrupted", "a step that was lost with the host; 'interrupted' in the workflow"),
        ("", "says what becomes of it"),
    ])

    private static let runsLines = [
        "A run is WORKFLOW-ID, such as backup-7k2m9qxa. Where a verb takes a run, there",
        "can be",
        "",
        "  backup-7k2m9qxa   its name",
        "  7k2m9qxa          its ID",
        "  7k2, backup-7     the beginning of either, if no other run begins so",
        "  @last             the run that was started last",
        "  pawl@backup.service",
        "                    the run that was started for this unit and goes on",
        "",
        "With 'pawl run --key KEY' a run has a name of your own: who asks again with it",
        "is given the same run.",
    ]

    private static let timesLines = [
        "A moment:     2026-11-21, 2026-11-21 03:00:00, 03:00, now, today, yesterday,",
        "              2h ago, -2h, @1795230000; in the host's time zone, unless it",
        "              ends in UTC",
        "A time span:  90s, 5min, 2h 30min, 1d, 500ms; a number alone is seconds",
        "A schedule:   what systemd-analyze calendar takes, such as Mon..Fri 03:00",
        "",
        "In JSON moments are RFC 3339 in UTC, and time spans seconds.",
    ]

    private static let variablesLines = [
        "The value of a variable is the first that there is of",
        "",
        "  1. NAME=VALUE on the command line",
        "  2. --vars-file FILE, the last one first",
        "  3. PAWL_VAR_NAME in the environment",
        "  4. what is answered at the terminal, where one is required and missing",
        "  5. variables: {NAME: VALUE} in /etc/pawl/config.yaml",
        "  6. its default in the workflow",
        "",
        "Values are checked against their types before anything runs. In a script they",
        "are environment variables, never a part of its text. Secrets are credentials",
        "and no variables: see pawl.workflow(5).",
    ]

    private static let jsonLines = [
        "-o json prints one document on one line, and one object a line for what is",
        "followed. Keys are snake_case and always there, null where there is no value.",
        "pawl(1) has the shapes, which are kept from version to version.",
        "",
        "  id=$(pawl run backup --detach)",
        "  pawl wait \"$id\" || pawl logs \"$id\"",
        "  pawl ps -o json | jq -r '.[] | select(.state == \"stopped\") | .run'",
        "  pawl status @last -o json | jq '.steps[] | {id, state, exit_code}'",
    ]

    private static let filesLines =
        table([
            ("/etc/pawl/workflows", "workflows; over those in /run/pawl and /usr/lib/pawl"),
            ("NAME.yaml.d/*.yaml", "drop-ins over the workflow NAME, beside it"),
            ("/etc/pawl/config.yaml", "configuration, with drop-ins in config.yaml.d"),
            ("/etc/pawl/run.d/NAME.yaml", "values for pawl@NAME.service"),
            ("/var/lib/pawl", "the history, and the folders of runs"),
            ("/run/pawl/pawl.sock", "the socket of pawld"),
        ]) + [
            "", "With --user: ~/.config/pawl, ~/.local/state/pawl and $XDG_RUNTIME_DIR/pawl.",
            "See pawl(1), pawl.workflow(5), pawl.config(5), pawld(8) and pawl-recipes(7).",
        ]

    /// Two columns.
    private static func table(_ rows: [(String, String)], indent: Int = 0) -> [String] {
        let width = rows.map(\.0.count).max() ?? 0
        let margin = String(repeating: " ", count: indent)
        return rows.map { name, text in
            margin + name + String(repeating: " ", count: width - name.count + 2) + text
        }
    }
}
