#!/usr/bin/env bash
# A pawld that is stopped, and one whose engine hangs while its event thread goes on: both are ended by the watchdog, and
# the run goes on under the next one.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

drop_in() {
  host_exec sh -c 'mkdir -p /etc/systemd/system/pawld.service.d && cat >/etc/systemd/system/pawld.service.d/test.conf' <<<"$1"
  host_exec systemctl daemon-reload
  host_exec systemctl restart pawld.service
}
is_another() { [[ $(main_pid) != "$1" && $(host_exec systemctl is-active pawld.service) == active ]]; }
# Since the last restart by hand. Nothing but the watchdog ends a pawld that is stopped, or one whose engine hangs.
restarts() { host_exec systemctl show -P NRestarts pawld.service; }

# The build with the hook that blocks the engine; a release has none.
top=$(cd "$system_tests/../.." && pwd)
debug_pawld=$top/.build/test-build/debug/pawld
if [[ ! -e $debug_pawld || $(find "$top/Sources" "$top/Package.swift" -newer "$debug_pawld" -print -quit) ]]; then
  (cd "$top" && swift build --static-swift-stdlib --scratch-path .build/test-build --product pawld)
fi

host_start
install_deb
workflow slow <<E2
name: Slow
steps:
  - id: first
    run: |
      echo "first \$PAWL_ATTEMPT" >>$marks
      until [ -e /srv/go ]; do sleep 0.1; done
      exit 0
  - id: second
    command: [sh, -c, 'echo "second \$PAWL_ATTEMPT" >>$marks']
E2

section "SIGSTOP"
drop_in $'[Service]\nWatchdogSec=2'
run=$(started slow)
wait_until 10 "the first step runs" marked first
pid=$(main_pid)
host_exec kill -STOP "$pid"
wait_until 15 "another pawld" is_another "$pid"
assert_equal "restarts by the watchdog" 1 "$(restarts)"
host_exec touch /srv/go
assert_status "pawl wait" 0 host_exec pawl wait "$run"
printf '%s\n' "first 1" "second 1" | assert_marks
printf '%s\n' "first succeeded 0 1" "second succeeded 0 1" | assert_steps "$run"
pid=$(main_pid)
sleep 5
assert_equal "a pawld that is well, over two more intervals" "$pid" "$(main_pid)"

section "an engine that hangs"
host_exec rm -f /srv/go $marks
cp "$debug_pawld" "$scratch/pawld-debug"
strip --strip-debug "$scratch/pawld-debug" 2>/dev/null || true
host_copy "$scratch/pawld-debug" /usr/local/libexec
drop_in $'[Service]\nWatchdogSec=3\nEnvironment=PAWL_TEST_BLOCK_ENGINE=/run/pawl/block-engine\nExecStart=\nExecStart=/usr/local/libexec/pawld-debug'
run=$(started slow)
wait_until 10 "the first step runs" marked first
pid=$(main_pid)
host_exec touch /run/pawl/block-engine
wait_until 5 "the engine has met the hook" host_exec test ! -e /run/pawl/block-engine
# What needs no engine still works: a reload by signal finds the fault.
echo 'steps: 1' >"$scratch/broken.yaml"
install_workflow "$scratch/broken.yaml"
host_exec kill -USR1 "$pid"
wait_until 5 "the event thread runs" host_exec sh -c 'journalctl -q -u pawld.service _PID='"$pid"' | grep -q broken.yaml'
assert_equal "pawld, meanwhile" "$pid" "$(main_pid)"
wait_until 15 "another pawld" is_another "$pid"
assert_equal "restarts by the watchdog" 1 "$(restarts)"
host_exec touch /srv/go
assert_status "pawl wait" 0 host_exec pawl wait "$run"
printf '%s\n' "first 1" "second 1" | assert_marks
printf '%s\n' "first succeeded 0 1" "second succeeded 0 1" | assert_steps "$run"
