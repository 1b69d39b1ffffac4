import ArgumentParser

/// A workflow to begin with, for `pawl new`: it runs as it is, and its comments say what could stand there.
enum WorkflowExample: String, ExpressibleByArgument, CaseIterable {
    case steps, parallel, service

    /// The text of the file.
    func text(named name: String) -> String {
        let head = """
            # yaml-language-server: $schema=/usr/share/pawl/workflow.schema.json
            # \(name): a workflow of pawl's. Everything that can stand here is in pawl.workflow(5).
            #
            #   pawl check \(name)      every fault, with its line
            #   pawl plan \(name)       the order of the steps
            #   pawl run \(name)        runs it


            """
        switch self {
        case .steps: return head + WorkflowExample.stepsText
        case .parallel: return head + WorkflowExample.parallelText
        case .service: return head + WorkflowExample.serviceText
        }
    }

    private static let stepsText = """
        description: What this is for, in a line

        # What a run can be given: `pawl run NAME target=/srv`. Types are checked before anything runs.
        variables:
          target: {type: path, default: /var/tmp, description: where the result goes}
          # level: {type: integer, default: 3, min: 1, max: 9}
          # password: no variable, but a credential of systemd's, see 'credentials' in pawl.workflow(5)

        # The run as a whole may take so long; what is left is cancelled.
        timeout: 1h

        # Each step waits for the one above, unless it says 'depends_on'.
        steps:
          - id: look
            # A script, for bash. Values reach it as environment variables, and never as a part of its text.
            run: |
              df --output=avail "$target" | tail -n 1
              echo "free=$(df --output=avail "$target" | tail -n 1 | tr -d ' ')" >> "$PAWL_OUTPUT"

          - id: decide
            # What a step wrote to $PAWL_OUTPUT others can read.
            when: ${look.outputs.free > 1024}
            # A program with its arguments: no shell, no quoting.
            command: [echo, "there are ${look.outputs.free} KiB"]
            timeout: 1min
            retry_policy: {max_retries: 2, initial_delay: 5s}

        # Whatever came of it:
        on_exit:
          - id: tell
            run: echo "run $PAWL_RUN is over"

        # schedule: "*-*-* 03:00"

        """

    private static let parallelText = """
        description: The same for many, so many at once

        variables:
          names: {type: list, default: [a, b, c, d]}

        # So many steps at once, and so much memory and processor for all of them together.
        max_parallel: 2
        slice: {MemoryMax: 1G, CPUQuota: 150%}

        steps:
          - id: each
            # Once for each item; 'item' is its value.
            foreach: ${names}
            command: [sh, -c, 'echo "this is $1"; sleep 1', sh, "${item}"]
            # Limits of each unit, in systemd's own words.
            unit: {MemoryMax: 256M, Nice: 5}
            # Tried again after 1 s, 2 s and 4 s; one that fails all the same does not keep the others from going on.
            retry_policy: {max_retries: 3, initial_delay: 1s, backoff_type: exponential}
            continue_on_failure: true

          # These two wait for nothing, and run beside each other and beside the items.
          - id: beside
            depends_on: []
            command: [sleep, "1"]

          - id: alone
            depends_on: []
            # Nobody else on this host holds this lock meanwhile.
            lock: example
            command: [sleep, "1"]

          - id: sum
            depends_on: [each, beside, alone]
            command: [echo, "${length(names)} items are done"]

        """

    private static let serviceText = """
        description: A program that goes on while others use it, and the way back

        variables:
          port: {type: integer, default: 8642, min: 1024, max: 65535}
          folder: {type: path, default: /var/tmp/pawl-example}

        steps:
          - id: prepare
            # Nothing is done where it is done already.
            done_when: {file: "${folder}/index.html"}
            run: |
              mkdir -p "$folder"
              echo hello > "$folder/index.html"
            # What `pawl undo RUN` does, the last step first.
            undo:
              command: [rm, -r, "${folder}"]

          - id: server
            # It goes on after the step, which is over once the port is answered by this very program.
            service: true
            command: [python3, -m, http.server, "${port}", --bind, 127.0.0.1, --directory, "${folder}"]
            done_when: {port: "127.0.0.1:${port}"}
            timeout: 30s
            # If the host goes down in the middle: run it again, ask somebody, or fail.
            interrupted: rerun

          - id: use
            command: [cat, "${folder}/index.html"]

        """
}
