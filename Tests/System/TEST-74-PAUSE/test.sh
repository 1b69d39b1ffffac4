#!/usr/bin/env bash
# A run that is paused stands still, however long and whoever dies meanwhile, and goes on where it stood.
source "$(dirname "$0")/../lib.sh"

host_start
install_deb
write_workflow counts <<'END'
steps:
  - id: counts
    timeout: 3s
    interrupted: rerun
    run: |
      for i in $(seq 20); do echo "$i" >"$PAWL_RUN_DIR/count"; sleep 0.1; done
  - {id: after, command: [touch, /var/tmp/after]}
END
write_workflow long <<'END'
steps:
  - {id: long, interrupted: rerun, command: [sleep, "300"]}
  - {id: after, command: ["true"]}
END
write_workflow guarded <<'END'
steps:
  - id: guarded
    unit: {WatchdogSec: 60}
    run: |
      until [ -e /var/tmp/enough ]; do sleep 0.1; done
  - {id: after, command: ["true"]}
END
write_workflow above <<'END'
steps:
  - {id: call, workflow: long}
END
host_exec pawl reload

status() { host_exec pawl status "$1" -o json | json "$2"; }
# stands RUN: whether all processes of its step stand still: frozen, or stopped by a signal.
stands() {
  host_exec bash -c '
    unit=$(pawl status "$1" -o json | sed -n "s/.*\"unit\" *: *\"\([^\"]*\)\".*/\1/p" | tail -n 1)
    [[ $(systemctl show "$unit" -p FreezerState --value) == frozen ]] && exit 0
    group=$(systemctl show "$unit" -p ControlGroup --value)
    processes=$(cat /sys/fs/cgroup/{systemd,unified,.}"$group"/cgroup.procs 2>/dev/null | sort -u)
    [[ $processes ]] || exit 1
    for process in $processes; do [[ $(ps -o state= -p "$process") == T ]] || exit 1; done' bash "$1"
}

section "it stands still, and no time of systemd's runs out"
run=$(host_exec pawl run counts --detach)
id=$(status "$run" 'd["id"]')
unit=$(status "$run" 'd["steps"][0]["attempts"][0]["unit"]')
wait_until 5 "the step begins" host_exec test -s "/var/lib/pawl/runs/$id/work/count"
before=$(host_exec systemctl show "$unit" -p MainPID --value)
assert_status "pawl pause" 0 host_exec pawl pause "$run"
assert_contains "how it goes on" "'pawl unpause $run' goes on" "$output"
stands "$run" || fail "the processes of $unit do not stand still"
count=$(host_exec cat "/var/lib/pawl/runs/$id/work/count")
assert_equal "its state" paused "$(status "$run" 'd["state"]')"
assert_contains "its reason" "paused by root" "$(host_exec pawl status "$run")"
assert_contains "the list" paused "$(host_exec pawl ps)"
assert_status "pausing it twice" 0 host_exec pawl pause "$run"
# Longer than the step's own timeout.
host_exec systemd-run --quiet --wait --unit=other -p RuntimeMaxSec=4 sleep 60 || true
assert_equal "what it has done meanwhile" "$count" "$(host_exec cat "/var/lib/pawl/runs/$id/work/count")"
assert_equal "its unit" active "$(host_exec systemctl is-active "$unit")"

section "pawld dies meanwhile, and systemd reads its files anew"
host_exec systemctl kill --signal=KILL pawld.service
wait_until 10 "pawld is back" host_exec pawl ps
host_exec systemctl daemon-reload
host_exec systemctl daemon-reexec
assert_equal "its state" paused "$(status "$run" 'd["state"]')"
wait_until 5 "it still stands" stands "$run"
assert_equal "what it has done" "$count" "$(host_exec cat "/var/lib/pawl/runs/$id/work/count")"

section "it goes on where it stood"
assert_status "pawl unpause" 0 host_exec pawl unpause "$run"
assert_status "pawl wait" 0 host_exec pawl wait "$run"
assert_equal "its attempts" 1 "$(status "$run" 'len(d["steps"][0]["attempts"])')"
assert_equal "what it has done" 20 "$(host_exec cat "/var/lib/pawl/runs/$id/work/count")"
host_exec test -e /var/tmp/after || fail "the step behind it did not run"
[[ $before != 0 ]] || fail "the step had no process"
assert_equal "what is left below /run/systemd/system" "" "$(host_exec sh -c 'ls -d /run/systemd/system/pawl-step-* 2>/dev/null')"
assert_status "unpausing what is not paused" 8 host_exec pawl unpause "$run"
assert_contains "who asked" "unpause" "$(host_exec pawl audit)"
assert_contains "the journal" "goes on after its pause" "$(host_exec journalctl -u pawld --no-pager)"

section "its timeout still counts, with as much left as there was"
host_exec sh -c 'sed -i "s/seq 20/seq 200/" /etc/pawl/workflows/counts.yaml && pawl reload'
run=$(host_exec pawl run counts --detach)
unit=$(status "$run" 'd["steps"][0]["attempts"][0]["unit"]')
wait_until 5 "its step runs" host_exec systemctl is-active "$unit"
host_exec pawl pause "$run"
host_exec pawl unpause "$run"
assert_status "pawl wait" 1 host_exec pawl wait "$run"
assert_equal "its state" timed-out "$(status "$run" 'd["steps"][0]["state"]')"

section "a step that systemd would take for hung goes on, and says so"
run=$(host_exec pawl run guarded --detach)
unit=$(status "$run" 'd["steps"][0]["attempts"][0]["unit"]')
wait_until 5 "its step runs" host_exec systemctl is-active "$unit"
assert_status "pawl pause" 0 host_exec pawl pause "$run"
assert_contains "what it says" "Step 'guarded' goes on though the run is paused: its WatchdogSec" "$output"
assert_contains "the status" "its WatchdogSec" "$(host_exec pawl status "$run")"
host_exec touch /var/tmp/enough
wait_until 5 "its end is recorded" host_exec sh -c "pawl status $run -o json | grep -q '\"exit_code\" *: *0'"
assert_equal "the step behind it" waiting "$(status "$run" 'd["steps"][1]["state"]')"
host_exec pawl unpause "$run"
assert_status "pawl wait" 0 host_exec pawl wait "$run"

section "with a run that is a step of it, and cancelled as it stands"
run=$(host_exec pawl run above --detach)
wait_until 5 "the run below runs" host_exec sh -c "pawl ps -o json | grep -q '\"workflow\" *: *\"long\"'"
child=$(host_exec pawl ps -o json | json '[r["run"] for r in (d if isinstance(d, list) else d["runs"]) if r["workflow"] == "long"][0]')
wait_until 5 "its step runs" host_exec sh -c "pawl status $child -o json | grep -q '\"attempts\" *: *\[ *{'"
host_exec pawl pause "$run"
assert_equal "the state below" paused "$(status "$child" 'd["state"]')"
stands "$child" || fail "the step of $child does not stand still"
assert_status "unpausing the one below alone" 8 host_exec pawl unpause "$child"
assert_contains "why not" "was paused together with" "$output"
assert_status "pawl cancel" 0 host_exec pawl cancel "$run"
assert_equal "the state below" cancelled "$(status "$child" 'd["state"]')"
assert_equal "units that are left" "" "$(host_exec systemctl list-units --plain --no-legend 'pawl-step-*')"

section "a boot in between"
run=$(host_exec pawl run long --detach)
unit=$(status "$run" 'd["steps"][0]["attempts"][0]["unit"]')
wait_until 5 "its step runs" host_exec systemctl is-active "$unit"
host_exec pawl pause "$run"
host_reboot
wait_until 10 "pawld is there" host_exec pawl ps
assert_equal "its state" paused "$(status "$run" 'd["state"]')"
assert_equal "what runs" "" "$(host_exec systemctl list-units --plain --no-legend 'pawl-step-*')"
host_exec pawl unpause "$run"
wait_until 5 "its step runs again" host_exec sh -c "systemctl list-units --plain --no-legend 'pawl-step-*' | grep -q running"
assert_equal "the first attempt" interrupted "$(status "$run" 'd["steps"][0]["attempts"][0]["state"]')"
host_exec pawl cancel "$run"
