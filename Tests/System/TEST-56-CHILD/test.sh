#!/usr/bin/env bash
# A workflow as a step of another one: one run for each attempt, over kills of pawld and the loss of the host; what it gives is
# handed up, limits and cancellation reach down.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

host_start
install_deb
step() { field_of "$1" ".steps[] | select(.id == \"$2\" and .item == ${4:-null}) | $3"; }
# below RUN STEP [ITEM]: the run of the step's last attempt.
below() { step "$1" "$2" '.attempts[-1].run' "${3:-null}"; }
runs() { host_exec pawl ps --all --output json | jq length; }
ran() { host_exec cat $marks 2>/dev/null | paste -sd, - || true; }
named() { host_exec pawl run --detach "$@" | tail -n 1; }

workflow dump <<'END'
variables: {database: {type: string, required: true}, keep: 1, seconds: "0", code: "0"}
outputs: {bytes: "${dump.outputs.bytes}", about: {name: "${database}", keep: "${keep + 1}"}}
steps:
  - id: dump
    run: |
      echo "dump $database $PAWL_RUN" >>/srv/marks
      echo "about to dump $database"
      sleep "$seconds"
      echo "bytes=${#database}" >>"$PAWL_OUTPUT"
      exit "$code"
  - {id: last, run: 'echo "last $database" >>/srv/marks'}
on_cancel: [{id: sorry, run: 'echo "sorry $database" >>/srv/marks'}]
END

section "what it gives is handed up, for each item"
workflow all <<'END'
variables: {seconds: "0"}
steps:
  - id: dumps
    foreach: [orders, people]
    workflow: dump
    with: {database: "${item}", keep: 7, seconds: "${seconds}"}
  - id: told
    command: [echo, "${join(dumps.outputs.bytes, '+')} ${dumps.outputs.about[1]} ${dumps.state}"]
END
assert_status "all" 0 host_exec pawl run all
run=$(host_exec pawl ps --all --output json | jq -r '[.[] | select(.workflow == "all")][0].run')
assert_contains "outputs" '6+6 {"keep":8,"name":"people"} succeeded' "$(host_exec pawl logs "$run" told)"
first=$(below "$run" dumps 0)
assert_match "the run of an item" '^dump-[0-9a-z]{8}$' "$first"
assert_equal "it knows whose it is" "$run" "$(field_of "$first" .parent)"
assert_equal "it has outputs" 6 "$(field_of "$first" .outputs.bytes)"
assert_contains "status of the one above" "run $first" "$(host_exec pawl status "$run")"
assert_match "ps" "$run.*"$'\n'"  dump-" "$(host_exec pawl ps --all)"
assert_equal "what the run of an item wrote, by the item's name" "about to dump people" "$(host_exec pawl logs "$run" dumps.1 | grep about)"
assert_status "what a step whose items are runs wrote" 8 host_exec pawl logs "$run" dumps
assert_contains "where it is" "its 2 items are runs of another workflow: 'pawl logs $run dumps.0' shows what one of them wrote" "$output"
assert_contains "logs of the one below" "about to dump orders" "$(host_exec pawl logs "$first" dump)"
assert_nothing_left

section "what does not fit is said before anything runs"
host_exec sh -c 'cat >/etc/pawl/workflows/bad.yaml' <<'END'
steps:
  - {id: a, workflow: dump, with: {data: x}}
  - {id: b, workflow: nosuch}
  - {id: c, workflow: bad}
  - {id: d, command: [echo, "${a.outputs.byte}"]}
END
assert_status "check" 2 host_exec pawl check bad
for words in "2:36: error: workflow 'dump' has no variable 'data'" "2:23: error: workflow 'dump': variable 'database' is required" \
  "3:23: error: there is no workflow 'nosuch'" "4:23: error: workflow 'bad' runs itself without end: bad > bad" \
  "5:32: error: workflow 'dump' has no output 'byte'"; do
  assert_contains "check" "bad.yaml:$words" "$output"
done
assert_status "reload" 2 host_exec pawl reload
assert_status "run" 2 host_exec pawl run bad
host_exec rm /etc/pawl/workflows/bad.yaml

section "pawld is killed again and again while runs are below"
host_exec rm -f $marks
before=$(runs)
run=$(named all seconds=2)
for _ in {1..12}; do
  kill_pawld || true
  sleep 0.2
done
assert_status "wait" 0 host_exec pawl wait "$run"
assert_equal "runs that were made" $((before + 3)) "$(runs)"
assert_equal "what ran" "dump orders,dump people,last orders,last people" \
  "$(host_exec cut -d' ' -f1,2 $marks | sort | paste -sd, -)"
assert_nothing_left

section "a failure, a retry policy, a retry"
host_exec rm -f $marks
workflow fails <<'END'
variables: {code: "3"}
steps:
  - id: dump
    workflow: dump
    with: {database: x, code: "${code}"}
    retry_policy: {max_retries: 1, initial_delay: 0}
END
assert_status "fails" 1 host_exec pawl run fails
run=$(host_exec pawl ps --all --output json | jq -r '[.[] | select(.workflow == "fails")][0].run')
assert_equal "each attempt was another run" 2 "$(step "$run" dump '[.attempts[].run] | unique | length')"
assert_equal "why" "run $(below "$run" dump) failed: step 'dump' failed" "$(step "$run" dump .reason)"
assert_status "a retry of the one below" 8 host_exec pawl retry "$(below "$run" dump)"
assert_contains "what to retry" "'pawl retry $run' makes a new one" "$output"
assert_status "a retry" 1 host_exec pawl retry "$run"
assert_equal "runs for its attempts" 4 "$(step "$run" dump '[.attempts[].run] | unique | length')"

section "its timeout ends what runs below, handlers included"
host_exec rm -f $marks
workflow slow <<'END'
steps:
  - {id: dump, workflow: dump, with: {database: x, seconds: "60"}, timeout: 1s}
END
assert_status "slow" 1 host_exec pawl run slow
run=$(host_exec pawl ps --all --output json | jq -r '[.[] | select(.workflow == "slow")][0].run')
assert_equal "the step" timed-out "$(step "$run" dump .state)"
assert_equal "the run below" timed-out "$(field_of "$(below "$run" dump)" .state)"
assert_contains "why" "the timeout of step 'dump' of '$run', 1s, ran out" "$(step "$run" dump .reason)"
assert_nothing_left

section "a cancellation reaches down, and is waited for"
host_exec rm -f $marks
run=$(named all seconds=60)
wait_until 10 "both dumps run" sh -c "[ \$('$harness' exec '$host' -- grep -c '^dump ' $marks) = 2 ]"
first=$(below "$run" dumps 0)
host_exec pawl cancel "$run" >/dev/null
assert_equal "above" cancelled "$(field_of "$run" .state)"
assert_equal "below" cancelled "$(field_of "$first" .state)"
assert_equal "the handlers below had their turn" "sorry orders,sorry people" "$(host_exec grep ^sorry $marks | sort | paste -sd, -)"
assert_nothing_left

section "one below that is cancelled by hand fails its step"
host_exec rm -f $marks
run=$(named all seconds=60)
wait_until 10 "both dumps run" sh -c "[ \$('$harness' exec '$host' -- grep -c '^dump ' $marks) = 2 ]"
for item in 0 1; do host_exec pawl cancel "$(below "$run" dumps $item)" >/dev/null; done
assert_status "wait" 1 host_exec pawl wait "$run"
assert_contains "why" "was cancelled: cancelled by root" "$(step "$run" dumps .reason 0)"

section "the limits of the run above hold below, and those of the run below too"
host_exec rm -f $marks
workflow within <<'END'
slice: {TasksMax: 100}
steps:
  - id: all
    run: |
      slice=$(sed -n 's,.*/\(pawl-[^/]*\.slice\)/pawl-step.*,\1,p;T;q' /proc/self/cgroup)
      systemctl show -P MemoryMax "${slice%-*}.slice" >>/srv/marks
      systemctl show -P TasksMax "$slice" >>/srv/marks
END
workflow limited <<'END'
slice: {MemoryMax: 512M}
steps: [{id: within, workflow: within}]
END
assert_status "limited" 0 host_exec pawl run limited
assert_equal "limits" 536870912,100 "$(ran)"
workflow hog <<'END'
steps: [{id: eats, command: [perl, -e, "my $x = 'x' x (1 << 28); sleep 1; print length $x"]}]
END
workflow hogs <<'END'
slice: {MemoryMax: 48M}
steps: [{id: hog, workflow: hog}]
END
assert_status "hogs" 1 host_exec pawl run hogs
run=$(host_exec pawl ps --all --output json | jq -r '[.[] | select(.workflow == "hogs")][0].run')
assert_match "why" "out of memory|memory limit reached" "$(step "$(below "$run" hog)" eats .reason)"
assert_nothing_left

section "the host is lost: what runs below says what becomes of it, and is resumed from above"
host_exec rm -f $marks
run=$(named all seconds=3)
wait_until 10 "both dumps run" sh -c "[ \$('$harness' exec '$host' -- grep -c '^dump ' $marks) = 2 ]"
before=$(runs)
host_kill
host_resume
is_told() { step "$run" dumps .reason 0 | grep -q "waits for a person: step 'dump' was interrupted"; }
wait_until 60 "the run above says what it waits for" is_told
assert_equal "it goes on itself" running "$(field_of "$run" .state)"
host_exec pawl resume "$run" >/dev/null
assert_status "wait" 0 host_exec pawl wait "$run"
assert_equal "no run was made for that" "$before" "$(runs)"
assert_equal "each was done again once" "2 orders,2 people" \
  "$(host_exec grep '^dump ' $marks | cut -d' ' -f2 | sort | uniq -c | sed 's/^ *//' | paste -sd, -)"
assert_nothing_left

section "workflows that run one another end eight deep"
workflow deep <<'END'
steps: [{id: again, when: "${true}", workflow: deep}]
END
before=$(runs)
assert_status "deep" 1 host_exec pawl run deep
assert_equal "runs" $((before + 9)) "$(runs)"
assert_nothing_left

section "what is over goes with the run above"
host_exec sh -c 'printf "retention: {age: forever, runs: 1}\n" >/etc/pawl/config.yaml'
host_exec systemctl restart pawld.service
wait_until 20 "one run is left, with those below it" sh -c "[ \$('$harness' exec '$host' -- pawl ps --all --output json | jq length) = 9 ]"
assert_equal "they are" deep "$(host_exec pawl ps --all --output json | jq -r '[.[].workflow] | unique | join(",")')"
wait_until 20 "the folders are gone too" sh -c "! '$harness' exec '$host' -- ls /var/lib/pawl/runs | grep ."
