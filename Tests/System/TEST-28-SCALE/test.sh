#!/usr/bin/env bash
# With hundreds of steps in flight pawld is killed again and again, and finds every one of them again; a run of thousands
# of steps and a hundred runs at once end as they should. `make bench` has the full sizes, and how long they take.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

running=${PAWL_TEST_RUNNING:-300} steps=${PAWL_TEST_STEPS:-2000} runs=${PAWL_TEST_RUNS:-100}

host_start
install_deb

# many NAME STEPS WIDTH COMMAND: a workflow of steps with no order among them.
many() {
  {
    printf 'max_parallel: %d\nsteps:\n' "$3"
    for ((i = 0; i < $2; i++)); do printf -- '- id: s%d\n  depends_on: []\n  command: %s\n' "$i" "$4"; done
  } | workflow "$1"
}
in_flight() { (($(host_exec systemctl list-units --plain --no-legend --state=running 'pawl-step-*' | wc -l) == $1)); }
new_pawld() { [[ $(main_pid) != "$1" && $(main_pid) != 0 ]] && host_exec systemctl is-active -q pawld.service; }

section "$running steps in flight, and pawld is killed"
# Each leaves its mark when it starts, and ends in one of three ways when the gate is opened.
host_exec sh -c ': >/srv/gate'
host_exec sh -c 'exec 9>/srv/gate; flock 9; until [ -e /srv/go ]; do sleep 0.1; done' &
gate=$!
wait_until 10 "the gate is shut" sh -c "! '$harness' exec '$host' -- flock --shared --nonblock /srv/gate true"
{
  printf 'max_parallel: %d\nsteps:\n' "$running"
  for ((i = 0; i < running; i++)); do
    end="exit 0"
    ((i % 3 != 1)) || end="exit 7"
    ((i % 3 != 2)) || end='kill -KILL $$'
    printf -- '- id: s%d\n  depends_on: []\n  continue_on_failure: true\n' "$i"
    printf -- '  command: [/bin/bash, -c, "echo $PAWL_STEP $PAWL_ATTEMPT >>%s; flock --shared /srv/gate true; %s"]\n' "$marks" "$end"
  done
} | workflow flight
run=$(started flight)
wait_until 60 "$running steps run" in_flight "$running"
for _ in 1 2 3; do
  old=$(main_pid)
  kill_pawld
  wait_until 20 "pawld is back" new_pawld "$old"
  # READY=1 comes once each of them was looked at.
  assert_contains "what pawld takes up" "1 runs go on" "$(host_exec journalctl -b --no-pager -o cat -u pawld -n 40 | grep 'pawld is ready' | tail -n 1)"
  assert_equal "steps that run" "$running" "$(field_of "$run" '[.steps[] | select(.state == "running")] | length')"
done
assert_equal "steps in flight" yes "$(in_flight "$running" && echo yes)"
# One more while they end.
host_exec touch /srv/go
wait "$gate"
kill_pawld
assert_status "pawl wait" 0 host_exec timeout 60 pawl wait "$run"
for ((i = 0; i < running; i++)); do
  case $((i % 3)) in
    0) echo "s$i succeeded 0 1" ;;
    1) echo "s$i failed 7 1" ;;
    2) echo "s$i failed KILL 1" ;;
  esac
done | assert_steps "$run"
for ((i = 0; i < running; i++)); do echo "s$i 1"; done | assert_marks

section "a run of $steps steps"
many large "$steps" 8 '[/bin/true]'
run=$(started large)
assert_status "pawl wait" 0 host_exec timeout 120 pawl wait "$run"
assert_equal "steps that succeeded in one attempt" "$steps" \
  "$(field_of "$run" '[.steps[] | select(.state == "succeeded" and (.attempts | length) == 1)] | length')"

section "$runs runs at once"
many small 3 1 '[/usr/bin/flock, --shared, /srv/gate, /bin/true]'
host_exec rm /srv/go
host_exec sh -c 'exec 9>/srv/gate; flock 9; until [ -e /srv/go ]; do sleep 0.1; done' &
gate=$!
wait_until 10 "the gate is shut" sh -c "! '$harness' exec '$host' -- flock --shared --nonblock /srv/gate true"
host_exec sh -c 'for i in $(seq "$1"); do pawl run --detach small; done' sh "$runs" >"$scratch/runs"
wait_until 60 "a step of each runs" in_flight "$runs"
assert_equal "runs that go on" "$runs" "$(host_exec pawl ps --output json | jq 'length')"
old=$(main_pid)
kill_pawld
wait_until 20 "pawld is back" new_pawld "$old"
assert_equal "runs that go on after a kill" "$runs" "$(host_exec pawl ps --output json | jq 'length')"
host_exec touch /srv/go
wait "$gate"
host_exec sh -c 'while read -r run; do timeout 60 pawl wait "$run" >/dev/null || exit; done' <"$scratch/runs"
assert_equal "runs that succeeded with all steps" "$runs" \
  "$(host_exec pawl ps --all --output json | jq '[.[] | select(.workflow == "small" and .state == "succeeded" and .steps_done == 3)] | length')"
assert_equal "attempts of their steps" $((runs * 3)) \
  "$(host_exec sh -c 'while read -r run; do ls "/var/lib/pawl/runs/${run##*-}" | grep -c "^s"; done' <"$scratch/runs" | awk "{n += \$1} END {print n}")"
assert_nothing_left
