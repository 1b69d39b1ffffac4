#!/usr/bin/env bash
# A run ends when it is told to, with all that it started, and says how.
source "$(dirname "$0")/../lib.sh"

host_start
install_deb
write_workflow detached <<'END'
steps:
  - id: leaves
    run: |
      setsid bash -c 'exec sleep 300' &
      setsid -f sleep 301
      sleep 302
END
write_workflow stubborn <<'END'
steps:
  - id: stubborn
    run: |
      setsid bash -c 'trap "" TERM HUP; sleep 300' &
      sleep 302
  - {id: never, command: [touch, /var/tmp/never]}
END
write_workflow polite <<'END'
steps:
  - id: traps
    run: |
      trap 'echo taking leave; exit 0' TERM
      touch "$PAWL_RUN_DIR/ready"
      while :; do sleep 0.1; done
  - id: never
    run: touch /var/tmp/never
END
write_workflow deaf <<'END'
steps:
  - id: deaf
    run: |
      trap "" TERM
      touch "$PAWL_RUN_DIR/ready"
      while :; do sleep 0.1; done
END
write_workflow mixed <<'END'
max_parallel: 2
steps:
  - {id: works, depends_on: [], command: [sleep, "300"]}
  - {id: delayed, depends_on: [], command: ["false"], retry_policy: {max_retries: 3, initial_delay: 300s}}
  - {id: done, depends_on: [], command: ["true"]}
  - {id: works-too, depends_on: [], command: [sleep, "301"]}
  - {id: queued, depends_on: [], command: [touch, /var/tmp/never]}
  - {id: later, depends_on: [works], command: [touch, /var/tmp/never]}
END
write_workflow late <<'END'
timeout: 1s
steps:
  - {id: works, command: [sleep, "300"]}
  - {id: later, command: [touch, /var/tmp/never]}
END
write_workflow slow <<'END'
steps:
  - {id: slow, timeout: 1s, command: [sleep, "300"], retry_policy: {max_retries: 1, initial_delay: 0}}
  - {id: later, command: [touch, /var/tmp/never]}
END
write_workflow fast <<'END'
fail_fast: true
max_parallel: 2
steps:
  - {id: works, depends_on: [], command: [sleep, "300"]}
  - {id: fails, depends_on: [], run: "sleep 0.3; exit 4"}
  - {id: queued, depends_on: [], command: [touch, /var/tmp/never]}
END
host_exec pawl reload
# How long systemd waits before it kills what does not heed its SIGTERM; its own 90 s are too long for a test.
host_exec sh -c 'mkdir -p /etc/systemd/system/pawl-step-.service.d && printf "[Service]\nTimeoutStopSec=2s\n" >/etc/systemd/system/pawl-step-.service.d/90-test.conf && systemctl daemon-reload'

status_of() { host_exec pawl status "$1" -o json; }
states() { status_of "$1" | json '" ".join(s["id"] + "=" + s["state"] for s in d["steps"])'; }
expect_gone() {
  local id
  id=$(status_of "$1" | json 'd["id"]')
  assert_equal "units of $1" "" "$(host_exec systemctl list-units --all --no-legend "pawl-step-$id.*")"
  wait_until 5 "the slice of $1 to go" host_exec sh -c "! systemctl is-active -q pawl-$id.slice"
  assert_equal "the slice of $1 is forgotten" "" "$(host_exec systemctl list-units --all --no-legend "pawl-$id.slice")"
}

section "processes that left their session"
run=$(host_exec pawl run detached --detach)
wait_until 10 "three sleeps" host_exec sh -c '[ "$(pgrep -cx sleep)" = 3 ]'
host_exec pawl wait "$run" >"$scratch/waited" 2>&1 & waiter=$!
assert_status "pawl cancel" 0 host_exec pawl cancel "$run"
assert_equal "processes left" "" "$(host_exec pgrep -ax sleep || true)"
status=0; wait "$waiter" || status=$?
assert_equal "exit status of the pawl wait that was waiting" 3 "$status"
assert_status "pawl wait" 3 host_exec pawl wait "$run"
assert_equal "steps" "leaves=cancelled" "$(states "$run")"
expect_gone "$run"
assert_status "a second cancel" 8 host_exec pawl cancel "$run"

section "a step that takes its leave with 0"
run=$(host_exec pawl run polite --detach)
id=$(status_of "$run" | json 'd["id"]')
wait_until 10 "the trap" host_exec test -e "/var/lib/pawl/runs/$id/work/ready"
assert_status "pawl cancel" 0 host_exec pawl cancel "$run"
assert_equal "steps" "traps=cancelled never=cancelled" "$(states "$run")"
assert_contains "its last words" "taking leave" "$(host_exec pawl logs "$run" traps)"
assert_equal "the run" cancelled "$(status_of "$run" | json 'd["state"]')"
expect_gone "$run"

section "by force, what heeds no SIGTERM, and its result is there all the same"
run=$(host_exec pawl run deaf --detach)
id=$(status_of "$run" | json 'd["id"]')
wait_until 10 "the trap" host_exec test -e "/var/lib/pawl/runs/$id/work/ready"
assert_status "pawl cancel --force" 0 host_exec pawl cancel --force "$run"
assert_equal "steps" "deaf=cancelled" "$(states "$run")"
assert_equal "its signal" KILL "$(status_of "$run" | json 'd["steps"][0]["attempts"][0]["signal"]')"
assert_equal "its result, which would be 'timeout'" signal "$(status_of "$run" | json 'd["steps"][0]["attempts"][0]["result"]')"
host_exec test -s "/var/lib/pawl/runs/$id/deaf.1/result.json" || fail "it has left no receipt"
expect_gone "$run"

section "a child that heeds no SIGTERM"
run=$(host_exec pawl run stubborn --detach)
wait_until 10 "the child and the step" host_exec sh -c '[ "$(pgrep -cx sleep)" = 2 ]'
assert_status "pawl cancel" 0 host_exec pawl cancel "$run"
assert_equal "processes left" "" "$(host_exec pgrep -ax sleep || true)"
assert_equal "steps" "stubborn=cancelled never=cancelled" "$(states "$run")"
expect_gone "$run"

section "running, delayed and waiting steps together"
run=$(host_exec pawl run mixed --detach)
mixed() { [[ $(states "$run") == "works=running delayed=waiting done=succeeded works-too=running queued=waiting later=waiting" ]]; }
wait_until 10 "two to run and one to be delayed" mixed
assert_status "pawl cancel" 0 host_exec pawl cancel "$run"
assert_equal "steps" "works=cancelled delayed=cancelled done=succeeded works-too=cancelled queued=cancelled later=cancelled" "$(states "$run")"
expect_gone "$run"

section "two cancel at once"
run=$(host_exec pawl run mixed --detach)
host_exec pawl cancel "$run" >/dev/null 2>&1 & one=$!
host_exec pawl cancel "$run" >/dev/null 2>&1 & two=$!
one_status=0 two_status=0
wait "$one" || one_status=$?
wait "$two" || two_status=$?
assert_match "exit statuses" "^(0 0|0 8|8 0)$" "$one_status $two_status"
assert_equal "the run" cancelled "$(status_of "$run" | json 'd["state"]')"

section "cancelled in the moment of its start"
for round in 1 2 3 4 5; do
  run=$(host_exec pawl run detached --detach)
  host_exec pawl cancel "$run" >/dev/null
  assert_equal "the run" cancelled "$(status_of "$run" | json 'd["state"]')"
  assert_equal "processes left" "" "$(host_exec pgrep -ax sleep || true)"
done

section "the run's timeout"
assert_status "pawl run late" 7 host_exec pawl run late
assert_contains "what it says" "timeout of 1s" "$output"
assert_equal "the run" timed-out "$(status_of @last | json 'd["state"]')"
assert_status "pawl wait" 7 host_exec pawl wait @last
assert_equal "steps" "works=cancelled later=cancelled" "$(states @last)"
expect_gone @last

section "an attempt's timeout"
assert_status "pawl run slow" 1 host_exec pawl run slow
assert_equal "steps" "slow=timed-out later=skipped" "$(states @last)"
assert_equal "attempts" '["timed-out", "timed-out"]' "$(status_of @last | json '[a["state"] for a in d["steps"][0]["attempts"]]')"
expect_gone @last

section "fail_fast"
assert_status "pawl run fast" 1 host_exec pawl run fast
assert_equal "steps" "works=cancelled fails=failed queued=skipped" "$(states @last)"
assert_equal "the failed step's status" 4 "$(status_of @last | json 'd["steps"][1]["exit_code"]')"
expect_gone @last

host_exec rm -r /etc/systemd/system/pawl-step-.service.d
assert_status "what must never run" 1 host_exec test -e /var/tmp/never
