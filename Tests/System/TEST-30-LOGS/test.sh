#!/usr/bin/env bash
# What steps print is all there, in order and at once: a burst, beside another one, by way of a file, while it goes on.
source "$(dirname "$0")/../lib.sh"
count=60000

host_start
install_deb
write_workflow burst <<END
max_parallel: 4
steps:
  - id: burst
    depends_on: []
    run: seq -f 'line %.0f of the burst' $count
  - id: beside
    depends_on: []
    run: seq -f 'beside %.0f' $count
END
write_workflow kept <<END
steps:
  - id: burst
    run: seq $count
  - id: small
    run: echo one; echo two; echo an error >&2
  - {id: silent, run: "true"}
  - {id: measure, command: [echo, "\${length(burst.output)}"]}
  - id: read
    depends_on: [measure]
    command: [echo, "\${small.output}\${silent.output}"]
  - id: bad-output
    depends_on: []
    continue_on_failure: true
    run: |
      echo before the fault
      echo 'no such form' >>"\$PAWL_OUTPUT"
  - id: reads-bad
    command: [echo, "\${default(bad-output.output, 'none')}"]
END
write_workflow chatty <<'END'
steps:
  - id: talk
    run: for i in $(seq 30); do echo "tick $i"; sleep 0.1; done
  - id: last
    run: echo the very last line
END
write_workflow late <<END
steps:
  - id: burst
    # Two processes, each of which journald asks about anew.
    run: |
      seq -f 'line %.0f of the burst' $((count / 2))
      seq -f 'line %.0f of the burst' $((count / 2 + 1)) $count
      touch /root/printed
END
host_exec pawl reload

# The numbers from 1 to $count, each after $2 and before $3, and nothing else.
expect_burst() { diff -q "$1" <(seq -f "$2%.0f$3" $count) >/dev/null || fail "$1: $(wc -l <"$1") lines, not the $count in order: $(diff "$1" <(seq -f "$2%.0f$3" $count) | head -5)"; }

section "two bursts side by side, read at once"
for round in 1 2 3; do
  run=$(host_exec pawl run burst --detach)
  host_exec pawl wait "$run"
  host_exec pawl logs "$run" burst >"$scratch/burst"
  host_exec pawl logs "$run" beside >"$scratch/beside"
  expect_burst "$scratch/burst" "line " " of the burst"
  expect_burst "$scratch/beside" "beside " ""
done

section "followed from the start"
run=$(host_exec pawl run burst --detach)
host_exec timeout 30 pawl logs "$run" burst -f >"$scratch/followed"
expect_burst "$scratch/followed" "line " " of the burst"
host_exec pawl wait "$run"

section "the whole run's log"
host_exec pawl logs "$run" >"$scratch/both"
assert_equal "lines of both steps" $((2 * count)) "$(grep -cE ' (burst|beside)[: ].*(of the burst|beside [0-9])' "$scratch/both")"

section "the last lines"
assert_equal "-n 3" "line $((count - 2)) of the burst
line $((count - 1)) of the burst
line $count of the burst" "$(host_exec pawl logs "$run" burst -n 3)"
assert_equal "-n 0" "" "$(host_exec pawl logs "$run" burst -n 0)"

section "by way of a file"
run=$(host_exec pawl run kept --detach)
host_exec pawl wait "$run" || true
host_exec pawl logs "$run" burst >"$scratch/kept"
expect_burst "$scratch/kept" "" ""
assert_equal "how much of it the next step was given" $(($(seq $count | wc -c) - 1)) "$(host_exec pawl logs "$run" measure)"
assert_equal "the kept output" "an error
one
two" "$(host_exec pawl logs "$run" small | sort)"
assert_equal "no output at all" "" "$(host_exec pawl logs "$run" silent)"
assert_equal "what the next step was given" "one
two" "$(host_exec pawl logs "$run" read)"
assert_equal "what a step printed whose outputs were refused" "before the fault" "$(host_exec pawl logs "$run" bad-output)"

section "a journal that is late"
# What a step has printed may still lie in its socket when it has ended. journald knows the unit's own limit and fields by
# files of PID 1's that go when the unit does; one that comes later drops what is above its own limit.
host_exec systemctl kill --signal=STOP --kill-who=main systemd-journald
run=$(host_exec pawl run late --detach)
wait_until 20 "the step has printed all" host_exec test -e /root/printed
wait_until 20 "the step has its receipt" host_exec sh -c "test -e /var/lib/pawl/runs/${run##*-}/burst.1/result.json"
assert_equal "the step while the journal does not have its output" running "$(host_exec pawl status "$run" -o json | json 'd["steps"][0]["state"]')"
host_exec systemctl kill --signal=CONT --kill-who=main systemd-journald
host_exec pawl wait "$run"
host_exec pawl logs "$run" burst >"$scratch/late"
expect_burst "$scratch/late" "line " " of the burst"
assert_equal "what is left of ended steps in PID 1's folder" "" "$(host_exec sh -c 'ls /run/systemd/units | grep pawl-step' || true)"

section "the follower ends with the run, and misses nothing"
run=$(host_exec pawl run chatty --detach)
host_exec timeout 20 pawl logs "$run" -f >"$scratch/follow"
assert_contains "the end" "the very last line" "$(tail -n 3 "$scratch/follow")"
assert_equal "ticks" 30 "$(grep -c 'tick ' "$scratch/follow")"
assert_equal "state when the follower ended" succeeded "$(host_exec pawl status "$run" -o json | json 'd["state"]')"

section "by time and priority"
write_workflow levels <<'END'
steps:
  - {id: early, run: "echo '<3>broken'; echo '<4>doubtful'; echo plain; echo '<7>detail'"}
  - {id: pause, run: "sleep 1.1; date +%s >/srv/between; sleep 1.1"}
  - {id: late, run: "echo afterwards"}
END
host_exec pawl reload
run=$(host_exec pawl run levels --detach)
host_exec pawl wait "$run"
between=@$(host_exec cat /srv/between)
assert_equal "errors" "broken" "$(host_exec pawl logs "$run" early -p err)"
assert_equal "errors and warnings, by number" "broken
doubtful" "$(host_exec pawl logs "$run" early -p 4)"
assert_equal "all of it" 4 "$(host_exec pawl logs "$run" early -p debug | wc -l)"
assert_equal "since then" "afterwards" "$(host_exec pawl logs "$run" -S "$between" -o cat | grep -vE '^(Run|Step) ')"
assert_equal "until then" 4 "$(host_exec pawl logs "$run" -U "$between" -o json | jq -r 'select(.step == "early") | .message' | wc -l)"
assert_equal "nothing of it is late" "" "$(host_exec pawl logs "$run" late -U "$between")"
assert_equal "nothing yet" "" "$(host_exec pawl logs "$run" -S +1h)"
assert_equal "the last of those" "doubtful" "$(host_exec pawl logs "$run" early -p warning -n 1)"
run=$(host_exec pawl run chatty --detach)
host_exec pawl wait "$run"

section "the journal's fields"
host_exec journalctl --sync
host_exec journalctl -q -o json PAWL_RUN="$run" _SYSTEMD_UNIT=pawld.service >"$scratch/own"
python3 - "$scratch/own" "$run" <<'END'
import json, sys
entries = [json.loads(line) for line in open(sys.argv[1])]
assert len(entries) >= 6, len(entries)
for entry in entries:
    assert entry["PAWL_WORKFLOW"] == "chatty" and entry["PAWL_RUN"] == sys.argv[2], entry
    assert len(entry["MESSAGE_ID"]) == 32, entry
steps = [entry for entry in entries if "PAWL_STEP" in entry]
assert {entry["PAWL_STEP"] for entry in steps} == {"talk", "last"}, steps
assert all(entry.get("PAWL_ATTEMPT") == "1" for entry in steps), [e for e in steps if "PAWL_ATTEMPT" not in e]
assert len({entry["MESSAGE_ID"] for entry in entries}) == 4, entries
END
assert_equal "steps' lines in the journal by run" 31 "$(host_exec journalctl -q -o cat PAWL_RUN="$run" | grep -cE '^(tick |the very last)')"
assert_equal "by step and attempt" "the very last line" "$(host_exec journalctl -q -o cat PAWL_RUN="$run" PAWL_STEP=last PAWL_ATTEMPT=1 SYSLOG_IDENTIFIER=last _TRANSPORT=stdout)"
