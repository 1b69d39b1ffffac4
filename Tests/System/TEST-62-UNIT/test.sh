#!/usr/bin/env bash
# A workflow as a unit: systemctl starts it and returns with its result, stops it, shows it and enables it; its run outlives the
# process that follows it, pawld and the host.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

host_start
install_deb
on_host() { host_exec bash -c "$1"; }
ctl() { host_exec systemctl "$@"; }
runs_of() { host_exec pawl ps --all -o json | jq -r "[.[] | select(.workflow == \"$1\")] | $2"; }
active_state() { ctl show -P ActiveState "pawl@$1"; }
is_state() { [[ $(active_state "$1") == "$2" ]]; }
has_run() { [[ $(runs_of "$1" '.[0].state') == "$2" ]]; }

section "a start returns with the result"
assert_status "hello" 0 ctl start pawl@hello
assert_equal "its runs" '["succeeded"]' "$(runs_of hello 'map(.state)' | jq -c .)"
entries=$(host_exec journalctl -u pawl@hello -o cat)
assert_contains "the unit's journal" "was started by root" "$entries"
assert_contains "the unit's journal" ": succeeded" "$entries"
assert_equal "after a success" inactive "$(active_state hello)"

workflow bad <<END
variables: {status: 3}
steps: [{id: breaks, run: "exit \$status"}]
END
assert_status "bad" 1 ctl start pawl@bad
assert_status "is-failed" 0 ctl is-failed -q pawl@bad
assert_contains "why" "step 'breaks' failed" "$(host_exec journalctl -u pawl@bad -o cat)"
assert_contains "status" "step 'breaks' failed" "$(ctl status pawl@bad || true)"

entries=$(host_exec journalctl -x -u pawl@bad -o short)
run=$(runs_of bad '.[0].run' | tr -d '"')
assert_contains "journalctl -x" "Subject: Run $run is over, or is to end" "$entries"
assert_contains "what to do next" "pawl retry $run" "$entries"

section "variables from a file"
on_host 'mkdir -p /etc/pawl/run.d; echo "status: 0" >/etc/pawl/run.d/bad.yaml'
assert_status "with a file" 0 ctl start pawl@bad
assert_status "is-failed" 1 ctl is-failed -q pawl@bad
on_host 'echo "statsu: 0" >/etc/pawl/run.d/bad.yaml'
assert_status "a name that is not one" 1 ctl start pawl@bad
assert_contains "which" "statsu" "$(host_exec journalctl -u pawl@bad -o cat | tail -n 5)"

section "there is no such workflow"
assert_status "nope" 1 timeout 20 "$harness" exec "$host" -- systemctl start pawl@nope
assert_contains "why" "there is no workflow 'nope'" "$(host_exec journalctl -u pawl@nope -o cat)"
assert_status "no name" 1 timeout 20 "$harness" exec "$host" -- systemctl start 'pawl@No_Name'

section "what it starts when another unit fails"
on_host 'printf "[Unit]\nOnFailure=pawl@hello.service\n[Service]\nType=oneshot\nExecStart=/bin/false\n" >/run/systemd/system/falls.service'
ctl daemon-reload
assert_status "falls" 1 ctl start falls
wait_until 20 "the second run" sh -c "'$harness' exec '$host' -- pawl ps --all -o json | jq -e '[.[] | select(.workflow == \"hello\" and .state == \"succeeded\")] | length == 2' >/dev/null"

section "status, a kill of pawld and of the process that follows"
workflow long <<END
steps:
  - {id: first, run: "echo first \$PAWL_ATTEMPT >>$marks"}
  - {id: waits, run: "echo waits \$PAWL_ATTEMPT >>$marks; until [[ -e /srv/go ]]; do sleep 0.05; done", interrupted: rerun}
  - {id: last, run: "echo last \$PAWL_ATTEMPT >>$marks"}
on_cancel: [{id: sorry, run: "echo sorry \$PAWL_ATTEMPT >>$marks"}]
END
ctl start --no-block pawl@long
wait_until 20 "it runs" marked waits
assert_equal "meanwhile" activating "$(active_state long)"
progress() { [[ $(ctl show -P StatusText pawl@long) == *"1/4] waits"* ]]; }
wait_until 20 "progress" progress
assert_contains "status" "[1/4] waits" "$(ctl status pawl@long || true)"
kill_pawld
host_exec pawl ps >/dev/null
assert_equal "after a kill of pawld" activating "$(active_state long)"
ctl kill -s KILL pawl@long
wait_until 20 "the unit has failed" is_state long failed
assert_equal "the run goes on" running "$(runs_of long '.[0].state')"
ctl start --no-block pawl@long
wait_until 20 "it is followed again" progress
host_exec touch /srv/go
assert_status "the rest of it" 0 ctl start pawl@long
assert_equal "its runs" '["succeeded"]' "$(runs_of long 'map(.state)' | jq -c .)"
assert_marks <<END
first 1
waits 1
last 1
END

section "a stop cancels"
host_exec rm -f /srv/go $marks
ctl start --no-block pawl@long
wait_until 20 "it runs" marked waits
assert_status "stop" 0 ctl stop pawl@long
assert_equal "the run" cancelled "$(runs_of long '.[0].state')"
assert_equal "the unit" inactive "$(active_state long)"
wait_until 5 "its handler has run" marked sorry
assert_nothing_left

section "an orderly reboot does not, and the next start finds the run"
host_exec rm -f $marks
ctl start --no-block pawl@long
wait_until 20 "it runs" marked waits
host_reboot
wait_until 20 "it runs again" marked waits 2
assert_equal "the run" running "$(runs_of long '.[0].state')"
ctl start --no-block pawl@long
wait_until 20 "it is followed" progress
host_exec touch /srv/go
assert_status "the rest of it" 0 ctl start pawl@long
assert_equal "its runs" '["succeeded","cancelled","succeeded"]' "$(runs_of long 'map(.state)' | jq -c .)"

section "enabled: it runs at boot, and does not hold the boot up"
workflow waits <<END
steps: [{id: waits, run: "until [[ -e /srv/go-on ]]; do sleep 0.05; done"}]
END
workflow boots <<END
recovery: resume
steps:
  - {id: before, run: "echo before \$PAWL_ATTEMPT >>$marks"}
  - {id: boot, reboot: true}
  - {id: after, run: "echo after \$PAWL_ATTEMPT >>$marks"}
END
ctl enable -q pawl@waits
host_reboot
wait_until 30 "it runs at boot" has_run waits running
wait_until 30 "the host is up" on_host 'case $(systemctl is-system-running) in running | degraded) ;; *) exit 1 ;; esac'
assert_equal "meanwhile" activating "$(active_state waits)"
host_exec touch /srv/go-on
assert_status "the rest of it" 0 ctl start pawl@waits
ctl disable -q pawl@waits

section "one that reboots the host and is enabled does so once a start"
host_exec rm -f $marks
ctl enable -q pawl@boots
ctl start --no-block pawl@boots
wait_until 60 "it has gone over the boot" has_run boots succeeded
wait_until 60 "the boot's start is over" on_host 'systemctl is-active -q pawl-boot.target && [[ $(systemctl show -P ActiveState pawl@boots) == inactive && -e /run/pawl/started-units/boots ]]'
assert_equal "its runs" '["succeeded"]' "$(runs_of boots 'map(.state)' | jq -c .)"
assert_marks <<END
before 1
after 1
END
ctl disable -q pawl@boots

