#!/usr/bin/env bash
# The habits of people who write scripts around it.
source "$(dirname "$0")/../lib.sh"

host_start
install_deb
write_workflow flaky <<'END'
max_parallel: 3
steps:
  - {id: before, run: 'echo "before $PAWL_ATTEMPT" >>/var/tmp/marks; echo "n=7" >>"$PAWL_OUTPUT"'}
  - {id: beside, depends_on: [], run: 'echo "beside $PAWL_ATTEMPT" >>/var/tmp/marks'}
  - {id: fails, depends_on: [before], run: 'echo "fails $PAWL_ATTEMPT" >>/var/tmp/marks; echo out of luck; test -e /var/tmp/luck || exit 3'}
  - {id: after, depends_on: [fails], run: 'echo "after $n" >>/var/tmp/marks', env: {n: "${before.outputs.n}"}}
END
write_workflow naps <<'END'
steps:
  - {id: nap, command: [sleep, "300"]}
END
write_workflow short <<'END'
steps:
  - {id: nap, run: "until [[ -e /var/tmp/go ]]; do sleep 0.1; done"}
END
write_workflow again <<'END'
steps:
  - id: third-time
    run: 'echo "try $PAWL_ATTEMPT"; test "$PAWL_ATTEMPT" = 3'
    retry_policy: {max_retries: 5, initial_delay: 100ms, backoff_type: fixed}
END
host_exec pawl reload
sh() { host_exec bash -c "$1"; }

section 'id=$(pawl run --detach); pawl wait || pawl logs'
output=$(sh 'id=$(pawl run flaky --detach) && echo "<$id>" && { pawl wait "$id" >/dev/null 2>&1 || echo "status $?"; pawl logs "$id"; }')
run=$(sed -n 's/^<\(.*\)>$/\1/p' <<<"$output")
assert_match "the run's name and nothing else" '^flaky-[a-z0-9]{8}$' "$run"
assert_contains "its outcome" "status 1" "$output"
assert_contains "its log" "out of luck" "$output"
assert_equal "the marks" "before 1
beside 1
fails 1" "$(host_exec sort /var/tmp/marks)"

section "the shapes of status and ps"
host_exec pawl status "$run" -o json >"$scratch/status"
host_exec pawl ps --all -o json >"$scratch/ps"
python3 - "$scratch/status" "$scratch/ps" "$run" <<'END'
import datetime, json, sys
status, ps, run = json.load(open(sys.argv[1])), json.load(open(sys.argv[2])), sys.argv[3]
assert {"run", "id", "workflow", "state", "reason", "started", "ended", "steps"} <= status.keys(), status.keys()
assert status["run"] == run and run.endswith(status["id"]) and status["workflow"] == "flaky" and status["state"] == "failed"
assert [s["id"] for s in status["steps"]] == ["before", "beside", "fails", "after"]
assert [s["state"] for s in status["steps"]] == ["succeeded", "succeeded", "failed", "skipped"]
assert [s["exit_code"] for s in status["steps"]] == [0, 0, 3, None]
for step in status["steps"]:
    assert {"id", "item", "state", "reason", "exit_code", "attempts"} <= step.keys(), step.keys()
    for attempt in step["attempts"]:
        wanted = {"number", "unit", "state", "exit_code", "signal", "result", "started", "ended", "cpu_seconds", "memory_peak"}
        assert wanted <= attempt.keys(), attempt.keys()
        assert attempt["unit"] == f"pawl-step-{status['id']}.{step['id']}.1.service", attempt
        assert attempt["cpu_seconds"] > 0 and attempt["memory_peak"] > 0, attempt
        begin, end = (datetime.datetime.fromisoformat(attempt[k].replace("Z", "+00:00")) for k in ("started", "ended"))
        assert begin <= end and begin.utcoffset() == datetime.timedelta(0)
assert [r["run"] for r in ps] == [run], ps
assert {"run", "id", "workflow", "state", "started", "ended", "steps_done", "steps_total"} <= ps[0].keys(), ps[0].keys()
assert ps[0]["steps_done"] == 4 and ps[0]["steps_total"] == 4, ps
END
assert_equal "pawl ps without --all" "[]" "$(host_exec pawl ps -o json)"
assert_contains "pawl status in words" "fails" "$(host_exec pawl status "$run")"
assert_contains "with the last lines of what failed" "out of luck" "$(host_exec pawl status "$run")"

section "retry runs what did not succeed, in the same run"
host_exec touch /var/tmp/luck
assert_status "pawl retry" 0 host_exec pawl retry "$run"
assert_equal "the marks" "after 7
before 1
beside 1
fails 1
fails 2" "$(host_exec sort /var/tmp/marks)"
assert_equal "the run" '["succeeded", 2]' "$(host_exec pawl status "$run" -o json | json '[d["state"], len(d["steps"][2]["attempts"])]')"
assert_status "a second retry" 8 host_exec pawl retry "$run"
assert_status "resume of an ended run" 8 host_exec pawl resume "$run"
assert_equal "runs" 1 "$(host_exec pawl ps --all -o json | json 'len(d)')"

section "a step's own retries"
assert_status "pawl run again" 0 host_exec pawl run again
assert_equal "what it said" "try 1
try 2
try 3" "$(host_exec pawl logs @last third-time)"
assert_equal "attempts" '["failed", "failed", "succeeded"]' "$(host_exec pawl status @last -o json | json '[a["state"] for a in d["steps"][0]["attempts"]]')"

section "names: prefixes and @last"
id=${run##*-}
for name in "$run" "${run%?}" "$id" "${id%??}" flaky; do
  assert_equal "pawl status $name" "$run" "$(host_exec pawl status "$name" -o json | json 'd["run"]')"
done
first=$(host_exec pawl run short --detach)
second=$(host_exec pawl run short --detach)
assert_equal "@last" "$second" "$(host_exec pawl status @last -o json | json 'd["run"]')"
assert_status "a prefix of two runs" 4 host_exec pawl status short
assert_contains "both are named" "$first" "$output"
assert_contains "both are named" "$second" "$output"
assert_equal "pawl ps while they run" 2 "$(host_exec pawl ps -o json | json 'len(d)')"
host_exec touch /var/tmp/go
assert_status "pawl wait" 0 host_exec pawl wait "$first"
assert_status "pawl wait" 0 host_exec pawl wait "$second"

section "pawl list"
assert_contains "as a table" "hello" "$(host_exec pawl list)"
assert_equal "as JSON" "again flaky hello naps short" "$(host_exec pawl list -o json | json '" ".join(sorted(w["name"] for w in d if w["name"] in ("again", "flaky", "hello", "naps", "short")))')"

section "followed in a pipe: plain lines, the name first"
assert_status "pawl run hello" 0 host_exec pawl run hello
assert_match "the first line" '^hello-[a-z0-9]{8} ' "$(head -n 1 <<<"$output")"
assert_contains "the outcome" "succeeded" "$(tail -n 1 <<<"$output")"
[[ $output != *$'\e'* ]] || fail "colours in a pipe"

section "^C of pawl run leaves the run running"
status=0
sh 'pawl run naps >/var/tmp/followed 2>&1 & p=$!; until grep -q naps- /var/tmp/followed; do sleep 0.05; done; kill -INT $p; wait $p' || status=$?
assert_equal "the exit status of a background job that ignores ^C or one that was ended by it" 130 "$status"
run=$(host_exec head -n 1 /var/tmp/followed | cut -d' ' -f1)
assert_contains "what it says" "pawl cancel $run" "$(host_exec cat /var/tmp/followed)"
assert_equal "the run" running "$(host_exec pawl status "$run" -o json | json 'd["state"]')"
assert_status "cancel" 0 host_exec pawl cancel "$run"

section "a follower lives through a restart of pawld"
host_exec rm -f /var/tmp/go /var/tmp/followed
sh 'pawl run short >/var/tmp/followed 2>&1' & follower=$!
wait_until 10 "the run" host_exec grep -q short- /var/tmp/followed
host_exec systemctl kill -s KILL pawld
host_exec touch /var/tmp/go
status=0; wait "$follower" || status=$?
assert_equal "its exit status" 0 "$status"
assert_contains "the outcome" "succeeded" "$(host_exec tail -n 1 /var/tmp/followed)"

section "into a pipe that is closed"
assert_status "pawl logs | head" 0 sh 'pawl ps --all | head -n 1 >/dev/null; pawl list | true'

section "a key names a run: who asks twice is given the same one"
run=$(host_exec pawl run flaky --detach --key "first of $$")
assert_equal "the same key" "$run" "$(host_exec pawl run flaky --detach --key "first of $$")"
host_exec systemctl kill -s KILL pawld
assert_equal "over a kill" "$run" "$(host_exec pawl run flaky --detach --key "first of $$")"
assert_status "pawl attach" 0 host_exec pawl attach "$run"
assert_contains "what it shows" "step 'after' succeeded" "$output"
assert_equal "once it has ended" "$run" "$(host_exec pawl run flaky --detach --key "first of $$")"
assert_status "the key of another workflow's run" 8 host_exec pawl run hello --key "first of $$"
assert_contains "whose it is" "is that of run '$run'" "$output"
other=$(host_exec pawl run flaky --detach --key another)
[[ $other != "$run" ]] || fail "another key gave the same run"
assert_status "pawl wait" 0 host_exec pawl wait "$other"

section "some of the steps, and none of them"
host_exec rm -f /var/tmp/marks
assert_status "pawl run --from" 0 host_exec pawl run flaky --from fails
assert_equal "what has run, and what an output is of a step that was left out" "fails 1
after " "$(host_exec cat /var/tmp/marks)"
assert_status "pawl run --only" 0 host_exec pawl run flaky --only beside
assert_equal "what was left out" '["skipped", "succeeded", "skipped", "skipped"]' \
  "$(host_exec pawl status @last -o json | json '[s["state"] for s in d["steps"]]')"
before=$(host_exec pawl ps --all -o json | json 'len(d)')
assert_status "a step that is not there" 4 host_exec pawl run flaky --only besides
assert_contains "the one that was meant" "did you mean 'beside'?" "$output"
assert_status "pawl run --dry-run" 0 host_exec pawl run flaky --skip fails --dry-run
assert_contains "what would not run" "left out: fails" "$output"
assert_equal "runs" "$before" "$(host_exec pawl ps --all -o json | json 'len(d)')"

section "the examples to begin with run as they are"
for example in steps parallel service; do
  assert_status "pawl new" 0 host_exec pawl new "first-$example" --example "$example"
  host_exec pawl reload
  assert_status "the example '$example'" 0 host_exec pawl run "first-$example"
done

section "long output on a terminal goes through a pager, and nothing else does"
on_terminal() { host_exec env TERM=xterm SYSTEMD_PAGER="sed s/^/paged:/" script -qec "$1" /dev/null | tr -d '\r'; }
assert_contains "pawl list" "paged:" "$(on_terminal "pawl list")"
assert_equal "pawl wait" "" "$(on_terminal "pawl wait @last" | grep paged: || true)"
assert_equal "with --no-pager" "" "$(on_terminal "pawl list --no-pager" | grep paged: || true)"
assert_equal "in a pipe" "" "$(host_exec env TERM=xterm SYSTEMD_PAGER="sed s/^/paged:/" pawl list | grep paged: || true)"

section "--quiet: a run that does well is not spoken of, and one that fails is heard on standard error, as cron likes it"
write_workflow quiet <<'END'
variables: {status: 0}
steps:
  - {id: only, run: 'exit "$STATUS"', env: {STATUS: "${status}"}}
END
host_exec pawl reload --quiet >"$scratch/quiet" 2>&1
host_exec pawl run -q quiet >>"$scratch/quiet" 2>&1
host_exec pawl -q prune --keep 10000 >>"$scratch/quiet" 2>&1
assert_equal "what is said" "" "$(cat "$scratch/quiet")"
status=0
host_exec pawl run quiet status=3 -q >"$scratch/quiet" 2>"$scratch/errors" || status=$?
assert_equal "exit status" 1 "$status"
assert_equal "standard output" "" "$(cat "$scratch/quiet")"
assert_contains "standard error" "step 'only' failed: exit status 3" "$(cat "$scratch/errors")"
assert_match "the name all the same" '^quiet-[0-9a-z]{8}$' "$(host_exec pawl run quiet -q --detach)"

section "a step that has failed is found by its name: an item, one that was tolerated, one that hung, one that waits for a person"
write_workflow faults <<'END'
steps:
  - id: soft
    foreach: [a, b, c]
    env: {ITEM: "${item}"}
    continue_on_failure: true
    run: 'echo "item $ITEM"; [ "$ITEM" != b ]'
  - {id: hard, depends_on: {ended: [soft]}, run: 'echo "no such disk"; exit 9'}
END
write_workflow hangs <<'END'
timeout: 1s
steps: [{id: hung, run: 'echo "about to hang"; sleep 60'}]
END
write_workflow asks <<'END'
steps: [{id: sure, approval: 'Go on?'}]
END
host_exec pawl reload -q
assert_status "faults" 1 host_exec pawl run faults
assert_contains "the hint" "logs $(host_exec pawl ps --all -o json | json 'd[0]["run"]') hard'" "$output"
assert_contains "what was tolerated" "step 'soft.1' failed, tolerated: exit status 1" "$output"
assert_equal "the log of an item" "item b" "$(host_exec pawl logs @last soft.1)"
assert_match "items have their numbers" "soft\.2: item c" "$(host_exec pawl logs @last)"
assert_status "an item that is not there" 4 host_exec pawl logs @last soft.7
assert_contains "the one that was meant" "did you mean 'soft." "$output"
shown=$(host_exec pawl status @last)
assert_contains "status shows the cause" "hard: no such disk" "$shown"
assert_equal "and nothing of what was tolerated" 0 "$(grep -c 'item b' <<<"$shown" || true)"
assert_equal "as JSON" '["false", "true", "true"]' \
  "$(host_exec pawl status @last -o json | json 'sorted({str(s["tolerated"]).lower() + "" for s in d["steps"] if s["state"] == "failed"}) + ["true"]')"
assert_status "hangs" 7 host_exec pawl run hangs
assert_contains "what hung" "step 'hung' cancelled" "$output"
assert_contains "and what it wrote last" "hung: about to hang" "$(host_exec pawl status @last)"
run=$(host_exec pawl run asks --detach)
waits() { [[ $(host_exec pawl ps) == *"step 'sure' waits for approval: Go on?"* ]]; }
wait_until 10 "pawl ps to say what is waited for" waits
questions() { host_exec pawl status "$run" -o json | json '[[s["id"], s["approval"]] for s in d["steps"] if s["approval"]]'; }
assert_equal "the question, for a script" '[["sure", "Go on?"]]' "$(questions)"
host_exec pawl approve "$run" sure -q
host_exec pawl wait "$run" -q
assert_equal "and no question once it is answered" "[]" "$(questions)"

section "a standard output that is closed is an error, and nothing is written into the connection to pawld instead"
assert_status "pawl logs" 1 host_exec bash -c 'pawl logs @last >&-'
assert_contains "why" "standard output cannot be written: Bad file descriptor" "$output"
assert_status "pawl logs -f" 1 timeout 20 "$harness" exec "$host" -- bash -c 'pawl logs "$1" -f >&-' bash "$(host_exec pawl run faults --detach)"
assert_status "neither input nor output" 1 host_exec bash -c 'pawl ps <&- >&-'
