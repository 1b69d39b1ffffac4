#!/usr/bin/env bash
# The package is replaced in the middle of a step: by a newer one, by the same one, by one whose pawld cannot start and by
# the step itself. Steps go on, each runs once, and its result is known in the end. It is not removed under a run.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

# The steps in whose middle the package is replaced end when this is there.
gate=/var/tmp/gate

host_start
install_deb
dpkg-deb -R "${PAWL_TEST_DEB:?}" "$scratch/package"
cp "$scratch/package/usr/libexec/pawl/pawld" "$scratch/pawld"

# package VERSION: /root/pawl_VERSION.deb, whose pawld is a file of its own and whose recorder is too.
package() {
  sed -i "s/^Version: .*/Version: $1/" "$scratch/package/DEBIAN/control"
  cp "$scratch/pawld" "$scratch/package/usr/libexec/pawl/pawld"
  [[ $1 != *broken* ]] || printf '#!/bin/sh\necho "this pawld cannot start" >&2\nexit 1\n' >"$scratch/package/usr/libexec/pawl/pawld"
  # What follows the program's own bytes is never read.
  echo "$1" | tee -a "$scratch/package/usr/libexec/pawl/pawld" "$scratch/package/usr/libexec/pawl/pawl-record" >/dev/null
  dpkg-deb --root-owner-group -Znone -b "$scratch/package" "$scratch/pawl_$1.deb" >/dev/null
  host_copy "$scratch/pawl_$1.deb" /root
}
apt=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends)
version() { host_exec dpkg-query -W -f '${Version}' pawl; }
# The program that runs and the one that is installed; what an upgrade must not touch.
running_pawld() { host_exec sh -c 'sha256sum <"/proc/$(systemctl show -P MainPID pawld.service)/exe"'; }
installed_pawld() { host_exec sh -c 'sha256sum </usr/libexec/pawl/pawld'; }
untouched() { host_exec systemctl show -p InvocationID,ActiveState pawld.socket pawl-shutdown.service; }
unit_of() { echo "pawl-step-${1##*-}.$2.1.service"; }
pid_of() { host_exec systemctl show -P MainPID "$(unit_of "$1" "$2")"; }
recorder_of() { host_exec systemctl show -P ExecStopPost "$(unit_of "$1" "$2")"; }

workflow long <<E2
name: Long
max_parallel: 4
steps:
  - id: long
    run: |
      echo "long \$PAWL_ATTEMPT" >>$marks
      until [[ -e $gate ]]; do sleep 0.1; done
      echo "pid=\$\$" >>"\$PAWL_OUTPUT"
  - id: fails
    depends_on: []
    continue_on_failure: true
    run: |
      echo "fails \$PAWL_ATTEMPT" >>$marks
      until [[ -e $gate ]]; do sleep 0.1; done
      exit 3
  - id: after
    depends_on: [long, fails]
    env: {PID: "\${long.outputs.pid}"}
    run: echo "after \$PAWL_ATTEMPT \$PID" >>$marks
E2

# replaced WHAT COMMAND...: COMMAND replaces the package in the middle of a run's two steps.
replaced() {
  local what=$1 run pid former stays follower status=0
  shift
  section "$what"
  host_exec rm -f $marks $gate
  run=$(started long)
  host_exec pawl wait "$run" &
  follower=$!
  for step in long fails; do wait_until 10 "step $step runs" marked $step; done
  pid=$(pid_of "$run" long) former=$(main_pid) stays=$(untouched)
  host_exec "$@" >"$scratch/apt.log" 2>&1 || fail "$* failed: $(<"$scratch/apt.log")"
  assert_equal "the step's process, after" "$pid" "$(pid_of "$run" long)"
  wait_until 20 "pawld is up" host_exec systemctl is-active -q pawld.service
  [[ $(main_pid) != "$former" ]] || fail "pawld was not restarted"
  assert_equal "the program of the pawld that runs" "$(installed_pawld)" "$(running_pawld)"
  assert_equal "socket and mark, after" "$stays" "$(untouched)"
  assert_contains "the step's recorder" /usr/libexec/pawl/pawl-record "$(recorder_of "$run" long)"
  assert_equal "the run, as the new pawld tells it" running "$(field_of "$run" .state)"
  host_exec touch $gate
  # It waits since before: its pawld went, and it asked the next one.
  wait "$follower" || status=$?
  assert_equal "pawl wait, over it" 0 "$status"
  printf '%s\n' "long succeeded 0 1" "fails failed 3 1" "after succeeded 0 1" | assert_steps "$run"
  printf '%s 1\n' long fails after | assert_marks
  assert_equal "the process that was there to the end" "after 1 $pid" "$(host_exec grep after $marks)"
  assert_nothing_left
}

package 2.1
replaced "a newer package" "${apt[@]}" /root/pawl_2.1.deb
assert_equal "the version" 2.1 "$(version)"
replaced "the same package again" "${apt[@]}" --reinstall /root/pawl_2.1.deb

section "the step itself installs the newer package"
package 2.2
workflow itself <<E2
name: Upgrades pawl
steps:
  - id: upgrade
    run: |
      echo "upgrade \$PAWL_ATTEMPT" >>$marks
      ${apt[*]} /root/pawl_2.2.deb
      echo "pid=\$\$" >>"\$PAWL_OUTPUT"
  - id: after
    env: {PID: "\${upgrade.outputs.pid}"}
    run: echo "after \$PAWL_ATTEMPT \$PID" >>$marks
E2
host_exec rm -f $marks
former=$(main_pid) stays=$(untouched)
run=$(started itself)
wait_until 10 "the step runs" marked upgrade
pid=$(pid_of "$run" upgrade)
assert_status "pawl wait" 0 host_exec timeout 60 pawl wait "$run"
printf '%s\n' "upgrade succeeded 0 1" "after succeeded 0 1" | assert_steps "$run"
printf '%s 1\n' upgrade after | assert_marks
assert_equal "the step's process, before and after" "after 1 $pid" "$(host_exec grep after $marks)"
assert_equal "the version" 2.2 "$(version)"
[[ $(main_pid) != "$former" ]] || fail "pawld was not restarted"
assert_equal "the program of the pawld that runs" "$(installed_pawld)" "$(running_pawld)"
assert_equal "socket and mark, after" "$stays" "$(untouched)"
assert_match "its log" "Setting up pawl" "$(host_exec pawl logs "$run" upgrade)"
assert_nothing_left

section "a package whose pawld cannot start"
package 2.3+broken
host_exec rm -f $marks $gate
run=$(started long)
for step in long fails; do wait_until 10 "step $step runs" marked $step; done
pid=$(pid_of "$run" long)
host_exec "${apt[@]}" /root/pawl_2.3+broken.deb >"$scratch/apt.log" 2>&1 || fail "apt: $(<"$scratch/apt.log")"
assert_equal "the step's process, after" "$pid" "$(pid_of "$run" long)"
assert_match "the journal" "this pawld cannot start" "$(host_exec journalctl -q -o cat -u pawld.service)"
host_exec touch $gate
for step in long fails; do
  wait_until 20 "step $step ends" host_exec test -e "/var/lib/pawl/runs/${run##*-}/$step.1/result.json"
done
printf '%s 1\n' long fails | assert_marks
package 2.4
host_exec "${apt[@]}" /root/pawl_2.4.deb >"$scratch/apt.log" 2>&1 || fail "apt: $(<"$scratch/apt.log")"
assert_status "pawl wait" 0 host_exec timeout 60 pawl wait "$run"
printf '%s\n' "long succeeded 0 1" "fails failed 3 1" "after succeeded 0 1" | assert_steps "$run"
printf '%s 1\n' long fails after | assert_marks
assert_nothing_left

section "the package is not removed under a run; without one it is, and comes back"
host_exec rm -f $marks
workflow held <<E2
name: Held
steps:
  - id: held
    run: |
      echo "held \$PAWL_ATTEMPT" >>$marks
      exec sleep infinity
E2
run=$(started held)
wait_until 10 "the step runs" marked held
pid=$(pid_of "$run" held)
remove=(env DEBIAN_FRONTEND=noninteractive apt-get remove -y -qq -o Dpkg::Use-Pty=0 pawl)
assert_status "apt remove" 100 host_exec "${remove[@]}"
assert_contains "what is said" "$run (running)" "$output"
assert_equal "the step's process, after" "$pid" "$(pid_of "$run" held)"
host_exec pawl cancel "$run"
assert_status "pawl wait" 3 host_exec timeout 60 pawl wait "$run"
host_exec "${remove[@]}" >"$scratch/apt.log" 2>&1 || fail "apt: $(<"$scratch/apt.log")"
host_exec "${apt[@]}" /root/pawl_2.4.deb >"$scratch/apt.log" 2>&1 || fail "apt: $(<"$scratch/apt.log")"
assert_equal "the run, as it was" cancelled "$(field_of "$run" .state)"
printf '%s 1\n' held | assert_marks
assert_nothing_left
