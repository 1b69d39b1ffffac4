#!/usr/bin/env bash
# Schedules: timers of systemd's that follow their workflows' files, that an admin's own go before, and that catch up what was
# missed while the host was off.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

host_start
install_deb
on_host() { host_exec bash -c "$1"; }
ctl() { host_exec systemctl "$@"; }
runs_of() { host_exec pawl ps --all -o json | jq -r "[.[] | select(.workflow == \"$1\")] | $2"; }
count_of() { runs_of "$1" 'map(select(.state == "succeeded")) | length'; }
has_count() { (($(count_of "$1") == $2)); }
has_some() { (($(count_of "$1") >= $2)); }
timer() { ctl show -P "$2" "pawl@$1.timer"; }
is_timer() { [[ $(timer "$1" "$2") == "$3" ]]; }
is_gone() { is_timer "$1" LoadState not-found; }
in_list() { host_exec pawl list -o json | jq -r ".[] | select(.name == \"$1\") | .schedule | $2"; }
said() { host_exec journalctl -b -o cat MESSAGE_ID=3c5f1b7e9a6d4d0f8b2e6c41d7a90f35; }
# A moment so many seconds from now, as an expression; one that is so near cannot be a day's time in the zone of anybody.
moment() { echo "@$(($(date +%s) + $1))"; }
is_past() { (($(date +%s) > $1)); }
# wait_past EXPRESSION: until the moment is over.
wait_past() { wait_until 60 "the moment $1 is over" is_past "${1#@}"; }

section "scheduled as soon as it is loaded, and run"
workflow ticks <<'END'
description: Says what the time is
schedule: "*:*:*"
steps: [{id: tell, command: ["true"]}]
END
assert_contains "list-timers" "pawl@ticks.timer" "$(ctl list-timers --all --no-legend 'pawl@*')"
assert_contains "what it starts" "pawl@ticks.service" "$(ctl list-timers --all --no-legend 'pawl@*')"
wait_until 30 "two runs" has_some ticks 2
assert_contains "the unit's journal" ": succeeded" "$(host_exec journalctl -u pawl@ticks -o cat)"
assert_equal "the expressions" "*-*-* *:*:*" "$(in_list ticks '.expressions[]')"
assert_equal "the state" enabled "$(in_list ticks .state)"

section "an edit changes it"
workflow ticks <<'END'
schedule: {OnCalendar: ["*-02-03 04:05:06 Europe/Berlin", "*-02-03 04:05:07 UTC"], RandomizedDelaySec: 5min, AccuracySec: 1min}
steps: [{id: tell, command: ["true"]}]
END
assert_contains "its expressions" "OnCalendar=*-02-03 04:05:06 Europe/Berlin" "$(timer ticks TimersCalendar)"
assert_contains "both" "OnCalendar=*-02-03 04:05:07 UTC" "$(timer ticks TimersCalendar)"
assert_equal "its delay" 5min "$(timer ticks RandomizedDelayUSec)"
assert_equal "its accuracy" 1min "$(timer ticks AccuracyUSec)"
assert_match "the next moment" '-02-03T03:0[5-9]|-02-03T03:1' "$(in_list ticks .next)"
assert_contains "pawl list" "-02-03 " "$(host_exec pawl list)"
made=$(timer ticks ActiveEnterTimestampMonotonic)
host_exec pawl reload
assert_equal "a reload without a change leaves it alone" "$made" "$(timer ticks ActiveEnterTimestampMonotonic)"

on_host 'mkdir -p /etc/systemd/system/pawl@ticks.timer.d && printf "[Timer]\nRandomizedDelaySec=7min\n" >/etc/systemd/system/pawl@ticks.timer.d/mine.conf'
ctl daemon-reload
assert_equal "a drop-in of the admin's own" 7min "$(timer ticks RandomizedDelayUSec)"
assert_equal "the timer is the same" "$made" "$(timer ticks ActiveEnterTimestampMonotonic)"
host_exec rm -r /etc/systemd/system/pawl@ticks.timer.d
ctl daemon-reload

section "a fault is told with its place, and leaves the schedule in force"
install_faulty() {
  write_workflow ticks
  assert_status "$1" 2 host_exec pawl check ticks
  assert_contains "$1" "$2" "$output"
  assert_status "reload" 2 host_exec pawl reload
  assert_equal "$1: the timer" "$made" "$(timer ticks ActiveEnterTimestampMonotonic)"
}
install_faulty "never" "ticks.yaml:1:12: error: '*-2-30': this never elapses" <<'END'
schedule: "*-2-30"
steps: [{id: tell, command: ["true"]}]
END
install_faulty "a slip" "ticks.yaml:1:11: error: 'Mom 3:00': 'Mom' is not a weekday such as Mon (did you mean 'Mon'?)" <<'END'
schedule: Mom 3:00
steps: [{id: tell, command: ["true"]}]
END
install_faulty "a zone" "ticks.yaml:1:11: error: there is no time zone 'Europe/Brelin' on this host" <<'END'
schedule: 3:00 Europe/Brelin
steps: [{id: tell, command: ["true"]}]
END
workflow ticks <<'END'
schedule: yearly
steps: [{id: tell, command: ["true"]}]
END

section "systemd's own reloads, and kills of pawld, leave it alone"
made=$(timer ticks ActiveEnterTimestampMonotonic)
ctl daemon-reload
ctl daemon-reexec
kill_pawld
host_exec pawl list >/dev/null
assert_equal "after all of that" "$made" "$(timer ticks ActiveEnterTimestampMonotonic)"

section "disable is remembered, and enable takes it back"
workflow other <<'END'
schedule: monthly
steps: [{id: tell, command: ["true"]}]
END
assert_equal "disable" "The schedule of workflow 'ticks' is off." "$(host_exec pawl disable ticks)"
is_gone ticks || fail "the timer is still there"
assert_equal "in the list" disabled "$(in_list ticks .state)"
host_exec pawl reload
ctl restart pawld
host_exec pawl list >/dev/null
wait_until 10 "the other timer is there" is_timer other ActiveState active
is_gone ticks || fail "the timer is there again after a restart"
host_reboot
wait_until 60 "the other timer is there after a boot" is_timer other ActiveState active
is_gone ticks || fail "the timer is there again after a boot"
assert_contains "enable" "The schedule of workflow 'ticks' is on, next at " "$(host_exec pawl enable ticks)"
assert_equal "enabled" active "$(timer ticks ActiveState)"
assert_status "no such workflow" 4 host_exec pawl disable nope
assert_status "one without a schedule" 8 host_exec pawl disable hello
assert_contains "why" "has no 'schedule'" "$output"

section "the admin's own timer goes before it"
on_host 'printf "[Timer]\nOnCalendar=*-03-04 05:06:07 UTC\n[Install]\nWantedBy=timers.target\n" >/etc/systemd/system/pawl@ticks.timer'
ctl daemon-reload
own=/etc/systemd/system/pawl@ticks.timer
wait_until 20 "it is the admin's" is_timer ticks FragmentPath $own
host_exec pawl reload
ctl daemon-reload
host_exec pawl reload
assert_equal "it is said once" 1 "$(said | grep -c "is that of $own")"
assert_equal "in the list" "overridden $own" "$(in_list ticks '.state + " " + .timer')"
assert_equal "pawl does not start it" inactive "$(timer ticks ActiveState)"
ctl enable --now -q pawl@ticks.timer
assert_equal "when the admin's elapses" 03-04T05:06:07.000Z "$(in_list ticks .next | cut -d- -f2-)"
ctl disable --now -q pawl@ticks.timer
host_exec rm $own
ctl daemon-reload
wait_until 20 "the workflow's own is back" is_timer ticks ActiveState active
assert_contains "its file" /run/systemd/transient/ "$(timer ticks FragmentPath)"
ctl mask -q pawl@ticks.timer
wait_until 20 "a mask stops it" is_timer ticks LoadState masked
ctl unmask -q pawl@ticks.timer
ctl daemon-reload
wait_until 20 "and unmasked it is back" is_timer ticks ActiveState active

section "without the key, or the file, there is no timer"
workflow ticks <<'END'
steps: [{id: tell, command: ["true"]}]
END
is_gone ticks || fail "the timer of a workflow without a schedule is still there"
host_exec rm /etc/pawl/workflows/other.yaml
host_exec pawl reload
is_gone other || fail "the timer of a workflow that is gone is still there"

section "moments at which the run before went on are one, as systemd has it, or each of its own"
go=$(moment 4)
for choice in none one all; do
  workflow "busy-$choice" <<END
schedule: ["$go", "@$((${go#@} + 2))", "@$((${go#@} + 3))"]
catch_up: $choice
steps: [{id: waits, run: "until [[ -e /srv/go ]]; do sleep 0.05; done"}]
END
done
wait_past "@$((${go#@} + 4))"
for choice in none one all; do assert_equal "one run of $choice" 1 "$(runs_of busy-$choice length)"; done
host_exec touch /srv/go
wait_until 30 "all three" has_count busy-all 3
for choice in none one; do wait_until 30 "one of $choice for the other two" has_count busy-$choice 2; done

section "what was missed while the host was off is caught up, or is not, after the boot"
go=$(moment 10)
for choice in none one all; do
  workflow "off-$choice" <<END
schedule: ["$go", "@$((${go#@} + 1))", "@$((${go#@} + 2))", "*-01-01 00:00:00"]
catch_up: $choice
steps: [{id: waits, run: "until [[ -e /srv/go-on ]]; do sleep 0.05; done"}]
END
done
workflow off-disabled <<END
schedule: "$go"
catch_up: all
steps: [{id: tell, command: ["true"]}]
END
host_exec pawl disable off-disabled
is_past "${go#@}" && fail "this machine is too slow for this test: the host was to be off before $go"
host_kill
wait_past "@$((${go#@} + 2))"
host_resume
wait_until 60 "it catches up" sh -c "'$harness' exec '$host' -- pawl ps -o json | jq -e '[.[] | select(.workflow == \"off-all\")] | length == 1' >/dev/null"
# The boot is not held up by what is caught up.
on_host 'case $(systemctl is-system-running) in running | degraded) ;; *) exit 1 ;; esac' || fail "the boot goes on"
kill_pawld
host_exec touch /srv/go-on
wait_until 60 "one run for each" has_count off-all 3
wait_until 60 "one run for all" has_count off-one 1
assert_contains "what was said" "catches up what its schedule has missed since" "$(said)"
assert_equal "none" 0 "$(runs_of off-none length)"
assert_equal "nothing more of what was in the way" "2 2 3" "$(for choice in none one all; do runs_of busy-$choice length; done | xargs)"
host_exec pawl enable off-disabled
host_exec pawl reload
ctl restart pawld
host_exec pawl list >/dev/null
assert_equal "not what was turned off" 0 "$(runs_of off-disabled length)"
assert_equal "still one for each" 3 "$(runs_of off-all length)"
assert_equal "still one for all" 1 "$(runs_of off-one length)"

section "a removal of the package takes the timers along"
[[ $(ctl list-timers --all --no-legend 'pawl@*') == *pawl@off-all.timer* ]] || fail "there is no timer before the removal"
host_exec env DEBIAN_FRONTEND=noninteractive apt-get remove -y -qq -o Dpkg::Use-Pty=0 pawl
assert_equal "after it" "" "$(ctl list-timers --all --no-legend 'pawl@*')"
