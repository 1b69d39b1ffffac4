#!/usr/bin/env bash
# Whoever asks for the same lock is one after the other, over all runs, over SIGKILL of pawld, a reboot and a power cut. Each step
# holds a lock of the kernel's too while it works: a second one that ran meanwhile would find it taken and say so.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

host_start
install_deb
host_exec sh -c 'cat >/srv/alone && chmod 0755 /srv/alone' <<'E2'
#!/bin/bash
# alone NAME LOCK: works alone until /srv/go-NAME or /srv/go is there, and leaves its marks.
exec 9>"/srv/kernel-$2"
flock -n 9 || echo "two have $2: $1" >>/srv/broken
echo "$1 $PAWL_ATTEMPT" >>/srv/marks
until [ -e "/srv/go-$1" ] || [ -e /srv/go ]; do sleep 0.05; done
echo "$1-done $PAWL_ATTEMPT" >>/srv/marks
E2
workflow step <<E2
name: A step with a lock
variables: {name: x}
steps:
  - {id: work, interrupted: rerun, lock: device, command: [/srv/alone, "\${name}", device]}
E2
workflow whole <<E2
name: A run with a lock
variables: {name: x}
lock: "whole \${'x'}"
steps:
  - {id: work, interrupted: rerun, command: [/srv/alone, "\${name}", whole]}
on_exit:
  - {id: tidy, interrupted: rerun, command: [/srv/alone, "\${name}-tidy", whole]}
E2
begin() { host_exec pawl run --detach "$1" "name=$2"; }
reason() { field_of "$1" '.steps[0].reason'; }
waits() { [[ $(reason "$1") == "waits for lock '$2', held by $3" ]]; }
is_queued() { [[ $(field_of "$1" '[.state, .reason] | join(" ")') == "queued waits for lock '$2', held by $3" ]]; }
revive() { host_exec pawl ps >/dev/null; }
all_done() { host_exec touch /srv/go; for run in "$@"; do assert_status "$run" 0 host_exec timeout 60 pawl wait "$run"; done; host_exec sh -c 'rm -f /srv/go*'; }
nothing_broken() { host_exec sh -c '! cat /srv/broken 2>/dev/null' || fail "two had one lock at once"; }

section "what waits has its turn in its order, whatever becomes of pawld"
runs=()
for name in one two three four; do
  runs+=("$(begin step $name)")
  [[ $name != one ]] || wait_until 10 "the first one works" marked one
done
waits "${runs[3]}" device "${runs[0]} (step 'work')" || fail "the last one's reason is: $(reason "${runs[3]}")"
assert_contains "pawl ps" "waits for lock 'device', held by ${runs[0]} (step 'work')" "$(host_exec pawl ps)"
assert_contains "pawl ps, JSON" "step 'work' waits for lock 'device'" "$(host_exec pawl ps -o json | jq -r '.[0].reason')"
for name in one two three four; do
  wait_until 20 "$name works" marked $name
  kill_pawld
  host_exec touch "/srv/go-$name"
  wait_until 10 "$name has worked" marked "$name-done"
  revive
done
for run in "${runs[@]}"; do assert_status "$run" 0 host_exec timeout 60 pawl wait "$run"; done
assert_equal "their order" "one one-done two two-done three three-done four four-done" \
  "$(host_exec sh -c "cut -d' ' -f1 $marks | paste -sd' '")"
host_exec sh -c 'rm -f /srv/go* /srv/marks'

section "a run has the lock of its workflow to the end of its handlers, and one that waits has none of its own"
first=$(begin whole first)
wait_until 10 "it works" marked first
second=$(begin whole second)
third=$(begin whole third)
is_queued "$second" "whole x" "$first" || fail "the second one: $(field_of "$second" .reason)"
assert_contains "pawl ps" "queued" "$(host_exec pawl ps)"
assert_status "cancelled while it waits" 0 host_exec timeout 20 pawl cancel "$third"
host_exec touch /srv/go-first
wait_until 10 "its handler works" marked first-tidy
is_queued "$second" "whole x" "$first" || fail "the second one: $(field_of "$second" .reason)"
host_exec touch /srv/go-first-tidy
wait_until 10 "the second one works" marked second
all_done "$first" "$second"
host_exec sh -c '! grep third /srv/marks' || fail "the cancelled one has run"
nothing_broken

section "reject refuses a step, and a run at its start"
workflow rejects <<E2
steps:
  - {id: work, lock: {key: device, on_conflict: reject}, command: ["true"]}
E2
workflow refused <<E2
lock: {key: device, on_conflict: reject}
steps:
  - {id: work, command: ["true"]}
E2
holder=$(begin step holder)
wait_until 10 "it works" marked holder
assert_status "a step" 1 host_exec timeout 20 pawl run rejects
assert_contains "its reason" "lock 'device' is held by $holder (step 'work')" "$output"
count=$(host_exec pawl ps --all -o json | jq length)
assert_status "a run" 8 host_exec timeout 20 pawl run refused
assert_contains "why" "lock 'device' is held by $holder (step 'work'), and the workflow says 'on_conflict: reject'" "$output"
assert_equal "how many runs there are" "$count" "$(host_exec pawl ps --all -o json | jq length)"
all_done "$holder"
assert_status "the same run" 0 host_exec timeout 20 pawl run refused

section "cancel ends the run that has it, and waits for that"
workflow takes <<E2
variables: {name: x}
steps:
  - {id: work, lock: {key: device, on_conflict: cancel}, command: [/srv/alone, "\${name}", device]}
E2
old=$(begin step old)
wait_until 10 "the old one works" marked old
new=$(begin takes new)
wait_until 20 "the new one works" marked new
assert_equal "the old one" cancelled "$(field_of "$old" .state)"
assert_equal "its reason" "$new (step 'work') wants lock 'device' and says 'on_conflict: cancel'" "$(field_of "$old" .reason)"
all_done "$new"
nothing_broken

section "items have locks of their own"
workflow items <<E2
max_parallel: 8
steps:
  - {id: work, foreach: [a, b, a, b, c], lock: "item \${item}", command: [/srv/alone, "\${item}\${index}", "\${item}"]}
E2
run=$(started items)
for mark in a0 b1 c4; do wait_until 10 "$mark works" marked $mark; done
assert_equal "what waits" "waits for lock 'item a', held by $run (step 'work', item 0)" \
  "$(field_of "$run" '.steps[] | select(.item == 2) | .reason')"
host_exec touch /srv/go-a0
wait_until 10 "the next one of a works" marked a2
all_done "$run"
nothing_broken

section "a circle is found, told and broken"
for pair in "left right" "right left"; do
  read -r own other <<<"$pair"
  workflow "$own" <<E2
lock: $own
steps:
  - {id: begin, command: [/srv/alone, begin-$own, $own]}
  - {id: cross, lock: $other, command: ["true"]}
E2
done
left=$(started left) right=$(started right)
for name in left right; do wait_until 10 "$name works" marked begin-$name; done
host_exec touch /srv/go-begin-left
cross() { field_of "$1" '.steps[] | select(.id == "cross") | .reason'; }
wait_until 10 "left waits" sh -c "'$harness' exec '$host' -- pawl status $left -o json | grep -q \"waits for lock 'right', held by $right\""
host_exec touch /srv/go-begin-right
assert_status "the one that would close it" 1 host_exec timeout 20 pawl wait "$right"
assert_equal "its reason" "a deadlock: lock 'left' is held by $left, whose step 'cross' waits for lock 'right', which this run holds" \
  "$(cross "$right")"
assert_status "the other one" 0 host_exec timeout 20 pawl wait "$left"
host_exec sh -c 'rm -f /srv/go* /srv/marks'

section "a host that goes down, and one that loses its power: who has it has it, who waits waits"
cut() { host_kill; host_resume; }
for how in host_reboot cut; do
  host_exec rm -f $marks
  steps=("$(begin step s1)")
  wait_until 10 "the step works" marked s1
  steps+=("$(begin step s2)" "$(begin step s3)")
  wholes=("$(begin whole w1)")
  wait_until 10 "the run works" marked w1
  wholes+=("$(begin whole w2)")
  waits "${steps[2]}" device "${steps[0]} (step 'work')" || fail "the third step: $(reason "${steps[2]}")"
  $how
  revive
  waits "${steps[1]}" device "${steps[0]} (step 'work')" || fail "$how: the second step: $(reason "${steps[1]}")"
  is_queued "${wholes[1]}" "whole x" "${wholes[0]}" || fail "$how: the second run: $(field_of "${wholes[1]}" .reason)"
  for name in s1 w1; do wait_until 20 "$name is done again" marked $name 2; done
  all_done "${steps[@]}" "${wholes[@]}"
  assert_equal "$how: their order" "s1-done s2-done s3-done" \
    "$(host_exec sh -c "grep -o '^s[0-9]-done' $marks | paste -sd' '")"
  nothing_broken
done
assert_nothing_left
