#!/usr/bin/env bash
# A run goes on with its workflow as it is now: when that is asked for, where it fits what has run, and over whatever becomes of
# pawld. Otherwise it keeps the one that it has.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

# version N LAST [MORE]: the workflow, whose second step fails in version 1.
version() {
  workflow moving <<E2
name: Moving
variables:
  greeting: {default: hello}
${3:-}
steps:
  - {id: first, run: 'echo "first \$PAWL_ATTEMPT v$1" >>$marks; echo "given by v$1"'}
  - id: second
    env: {GIVEN: "\${first.output}"}
    run: |
      echo "second \$PAWL_ATTEMPT v$1" >>$marks
      echo "\$GIVEN"
      [ $1 != 1 ]
  - {id: $2, run: 'echo "$2 \$PAWL_ATTEMPT v$1" >>$marks; until [ -e /srv/go ]; do sleep 0.05; done'}
E2
}
definition() { field_of "$1" '[.definition_file, .definition_since == .started] | join(" ")'; }

host_start
install_deb
version 1 third
run=$(started moving)
assert_status "the run" 1 host_exec timeout 30 pawl wait "$run"
assert_equal "its definition" "/etc/pawl/workflows/moving.yaml true" "$(definition "$run")"

section "unasked it keeps what it was started from"
version 2 third
assert_status "retry" 1 host_exec timeout 30 pawl retry "$run"
assert_equal "what ran" "first 1 v1 second 1 v1 second 2 v1" "$(host_exec sh -c "paste -sd' ' $marks")"

section "what does not fit is refused, by name, and changes nothing"
before=$(host_exec pawl status "$run" -o json)
sed -i 's/id: first,/id: renamed,/; s/first\.output/renamed.output/' "$scratch/moving.yaml"
install_workflow "$scratch/moving.yaml"
host_exec pawl reload
assert_status "a step that is gone" 8 host_exec pawl retry "$run" --with-current
assert_contains "the reason" "step 'first' has run and is not there any more" "$output"
version 2 third '  target: {required: true}'
assert_status "a variable that is new" 8 host_exec pawl retry "$run" --with-current
assert_contains "the reason" "variable 'target' is required and has no value, and the run has none since it is new" "$output"
version 2 third '  # none'
echo 'stepz: []' >>"$scratch/moving.yaml"
install_workflow "$scratch/moving.yaml"
assert_status "reload" 2 host_exec pawl reload
assert_status "a definition with faults" 2 host_exec pawl retry "$run" --with-current
assert_contains "the fault" "moving.yaml:" "$output"
host_exec rm /etc/pawl/workflows/moving.yaml
host_exec pawl reload
assert_status "a workflow that is gone" 4 host_exec pawl retry "$run" --with-current
assert_equal "the run" "$before" "$(host_exec pawl status "$run" -o json)"

section "asked, it goes on with what there is now, also over a kill of pawld"
version 3 fourth
host_exec pawl retry "$run" --with-current --detach
wait_until 20 "the new step runs" marked fourth
kill_pawld
host_exec systemctl is-active -q pawld.service || host_exec systemctl start pawld.service
assert_equal "its definition" "/etc/pawl/workflows/moving.yaml false" "$(definition "$run")"
assert_contains "status" "Definition: /etc/pawl/workflows/moving.yaml as of" "$(host_exec pawl status "$run")"
host_exec touch /srv/go
assert_status "the run" 0 host_exec timeout 30 pawl wait "$run"
printf '%s\n' "first succeeded 0 1" "second succeeded 0 3" "fourth succeeded 0 1" | assert_steps "$run"
assert_equal "what ran" "second 3 v3 fourth 1 v3" "$(host_exec sh -c "tail -n 2 $marks | paste -sd' '")"
assert_equal "the first step's output" "given by v1" "$(host_exec pawl logs "$run" second | tail -n 1)"
assert_equal "a list of runs" "3 of 3" "$(host_exec pawl ps --all -o json | json '"%d of %d" % (d[0]["steps_done"], d[0]["steps_total"])')"
assert_contains "the journal" "with the definition that /etc/pawl/workflows/moving.yaml has now" "$(host_exec journalctl -q -o cat -u pawld.service)"

section "a stopped run, resumed with another definition after the loss of its host"
workflow asked <<E2
name: Asked
steps:
  - {id: before, run: 'echo "before \$PAWL_ATTEMPT" >>$marks'}
  - {id: flies, interrupted: ask, run: 'echo "flies \$PAWL_ATTEMPT" >>$marks; exec sleep 600'}
E2
host_exec rm -f $marks
run=$(started asked)
wait_until 20 "the step runs" marked flies
host_exec sync
host_kill
host_resume
assert_status "it waits" 1 host_exec timeout 30 pawl wait "$run"
workflow asked <<E2
name: Asked
steps:
  - {id: before, run: 'echo "before \$PAWL_ATTEMPT" >>$marks'}
  - {id: between, depends_on: [], run: 'echo "between \$PAWL_ATTEMPT" >>$marks'}
  - {id: flies, depends_on: [before, between], interrupted: ask, run: 'echo "flies \$PAWL_ATTEMPT short" >>$marks'}
E2
assert_status "resume" 0 host_exec timeout 30 pawl resume "$run" --with-current
printf '%s\n' "before succeeded 0 1" "between succeeded 0 1" "flies succeeded 0 2" | assert_steps "$run"
printf '%s\n' "before 1" "flies 1" "between 1" "flies 2" | assert_marks
assert_nothing_left
