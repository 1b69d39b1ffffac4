# shellcheck shell=bash disable=SC2154
# What the tests that attack pawld share; to be sourced after lib.sh. Steps leave their marks in a file that pawl knows
# nothing of, and what pawl says afterwards is held against it.
marks=/srv/marks

command -v jq >/dev/null || fail "jq is missing: Tests/House/prepare installs it"

# workflow NAME: installs the workflow whose text comes on stdin, and has pawld read it.
workflow() {
  cat >"$scratch/$1.yaml"
  install_workflow "$scratch/$1.yaml"
  host_exec pawl reload
}

# started NAME: starts a run, detached, and says its name.
started() { host_exec pawl run --detach "$1"; }

# marked STEP [ATTEMPT]: whether the step has left its mark.
marked() { host_exec grep -qE "^$1 ${2:-[0-9]+}( |\$)" $marks; }

main_pid() { host_exec systemctl show -P MainPID pawld.service; }

# kill_pawld [SIGNAL]: fails where there is no pawld just now.
kill_pawld() {
  local pid
  pid=$(main_pid)
  ((pid > 0)) && host_exec kill "-${1:-KILL}" "$pid" 2>/dev/null
}

# steps_of RUN: a line `STEP STATE EXIT-STATUS-OR-SIGNAL ATTEMPTS` for each step, sorted.
steps_of() {
  host_exec pawl status "$1" --output json |
    jq -r '.steps[] | "\(.id) \(.state) \(.exit_code // (.attempts[-1].signal // "-")) \(.attempts | length)"' | sort
}

# field_of RUN FILTER: of `pawl status`.
field_of() { host_exec pawl status "$1" --output json | jq -r "$2"; }
has_state() { [[ $(field_of "$1" .state) == "$2" ]]; }

# assert_steps RUN: the steps are as stdin says, in the form of steps_of.
assert_steps() {
  sort >"$scratch/expected"
  steps_of "$1" >"$scratch/said"
  diff "$scratch/expected" "$scratch/said" || fail "pawl's word on the steps of $1 (>) is not what happened (<)"
}

# assert_marks: each of the steps named on stdin, one `STEP ATTEMPT` a line, has run, has run once, and no other has.
assert_marks() {
  sort >"$scratch/expected"
  host_exec cut -d' ' -f1,2 $marks | sort >"$scratch/said"
  diff "$scratch/expected" "$scratch/said" || fail "the steps that ran (>) are not those that should have (<)"
}

# assert_nothing_left: no unit of any step, and no slice of a run.
assert_nothing_left() {
  wait_until 10 "the runs' slices are gone" sh -c "! '$harness' exec '$host' -- systemctl list-units --all --plain --no-legend 'pawl-step-*' 'pawl-*.slice' | grep ."
}
