#!/usr/bin/env bash
# The mark of the host's shutdown: it is there before any step gets its SIGTERM, and at no other time; and it holds
# nothing up.
source "$(dirname "$0")/../lib.sh"

# start NAME TYPE COMMAND...: a unit as pawld would name it; does not wait for it.
start() {
  host_exec mkdir -p "/var/lib/pawl/runs/7k2m9qxa/$1.1"
  host_exec systemd-run --quiet --no-block --unit="pawl-step-7k2m9qxa.$1.1.service" --slice=pawl-7k2m9qxa.slice \
    -p Type="$2" "${@:3}"
}
receipt() { host_exec cat "/var/lib/pawl/runs/7k2m9qxa/$1.1/result.json"; }
mark_stands() { [[ $(host_exec systemctl is-active pawl-shutdown.service) == active ]]; }
# A script that ends well on SIGTERM: without the mark its receipt could not be told from a success.
traps='trap "exit 0" TERM; while :; do sleep 0.1; done'

host_start
install_deb
assert_equal "pawld" active "$(host_exec systemctl is-active pawld.service)"
mark_stands || fail "pawl-shutdown.service does not run beside pawld"

section "a stop by hand marks nothing, and is undone while pawld runs"
host_exec systemctl stop pawl-shutdown.service
wait_until 5 "pawl-shutdown.service is back" mark_stands
host_exec test ! -e /run/pawl/host-stopping || fail "a stop by hand has marked the host as stopping"

section "started by the socket alone"
host_exec systemctl stop pawld.service pawl-shutdown.service
assert_equal "stopped together" inactive "$(host_exec systemctl is-active pawl-shutdown.service || true)"
host_exec sh -c 'timeout 1 busctl --address=unix:path=/run/pawl/pawl.sock list >/dev/null 2>&1 || true'
wait_until 10 "pawl-shutdown.service beside a pawld that its socket started" mark_stands

section "neither a restart of pawld nor the end of a step waits for it"
start traps exec /bin/bash -c "$traps"
start plain exec /bin/sleep 600
start activating oneshot /bin/bash -c "$traps"
start ended exec /bin/bash -c "$traps"
wait_until 10 "the steps are up" host_exec systemctl is-active -q pawl-step-7k2m9qxa.{traps,plain,ended}.1.service
host_exec timeout 10 systemctl restart pawld.service
host_exec timeout 10 systemctl stop pawl-step-7k2m9qxa.ended.1.service
assert_contains "a step stopped by hand" '"stopping":false' "$(receipt ended)"
assert_equal "jobs that wait" "" "$(host_exec systemctl list-jobs --no-legend 'pawld*' 'pawl-shutdown*')"
# The worst case: it is gone, and cannot come back before a step of Type=oneshot has ended.
host_exec systemctl stop pawl-shutdown.service
host_exec timeout 10 systemctl restart pawld.service
host_exec systemctl stop pawl-step-7k2m9qxa.activating.1.service
wait_until 10 "pawl-shutdown.service is back" mark_stands
start activating-too oneshot /bin/bash -c "$traps"

section "an orderly reboot"
boot_id=$(host_exec cat /proc/sys/kernel/random/boot_id)
host_reboot
for name in traps plain activating-too; do
  assert_contains "step $name" '"stopping":true' "$(receipt "$name")"
  assert_contains "step $name" "\"boot_id\":\"$boot_id\"" "$(receipt "$name")"
done
assert_contains "a step that traps SIGTERM" '"exit_code":"exited","exit_status":"0"' "$(receipt traps)"
assert_contains "a step that ended before" '"stopping":false' "$(receipt ended)"
host_exec test ! -e /run/pawl/host-stopping || fail "the mark outlived the reboot"
mark_stands || fail "pawl-shutdown.service does not run after the reboot"

section "a power cut leaves no receipt"
start cut exec /bin/sleep 600
wait_until 10 "the step is up" host_exec systemctl is-active -q pawl-step-7k2m9qxa.cut.1.service
host_kill
host_resume
host_exec test ! -e /var/lib/pawl/runs/7k2m9qxa/cut.1/result.json || fail "a receipt from a host that lost its power"
