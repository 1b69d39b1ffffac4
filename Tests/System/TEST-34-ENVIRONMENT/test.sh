#!/usr/bin/env bash
# Every step finds the same environment, whoever it runs as and however it is shut in; what it gives back is taken
# only from where it was told to put it.
source "$(dirname "$0")/../lib.sh"

host_start
install_deb
host_exec useradd --system worker
run_to() {
  local expected=$1 name=$2
  shift 2
  assert_status "pawl run $name" "$expected" host_exec pawl run "$name" "$@"
  status=$(host_exec pawl status @last -o json)
}
state() { json "next(s['state'] for s in d['steps'] if s['id'] == '$1')" <<<"$status"; }
reason() { json "next(s['reason'] or '' for s in d['steps'] if s['id'] == '$1')" <<<"$status"; }

section "the same for everybody"
kinds=("plain:{}" "user:{User: worker}" "dynamic:{DynamicUser: true}" "strict:{ProtectSystem: strict}" "tmp:{PrivateTmp: true}"
  "all:{User: worker, ProtectSystem: strict, ProtectHome: true, PrivateTmp: true, NoNewPrivileges: true}"
  "dynamic-all:{DynamicUser: true, ProtectHome: tmpfs, PrivateTmp: true, NoNewPrivileges: true}")
{
  printf 'max_parallel: 8\nvariables: {colour: blue, many: [a, "b c"], deep: {default: {x: [1]}}}\nsteps:\n'
  for kind in "${kinds[@]}"; do
    cat <<END
  - id: ${kind%%:*}
    depends_on: []
    unit: ${kind#*:}
    env: {OWN: "\${colour}"}
    run: |
      echo "\$PAWL_STEP was here" >"\$PAWL_RUN_DIR/\$PAWL_STEP.mark"
      echo "beside" >>beside.\$PAWL_STEP
      echo "words=of \$PAWL_STEP" >>"\$PAWL_OUTPUT"
      printf 'text<<END\none\ntwo\nEND\n' >>"\$PAWL_OUTPUT"
      env -0 | sort -z | tr '\n\0' '|\n' | grep -vE '^(INVOCATION_ID|JOURNAL_STREAM|SYSTEMD_EXEC_PID|MEMORY_PRESSURE.*|SHLVL|_|OLDPWD)='
      test "\$PWD" -ef "\$PAWL_RUN_DIR" && echo in the folder of the run
  - id: after-${kind%%:*}
    depends_on: [${kind%%:*}]
    command: [echo, "\${${kind%%:*}.outputs.words}, \${${kind%%:*}.outputs.text}"]
END
  done
  printf '  - {id: marks, depends_on: [%s], unit: {DynamicUser: true}, run: "cat *.mark | sort"}\n' "$(printf 'after-%s,' "${kinds[@]%%:*}")"
} | write_workflow same
host_exec pawl reload
run_to 0 same
run=$(json 'd["run"]' <<<"$status")
host_exec pawl logs "$run" plain >"$scratch/plain"
for name in PAWL_RUN="$run" PAWL_WORKFLOW=same PAWL_STEP=plain PAWL_ATTEMPT=1 ORCHESTRATION_CONTEXT=pawl \
  BOOTSTRAP_WORKFLOW_ID="$run" colour=blue OWN=blue 'many=a|b c' 'deep={"x":[1]}' HOME=/root "in the folder of the run"; do
  grep -qxF -- "$name" "$scratch/plain" || fail "no '$name' in the environment: $(cat "$scratch/plain")"
done
started=$(date -d "$(json 'd["started"]' <<<"$status")" +%s)
assert_equal "the start in seconds" "BOOTSTRAP_WORKFLOW_START_TIME=$started" "$(grep ^BOOTSTRAP_WORKFLOW_START "$scratch/plain")"
assert_equal "names that every step has" "PATH PAWL_ATTEMPT PAWL_OUTPUT PAWL_RUN PAWL_RUN_DIR PAWL_STEP PAWL_WORKFLOW PWD" \
  "$(grep -oE '^P[A-Z_]*' "$scratch/plain" | sort | paste -sd' ')"
# Where a step has a user, systemd adds what a user has; folders are seen at other places by who is shut in.
names() { sed -n 's/=.*//p' "$1" | grep -vxE 'USER|LOGNAME|SHELL|HOME|LANG' | sort; }
values() { grep -vE '^(USER|LOGNAME|SHELL|HOME|LANG|PAWL_STEP|PAWL_RUN_DIR|PAWL_OUTPUT|PWD)=' "$1"; }
for kind in "${kinds[@]%%:*}"; do
  host_exec pawl logs "$run" "$kind" >"$scratch/$kind"
  diff <(names "$scratch/plain") <(names "$scratch/$kind") || fail "'$kind' has other names in its environment"
  diff <(values "$scratch/plain") <(values "$scratch/$kind") || fail "'$kind' has other values in its environment"
  assert_equal "what $kind gave to the next step" "of $kind, one
two" "$(host_exec pawl logs "$run" "after-$kind")"
done
assert_equal "the run's folder is everybody's" "$(printf '%s was here\n' "${kinds[@]%%:*}" | sort)" "$(host_exec pawl logs "$run" marks)"

section "no value becomes code"
write_workflow values <<'END'
variables: {v: ""}
steps:
  - {id: script, run: 'printf "%s" "$v" >"$PAWL_RUN_DIR/script"'}
  - {id: command, command: [bash, /var/tmp/print, "${v}", '$HOME ${v} $$ %n %%'], env: {W: "<${v}>"}}
END
cat >"$scratch/print" <<'END'
printf '%s\n--\n%s\n--\n%s' "$1" "$2" "$W" >"$PAWL_RUN_DIR/command"
END
host_copy "$scratch/print" /var/tmp
host_exec pawl reload
for value in $'quotes " and \' and `touch /var/tmp/y`' $'two\nlines\n\nand a tab\t.' '$(touch /var/tmp/y)' '"; rm -rf /var/tmp/keep; "' '%n %H $HOME ${HOME} $$ \n \\' 'ünï¢ödé 🜁' ' blanks  around '; do
  host_exec touch /var/tmp/keep
  run_to 0 values "v=$value"
  id=$(json 'd["id"]' <<<"$status")
  printf '%s' "$value" >"$scratch/expected"
  host_exec cat "/var/lib/pawl/runs/$id/work/script" | cmp - "$scratch/expected" || fail "the script was given another value than '$value'"
  printf '%s\n--\n%s\n--\n<%s>' "$value" "\$HOME $value \$\$ %n %%" "$value" >"$scratch/expected"
  host_exec cat "/var/lib/pawl/runs/$id/work/command" | cmp - "$scratch/expected" || fail "the command was given another value than '$value'"
done
assert_status "what the values would have done" 1 host_exec test -e /var/tmp/y
host_exec test -e /var/tmp/keep || fail "a value was run"

section "what a step may do to itself"
write_workflow odd <<'END'
max_parallel: 16
steps:
  - {id: homeless, depends_on: [], run: 'rm -rf "$PAWL_RUN_DIR"; echo gone', continue_on_failure: true}
END
write_workflow faults <<'END'
max_parallel: 16
steps:
  - {id: missing, depends_on: [], command: [/usr/bin/no-such-program, now]}
  - {id: missing-name, depends_on: [], command: [no-such-program, now]}
  - {id: nobody-there, depends_on: [], command: ["true"], unit: {User: no-such-user}}
  - {id: symlink, depends_on: [], run: 'ln -sf /etc/shadow "$PAWL_OUTPUT"'}
  - {id: hard-link, depends_on: [], run: 'echo "a=b" >/var/lib/pawl/other; ln -f /var/lib/pawl/other "$PAWL_OUTPUT"'}
  - {id: fifo, depends_on: [], run: 'rm "$PAWL_OUTPUT"; mkfifo "$PAWL_OUTPUT"'}
  - {id: folder, depends_on: [], run: 'rm "$PAWL_OUTPUT"; mkdir "$PAWL_OUTPUT"'}
  - {id: theirs, depends_on: [], run: 'rm "$PAWL_OUTPUT"; install -o worker /dev/null "$PAWL_OUTPUT"'}
  - {id: too-much, depends_on: [], run: '{ echo -n a=; head -c 1100000 /dev/zero | tr "\0" x; } >"$PAWL_OUTPUT"'}
  - {id: binary, depends_on: [], run: 'printf "a=\377\n" >"$PAWL_OUTPUT"'}
  - {id: no-form, depends_on: [], run: 'echo "what is this" >"$PAWL_OUTPUT"'}
  - {id: wrong-type, depends_on: [], run: 'echo "n=many" >"$PAWL_OUTPUT"', outputs: {n: integer}}
  - {id: prints-too-much, depends_on: [], run: 'head -c 1100000 /dev/zero | tr "\0" x | fold -w 1000; echo; echo the end'}
  - {id: reads, command: [echo, "${prints-too-much.output}"]}
  - {id: user-cannot, depends_on: [], unit: {User: worker}, run: 'ln -sf /etc/shadow "$PAWL_OUTPUT"'}
  - {id: removed, depends_on: [], run: 'rm "$PAWL_OUTPUT"'}
  - {id: signal, depends_on: [], run: 'kill -SEGV $$'}
  - {id: neighbour, depends_on: [], run: 'echo a=1 >"$PAWL_OUTPUT"'}
END
host_exec pawl reload
run_to 0 odd
assert_equal "a step that removes its folder" succeeded "$(state homeless)"
run_to 1 faults
check() {
  local step=$1 expected=$2 needle
  shift 2
  assert_equal "$step" "$expected" "$(state "$step")"
  for needle in "$@"; do assert_contains "$step" "$needle" "$(reason "$step")"; done
}
check missing failed 203/EXEC /usr/bin/no-such-program
check missing-name failed 203/EXEC no-such-program
check nobody-there failed 217/USER no-such-user
check symlink failed link refused
check hard-link failed link refused
check fifo failed refused
check folder failed refused
check theirs failed refused
check too-much failed output 1048576
check binary failed UTF-8
check no-form failed "line 1" PAWL_OUTPUT
check wrong-type failed integer many
check prints-too-much failed 1048576
assert_equal "its log all the same" "the end" "$(host_exec pawl logs @last prints-too-much -n 1)"
check reads skipped
check user-cannot failed "exit status 1"
check removed succeeded
check signal failed SEGV
check neighbour succeeded
assert_equal "units left" "" "$(host_exec systemctl list-units --all --no-legend 'pawl-step-*')"
host_exec rm -f /var/lib/pawl/other

section "names that would forge a receipt"
for name in SERVICE_RESULT EXIT_CODE EXIT_STATUS INVOCATION_ID LD_PRELOAD LD_LIBRARY_PATH GLIBC_TUNABLES NOTIFY_SOCKET LISTEN_FDS PAWL_STEP PATH BASH_ENV; do
  write_workflow forged <<END
steps:
  - {id: a, command: ["true"], env: {$name: x}}
END
  assert_status "$name" 2 host_exec pawl check forged
  assert_contains "$name" "forged.yaml:2:38: error: " "$output"
done
