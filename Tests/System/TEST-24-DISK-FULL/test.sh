#!/usr/bin/env bash
# No room left in /var/lib/pawl in the middle of a run: the run stops and says why, what was recorded stays readable, and
# once there is room it goes on with the truth about what ended meanwhile.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

fill() { host_exec sh -c 'cat /dev/zero >/var/lib/pawl/filler 2>/dev/null || true; test "$(df --output=avail /var/lib/pawl | tail -n 1)" -eq 0'; }
make_room() { host_exec rm -f /var/lib/pawl/filler; }
unit_of() { field_of "$1" ".steps[] | select(.id == \"$2\") | .attempts[-1].unit"; }

host_start
install_deb
host_exec systemctl stop pawld.service
host_exec mount -t tmpfs -o size=8m,mode=0700 tmpfs /var/lib/pawl
host_exec systemctl start pawld.service

# Steps that end while there is no room, each in a way of its own, and those that come after them.
workflow fill <<E2
name: Fill
max_parallel: 8
steps:
  - id: early
    run: echo "early \$PAWL_ATTEMPT" >>$marks
$(for step in good bad killed stopped late; do
  cat <<E3
  - id: $step
    depends_on: [early]
    continue_on_failure: true
    run: |
      echo "$step \$PAWL_ATTEMPT" >>$marks
      until [ -e /srv/go-$step ]; do sleep 0.05; done
      $(case $step in bad) echo "exit 3" ;; killed) echo 'kill -KILL $$' ;; stopped) echo 'sleep 600' ;; *) echo "exit 0" ;; esac)
E3
done)
  - id: after
    depends_on: [good, bad, killed, stopped, late]
    run: echo "after \$PAWL_ATTEMPT" >>$marks
E2

section "full in the middle of a run"
assert_status "a run before" 0 host_exec pawl run hello
before=$(sed -n '1s/ .*//p' <<<"$output")
run=$(started fill)
for step in good bad killed stopped late; do wait_until 20 "step $step runs" marked $step; done
stopped_unit=$(unit_of "$run" stopped)
fill
host_exec touch /srv/go-{good,bad,killed,stopped}
host_exec systemctl stop "$stopped_unit"
wait_until 20 "the run stops" has_state "$run" stopped
field_of "$run" .reason
assert_contains "why" "full" "$(field_of "$run" .reason)"
assert_contains "what next" "pawl resume $run" "$(field_of "$run" .reason)"
assert_status "pawl wait" 1 host_exec timeout 20 pawl wait "$run"
assert_equal "pawl ps" stopped "$(host_exec pawl ps --output json | jq -r ".[] | select(.run == \"$run\") | .state")"
assert_match "the journal" "stands still.*full" "$(host_exec journalctl -q -o cat -u pawld.service)"
for step in good bad killed; do
  assert_equal "the receipt of $step" "" "$(host_exec sh -c "ls /var/lib/pawl/runs/*/$step.1/result.json 2>/dev/null || true")"
done
assert_equal "what was recorded" succeeded "$(field_of "$run" '.steps[] | select(.id == "early") | .state')"

section "what is not possible, and what is"
assert_status "another run" 1 host_exec timeout 20 pawl run hello
echo "$output"
assert_contains "another run" "full" "$output"
[[ $output != *"pawl resume"* ]] || fail "it says to resume a run that does not exist: $output"
assert_equal "runs that are known" 2 "$(host_exec pawl ps --all --output json | jq length)"
assert_equal "a run before" succeeded "$(field_of "$before" .state)"
assert_status "pawl resume" 1 host_exec timeout 20 pawl resume "$run"
wait_until 10 "the run stops again" has_state "$run" stopped

section "pawld starts anew while there is no room"
kill_pawld
wait_until 20 "the run is stopped under the new pawld" has_state "$run" stopped
host_exec systemctl restart pawld.service
wait_until 20 "the run is stopped after a restart" has_state "$run" stopped
assert_contains "why" "full" "$(field_of "$run" .reason)"
assert_equal "a run before" succeeded "$(field_of "$before" .state)"

section "room again"
make_room
host_exec touch /srv/go-late
assert_status "pawl resume" 0 host_exec timeout 60 pawl resume "$run"
echo "$output"
printf '%s 1\n' early good bad killed stopped late after | assert_marks
printf '%s\n' "early succeeded 0 1" "good succeeded 0 1" "bad failed 3 1" "killed failed KILL 1" "stopped failed TERM 1" \
  "late succeeded 0 1" "after succeeded 0 1" | assert_steps "$run"
assert_contains "a unit stopped by hand" "stopped from outside" "$(field_of "$run" '.steps[] | select(.id == "stopped") | .reason')"
assert_nothing_left
assert_status "another run" 0 host_exec timeout 20 pawl run hello

section "full before an attempt's folder is made"
host_exec rm -f $marks
workflow second <<E2
name: Second
steps:
  - id: holds
    run: |
      echo "holds \$PAWL_ATTEMPT" >>$marks
      until [ -e /srv/go-holds ]; do sleep 0.05; done
  - id: script
    run: |
      echo "script \$PAWL_ATTEMPT" >>$marks
      : $(head -c 60000 /dev/zero | tr '\0' x)
E2
run=$(started second)
wait_until 10 "the first step runs" marked holds
# Room for the store's next pages and the receipt, but none for the script.
host_exec sh -c 'dd if=/dev/zero of=/var/lib/pawl/filler bs=4k count=$(($(df --output=avail -B4k /var/lib/pawl | tail -n 1) - 12)) 2>/dev/null'
host_exec touch /srv/go-holds
wait_until 20 "the run stops" has_state "$run" stopped
field_of "$run" .reason
assert_contains "why" "No space left on device" "$(field_of "$run" .reason)"
make_room
assert_status "pawl resume" 0 host_exec timeout 60 pawl resume "$run"
printf '%s 1\n' holds script | assert_marks
printf '%s\n' "holds succeeded 0 1" "script succeeded 0 1" | assert_steps "$run"
host_exec systemctl stop pawld.service pawld.socket
host_exec umount /var/lib/pawl
