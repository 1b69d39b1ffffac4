#!/usr/bin/env bash
# A faulty workflow never starts, and all its faults are said, with pawld and without.
source "$(dirname "$0")/../lib.sh"

host_start
install_deb
fixture=$system_tests/../Fixtures/language/02-five-faults-and-a-cycle
host_exec sh -c 'cat >/var/tmp/faults.yaml' <"$fixture/workflow.yaml"

expect_faults() {
  assert_status "$1" 2 "${@:2}"
  diff <(sed "s,^workflow.yaml,$file," "$fixture/expected.errors") <(grep ': error: ' <<<"$output") || fail "$1: other faults than expected"
}
section "a file with faults and a cycle"
file=/var/tmp/faults.yaml
expect_faults "pawl check FILE" host_exec pawl check /var/tmp/faults.yaml
assert_contains "the summary" "8 faults" "$output"
host_exec systemctl stop pawld.socket pawld.service
expect_faults "without pawld" host_exec pawl check /var/tmp/faults.yaml
assert_status "the good ones without pawld" 0 host_exec pawl check hello
host_exec systemctl start pawld.service
host_exec pawl check /var/tmp/faults.yaml -o json >"$scratch/json" 2>/dev/null || true
assert_equal "as JSON" '[8, [4, 3], "error"]' "$(json '[len(d[0]["diagnostics"]), [d[0]["diagnostics"][0]["line"], d[0]["diagnostics"][0]["column"]], d[0]["diagnostics"][0]["severity"]]' <"$scratch/json")"
host_exec cp /var/tmp/faults.yaml /etc/pawl/workflows/
file=/etc/pawl/workflows/faults.yaml
expect_faults "pawl reload" host_exec pawl reload
expect_faults "pawl run" host_exec pawl run faults
expect_faults "pawl check NAME" host_exec pawl check faults
assert_equal "runs started" "[]" "$(host_exec pawl ps --all -o json)"
host_exec rm /etc/pawl/workflows/faults.yaml
assert_status "one of several" 2 host_exec pawl check hello /var/tmp/faults.yaml
assert_contains "the good one" "hello.yaml: ok" "$output"
assert_status "no such file" 4 host_exec pawl check /var/tmp/nothing.yaml

section "variables"
write_workflow needs <<'END'
variables:
  cluster: {required: true, type: string, pattern: "[a-z]+", description: Name of the cluster}
  size: {required: true, type: integer}
  mode: {enum: [create, remove], default: create}
steps:
  - {id: a, command: [echo, "${cluster}", "${size}", "${mode}"]}
END
host_exec pawl reload
assert_status "nothing given" 2 host_exec pawl run needs
assert_contains "what is missing" cluster "$output"
assert_contains "what is missing" size "$output"
assert_status "wrong type" 2 host_exec pawl run needs cluster=a size=many
assert_contains "which" size "$output"
assert_status "wrong pattern" 2 host_exec pawl run needs cluster=A1 size=3
assert_contains "which" cluster "$output"
assert_status "not among the words" 2 host_exec pawl run needs cluster=a size=3 mode=crate
assert_contains "which" mode "$output"
assert_status "no such variable" 2 host_exec pawl run needs cluster=a size=3 clutser=b
assert_contains "what was meant" clutser "$output"
assert_equal "runs started" "[]" "$(host_exec pawl ps --all -o json)"
assert_status "all given" 0 host_exec pawl run needs cluster=a size=3
assert_equal "what the step was given" "a 3 create" "$(host_exec pawl logs @last a)"
host_exec sh -c 'echo "{\"cluster\": \"b\", \"size\": 4}" >/var/tmp/vars.json'
assert_status "by a file, one over it" 0 host_exec pawl run needs --vars-file /var/tmp/vars.json size=5 mode=remove
assert_equal "what the step was given" "b 5 remove" "$(host_exec pawl logs @last a)"
assert_status "no such file" 2 host_exec pawl run needs --vars-file /var/tmp/no.json

section "names and usage"
assert_status "an unknown workflow" 4 host_exec pawl run helo
assert_contains "what was meant" "did you mean 'hello'" "$output"
assert_status "an unknown run" 4 host_exec pawl status nothing-0000
assert_status "an unknown step" 4 host_exec pawl logs @last nothing
assert_status "an unknown verb" 2 host_exec pawl rum hello
assert_contains "what was meant" run "$output"
assert_status "no workflow" 2 host_exec pawl run
assert_status "no variable" 2 host_exec pawl run hello nonsense
assert_status "an unknown option" 2 host_exec pawl run hello --frobnicate
assert_status "an unknown format" 2 host_exec pawl ps -o xml
assert_status "no run" 2 host_exec pawl wait

section "every program has its help: on standard output, within 80 columns, the same for -h, and wrong usage is no help"
# PROGRAM [VERB]
check_help() {
  local what=$* status=0
  host_exec "$@" --help >"$scratch/help" 2>"$scratch/errors" || fail "$what --help fails"
  [[ -s $scratch/help && ! -s $scratch/errors ]] || fail "$what --help: $(cat "$scratch/errors")"
  ! grep -nE '^.{81}' "$scratch/help" || fail "$what --help has lines that are too long"
  host_exec "$@" -h | cmp - "$scratch/help" || fail "$what -h is not --help"
  grep -qi '^usage: ' "$scratch/help" || fail "$what --help does not say how it is used"
  host_exec "$@" --no-such-option >"$scratch/wrong" 2>"$scratch/errors" || status=$?
  [[ $status == 2 && ! -s $scratch/wrong ]] || fail "$what --no-such-option: exit status $status, and '$(cat "$scratch/wrong")'"
  assert_equal "$what --no-such-option: lines" 1 "$(wc -l <"$scratch/errors")"
}
check_help pawl
mapfile -t verbs < <(host_exec pawl --help | sed -n '/^SUBCOMMANDS:/,$s/^  \([a-z][a-z-]*\) .*/\1/p')
((${#verbs[@]} > 30)) || fail "only ${#verbs[@]} verbs: ${verbs[*]}"
for verb in "${verbs[@]}"; do
  check_help pawl "$verb"
  assert_contains "pawl $verb --help" "pawl $verb" "$(cat "$scratch/help")"
done
mapfile -t programs < <(host_exec sh -c 'for file in /usr/libexec/pawl/*; do echo "$file"; done')
((${#programs[@]} >= 2)) || fail "only ${#programs[@]} other programs"
for program in "${programs[@]}"; do check_help "$program"; done
assert_match "pawld --version" '^pawld [0-9]+\.[0-9]+\.[0-9]+' "$(host_exec /usr/libexec/pawl/pawld --version)"
assert_match "pawl --version" '^(pawl )?[0-9]+\.[0-9]+\.[0-9]+' "$(host_exec pawl --version)"
