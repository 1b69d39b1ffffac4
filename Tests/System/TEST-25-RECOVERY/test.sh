#!/usr/bin/env bash
# What happens to steps while there is no pawld is known to the next one, and what is none of its business it leaves.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

host_start
install_deb
names=(good bad killed timeout stopped running absent user)
workflow away <<E2
name: Away
max_parallel: 16
steps:
$(for step in "${names[@]}"; do
  cat <<E3
  - id: $step
    depends_on: []
    continue_on_failure: true
$(case $step in timeout) echo '    timeout: 2s' ;; user) echo '    unit: {DynamicUser: true, ProtectSystem: strict}' ;; esac)
    run: |
      $([[ $step == user ]] || echo "echo \"$step \$PAWL_ATTEMPT\" >>$marks")
      until [ -e /srv/go ]; do sleep 0.05; done
      $(case $step in
        bad) echo 'exit 3' ;;
        killed) echo 'kill -SEGV $$' ;;
        timeout | stopped) echo 'exec sleep 600' ;;
        running) echo 'until [ -e /srv/go-on ]; do sleep 0.05; done' ;;
        user) echo 'echo "uid=$(id -u)" >>"$PAWL_OUTPUT"; exit 2' ;;
        *) echo 'exit 0' ;;
      esac)
E3
done)
  - id: after
    depends_on: [good, bad, killed, timeout, stopped, user]
    run: echo "after \$PAWL_ATTEMPT" >>$marks
E2

section "ends while there is no pawld"
run=$(started away)
id=${run##*-}
for step in "${names[@]}"; do
  wait_until 10 "step $step runs" host_exec systemctl is-active -q "pawl-step-$id.$step.1.service"
done
host_exec systemctl stop pawld.service pawld.socket
assert_status "pawl without pawld" 5 host_exec pawl status "$run"
host_exec touch /srv/go
host_exec systemctl stop "pawl-step-$id.stopped.1.service"
for step in good bad killed timeout user; do
  wait_until 10 "step $step ends" host_exec test -e "/var/lib/pawl/runs/$id/$step.1/result.json"
done
host_exec systemctl start pawld.service
wait_until 10 "what comes after runs" marked after
host_exec touch /srv/go-on
assert_status "pawl wait" 0 host_exec timeout 20 pawl wait "$run"
printf '%s\n' "good succeeded 0 1" "bad failed 3 1" "killed failed SEGV 1" "timeout timed-out TERM 1" \
  "stopped failed TERM 1" "running succeeded 0 1" "absent succeeded 0 1" "user failed 2 1" "after succeeded 0 1" |
  assert_steps "$run"
printf '%s 1\n' good bad killed timeout stopped running absent after | assert_marks
assert_contains "a unit stopped by hand" "stopped from outside" "$(field_of "$run" '.steps[] | select(.id == "stopped") | .reason')"
assert_contains "a timeout" "timed out after 2s" "$(field_of "$run" '.steps[] | select(.id == "timeout") | .reason')"
assert_nothing_left

section "cancelled the moment it is back"
host_exec rm -f $marks /srv/go /srv/go-on
run=$(started away)
id=${run##*-}
wait_until 10 "a step runs" marked running
kill_pawld
assert_status "pawl cancel" 0 host_exec timeout 30 pawl cancel "$run"
assert_status "pawl wait" 3 host_exec timeout 20 pawl wait "$run"
assert_equal "steps that were not cancelled" "" "$(steps_of "$run" | grep -vE ' (cancelled|skipped|timed-out) ' || true)"
assert_equal "what came after" 0 "$(host_exec grep -c after $marks || true)"
assert_nothing_left

section "pawld falls in the middle of a cancellation"
run=$(started away)
id=${run##*-}
wait_until 10 "a step runs" host_exec systemctl is-active -q "pawl-step-$id.running.1.service"
host_exec timeout 30 pawl cancel "$run" >"$scratch/cancel" 2>&1 &
cancel=$!
kill_pawld || true
host_exec systemctl restart dbus.service
wait "$cancel" || fail "pawl cancel: $(cat "$scratch/cancel")"
assert_status "pawl wait" 3 host_exec timeout 20 pawl wait "$run"
assert_nothing_left

section "a recovery that takes longer than a start may"
host_exec rm -f $marks /srv/go /srv/go-on
run=$(started away)
wait_until 10 "a step runs" marked running
host_exec sh -c 'mkdir -p /etc/systemd/system/pawld.service.d && printf "[Service]\nTimeoutStartSec=1\n" >/etc/systemd/system/pawld.service.d/test.conf'
host_exec systemctl daemon-reload
# Without an answer of the bus it cannot go on, and waits.
bus=$(host_exec systemctl show -P MainPID dbus.service)
host_exec kill -STOP "$bus"
host_exec systemctl restart --no-block pawld.service
wait_until 10 "another pawld starts" host_exec sh -c '[ "$(systemctl show -P ActiveState pawld.service)" = activating ]'
pid=$(main_pid)
sleep 3
assert_equal "pawld, three times as long" "$pid activating" "$(main_pid) $(host_exec systemctl is-active pawld.service || true)"
host_exec kill -CONT "$bus"
wait_until 10 "pawld is ready" host_exec systemctl is-active -q pawld.service
assert_equal "it is the same" "$pid" "$(main_pid)"
assert_status "pawl cancel" 0 host_exec timeout 30 pawl cancel "$run"
host_exec rm -r /etc/systemd/system/pawld.service.d
host_exec systemctl daemon-reload

section "units that no run knows"
host_exec systemd-run --quiet --unit=pawl-step-7k2m9qxa.strange.1.service --slice=pawl-7k2m9qxa.slice /bin/sleep 600
host_exec systemd-run --quiet --unit=pawl-step-nonsense.service /bin/sleep 600
host_exec systemd-run --quiet --unit=pawl-unrelated.service /bin/sleep 600
kill_pawld
wait_until 10 "it is said" host_exec sh -c 'journalctl -q -o cat PAWL_UNIT=pawl-step-7k2m9qxa.strange.1.service | grep -q "belongs to no run"'
wait_until 10 "it is said" host_exec sh -c 'journalctl -q -o cat PAWL_UNIT=pawl-step-nonsense.service | grep -q "belongs to no run"'
host_exec pawl ps >/dev/null
for unit in pawl-step-7k2m9qxa.strange.1 pawl-step-nonsense pawl-unrelated; do
  assert_equal "$unit" active "$(host_exec systemctl is-active $unit.service || true)"
done
host_exec systemctl stop pawl-step-7k2m9qxa.strange.1 pawl-step-nonsense pawl-unrelated pawl-7k2m9qxa.slice
host_exec systemctl reset-failed

section "two at once"
pid=$(main_pid)
assert_status "a second pawld" 1 host_exec /usr/libexec/pawl/pawld
echo "$output"
assert_contains "the first one's number" "process $pid" "$output"
assert_equal "the first one" "$pid" "$(main_pid)"
assert_status "a run under the first one" 0 host_exec pawl run hello

section "started by hand, without its socket"
workflow hand <<E2
name: By hand
steps:
  - id: waits
    run: until [ -e /srv/go-hand ]; do sleep 0.05; done
  - id: next
    run: echo "next \$PAWL_ATTEMPT" >>$marks
E2
run=$(started hand)
wait_until 10 "the step runs" host_exec systemctl is-active -q "pawl-step-${run##*-}.waits.1.service"
host_exec systemctl stop pawld.service pawld.socket
host_exec touch /srv/go-hand
wait_until 10 "the step ends" host_exec test -e "/var/lib/pawl/runs/${run##*-}/waits.1/result.json"
assert_status "pawld by hand" 1 host_exec /usr/libexec/pawl/pawld
assert_contains "what to do" "systemctl start pawld.socket" "$output"
assert_equal "the attempts that it began" "" "$(host_exec sh -c "ls -d /var/lib/pawl/runs/${run##*-}/next.* 2>/dev/null || true")"
host_exec systemctl start pawld.service
assert_status "pawl wait" 0 host_exec timeout 30 pawl wait "$run"

section "kills in a row, before pawld is ready"
host_exec rm -f $marks /srv/go /srv/go-on
run=$(started away)
wait_until 10 "a step runs" marked running
for _ in {1..5}; do
  kill_pawld || true
  sleep 0.05
done
host_exec touch /srv/go /srv/go-on
host_exec systemctl stop "pawl-step-${run##*-}.stopped.1.service"
assert_status "pawl wait, over five kills in a row" 0 host_exec timeout 30 pawl wait "$run"
assert_nothing_left
