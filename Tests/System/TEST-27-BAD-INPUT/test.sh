#!/usr/bin/env bash
# What others put in pawl's way: receipts forged by steps that are not root, units under its names that are not its own, a
# second pawld, and a boot that looks like the one before. It says what is true, and touches nothing that is not its own.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

export PAWL_TEST_BOOT_ID=11111111-2222-4333-8444-555555555555
host_start
install_deb
reason_of() { field_of "$1" ".steps[] | select(.id == \"$2\") | .attempts[-1].reason // .reason"; }

section "receipts forged by steps that are not root"
# It tries every way to a receipt that it can name, its own and its neighbour's, and says which of them it was let go.
host_exec sh -c 'cat >/srv/forge && chmod 0755 /srv/forge' <<'E2'
#!/bin/bash
id=${PAWL_RUN##*-}
for folder in "/var/lib/pawl/runs/$id/$PAWL_STEP.1" "/var/lib/pawl/runs/$id/neighbour.1" /run/pawl/step/io /run/pawl/step/io/.. \
  "$PAWL_RUN_DIR/../$PAWL_STEP.1" "$(dirname "$PAWL_OUTPUT")/.."; do
  unit=pawl-step-$id.$(basename "$folder").service
  text='{"unit":"'$unit'","service_result":"success","exit_code":"exited","exit_status":"0","realtime_usec":1,"stopping":false}'
  echo "$text" >"$PAWL_RUN_DIR/try-of-$PAWL_STEP"
  { echo "$text" >"$folder/result.json"; } 2>/dev/null && echo "forged: $folder"
  ln "$PAWL_RUN_DIR/try-of-$PAWL_STEP" "$folder/result.json" 2>/dev/null && echo "linked: $folder"
  mv -f "$PAWL_RUN_DIR/try-of-$PAWL_STEP" "$folder/result.json" 2>/dev/null && echo "moved: $folder"
  rm -f "$folder/result.json" 2>/dev/null && [[ -w $folder ]] && echo "writable: $folder"
done
mv "$PAWL_OUTPUT" "$PAWL_OUTPUT.old" 2>/dev/null && echo "replaced: the output file"
echo "tried"
exit 3
E2
workflow forged <<E2
name: Forged
max_parallel: 4
steps:
  - {id: nobody, depends_on: [], command: [/srv/forge], continue_on_failure: true, unit: {User: nobody}}
  - {id: dynamic, depends_on: [], command: [/srv/forge], continue_on_failure: true, unit: {DynamicUser: true}}
  - id: neighbour
    depends_on: []
    continue_on_failure: true
    run: until [ -e /srv/go ]; do sleep 0.05; done; exit 4
E2
run=$(started forged)
for step in nobody dynamic; do
  wait_until 20 "$step has ended" host_exec test -e "/var/lib/pawl/runs/${run##*-}/$step.1/result.json"
done
host_exec touch /srv/go
host_exec timeout 60 pawl wait "$run" || true
printf '%s\n' "nobody failed 3 1" "dynamic failed 3 1" "neighbour failed 4 1" | assert_steps "$run"
for step in nobody dynamic; do
  assert_equal "what the forger $step was let do" tried "$(host_exec pawl logs "$run" $step | grep -oE '(forged|linked|moved|writable|replaced|tried).*')"
done

section "a unit under the name of an attempt to come"
workflow next <<E2
name: Next
steps:
  - {id: first, run: "until [ -e /srv/first ]; do sleep 0.05; done"}
  - id: taken
    run: echo "taken \$PAWL_ATTEMPT" >>$marks
E2
run=$(started next)
unit=pawl-step-${run##*-}.taken.1.service
host_exec systemd-run --quiet --unit="$unit" sleep 600
foreign() { host_exec systemctl show -p MainPID,InvocationID,ActiveState "$unit"; }
before=$(foreign)
host_exec touch /srv/first
assert_status "the run" 1 host_exec timeout 60 pawl wait "$run"
printf '%s\n' "first succeeded 0 1" "taken failed - 1" | assert_steps "$run"
assert_match "its reason" "$unit already, in system.slice.*systemctl status" "$(reason_of "$run" taken)"
assert_equal "the other's unit" "$before" "$(foreign)"
assert_status "the step did not run" 2 host_exec grep -s taken $marks

section "units under our names that no run has"
host_exec systemd-run --quiet --unit=pawl-step-aaaaaaaa.x.1.service sleep 600
host_exec systemd-run --quiet --unit=pawl-step-nonsense.service sleep 600
others() { host_exec systemctl show -p MainPID,InvocationID,ActiveState pawl-step-aaaaaaaa.x.1.service pawl-step-nonsense.service "$unit"; }
before=$(others)
host_exec systemctl restart pawld.service
assert_equal "what is not pawl's, after a new pawld" "$before" "$(others)"
log=$(host_exec journalctl -q -o cat -u pawld.service)
for name in pawl-step-aaaaaaaa.x.1.service pawl-step-nonsense.service; do assert_contains "the journal" "$name" "$log"; done
host_exec systemctl stop pawl-step-aaaaaaaa.x.1.service pawl-step-nonsense.service "$unit"

section "a unit under the name of an attempt that was started, while there is no pawld"
# One step's unit is cleared away without a receipt and another unit has its name: nobody knows how the step ended. The new
# pawld does not wait for that unit, and takes neither its end nor its receipt for the step's.
workflow usurped <<E2
name: Usurped
max_parallel: 4
steps:
  - {id: waits, depends_on: [], interrupted: fail, continue_on_failure: true, run: "exec sleep 600"}
  - {id: cancelled, depends_on: [], run: "exec sleep 600"}
  - {id: last, depends_on: [waits], run: "until [ -e /srv/last ]; do sleep 0.05; done"}
E2
run=$(started usurped)
id=${run##*-}
for step in waits cancelled; do
  wait_until 20 "$step runs" host_exec systemctl is-active -q "pawl-step-$id.$step.1.service"
done
host_exec systemctl stop pawld.service pawld.socket
for step in waits cancelled; do
  # The recorder cannot write, so there is no receipt.
  host_exec mount -t tmpfs -o ro tmpfs "/var/lib/pawl/runs/$id/$step.1"
  host_exec systemctl stop "pawl-step-$id.$step.1.service"
  host_exec systemctl reset-failed "pawl-step-$id.$step.1.service"
  host_exec umount "/var/lib/pawl/runs/$id/$step.1"
  host_exec systemd-run --quiet --unit="pawl-step-$id.$step.1.service" sleep 600
done
usurpers() { host_exec systemctl show -p MainPID,InvocationID,ActiveState "pawl-step-$id.waits.1.service" "pawl-step-$id.cancelled.1.service"; }
before=$(usurpers)
host_exec systemctl start pawld.service
assert_equal "the step whose unit is another's" interrupted "$(field_of "$run" '.steps[] | select(.id == "waits") | .state')"
assert_match "its reason" "waits.1.service already, in system.slice.*pawl did not start it" "$(reason_of "$run" waits)"
assert_equal "the run" stopped "$(field_of "$run" .state)"
assert_equal "the others' units" "$before" "$(usurpers)"
assert_status "pawl cancel" 0 host_exec timeout 30 pawl cancel "$run"
assert_equal "the others' units, after the cancellation" "$before" "$(usurpers)"

section "an ended unit under the name of an attempt that is over"
host_exec systemctl stop "pawl-step-$id.waits.1.service" "pawl-step-$id.cancelled.1.service"
host_exec systemctl reset-failed "pawl-step-$id.*" 2>/dev/null || true
host_exec systemd-run --quiet --wait --unit="pawl-step-$id.waits.1.service" false || true
assert_equal "its receipt" "" "$(host_exec sh -c "ls /var/lib/pawl/runs/$id/waits.1/ | grep result || true")"
host_exec systemctl restart pawld.service
assert_equal "it is not released" failed "$(host_exec systemctl is-failed "pawl-step-$id.waits.1.service")"
host_exec systemctl reset-failed "pawl-step-$id.waits.1.service"

section "units that others put into a run's slice"
workflow sliced <<E2
name: Sliced
steps:
  - {id: only, run: "until [ -e /srv/only ]; do sleep 0.05; done"}
E2
run=$(started sliced)
id=${run##*-}
wait_until 20 "the step runs" host_exec systemctl is-active -q "pawl-step-$id.only.1.service"
host_exec systemd-run --quiet --unit=guest.service --slice="pawl-$id.slice" sleep 600
host_exec systemd-run --quiet --unit="pawl-step-guest.service" --slice="pawl-$id.slice" sleep 600
guests() { host_exec systemctl show -p MainPID,InvocationID,ActiveState guest.service pawl-step-guest.service; }
before=$(guests)
host_exec touch /srv/only
assert_status "the run" 0 host_exec timeout 60 pawl wait "$run"
wait_until 10 "it is said" host_exec sh -c "journalctl -q -o cat -u pawld.service | grep 'slice pawl-$id.slice of a run that is over is left alone: guest.service, pawl-step-guest.service'"
host_exec systemctl restart pawld.service
assert_equal "the guests, after the run and a new pawld" "$before" "$(guests)"
host_exec systemctl stop guest.service pawl-step-guest.service
assert_equal "the guest with a step's prefix, stopped" inactive "$(host_exec systemctl is-active pawl-step-guest.service || true)"
host_exec systemctl restart pawld.service
wait_until 10 "the slice is gone" sh -c "! '$harness' exec '$host' -- systemctl is-active -q pawl-$id.slice"

section "a second pawld"
assert_status "its exit status" 1 host_exec /usr/libexec/pawl/pawld
assert_contains "its words" "another pawld works on /var/lib/pawl: process $(main_pid)" "$output"
assert_equal "the first one" active "$(host_exec systemctl is-active pawld.service)"

section "a boot with the id of the boot before"
workflow boots <<E2
name: Boots
max_parallel: 4
steps:
$(for policy in rerun fail; do
  cat <<E3
  - id: $policy
    depends_on: []
    interrupted: $policy
    continue_on_failure: true
    run: |
      echo "$policy \$PAWL_ATTEMPT" >>$marks
      [ "\$PAWL_ATTEMPT" = 2 ] || exec sleep 600
E3
done)
E2
host_exec rm -f $marks
run=$(started boots)
for policy in rerun fail; do wait_until 20 "$policy runs" marked $policy; done
for way in host_kill host_resume; do $way; done
assert_equal "the boot id" $PAWL_TEST_BOOT_ID "$(host_exec cat /proc/sys/kernel/random/boot_id)"
host_exec timeout 60 pawl wait "$run" || true
printf '%s\n' "rerun succeeded 0 2" "fail interrupted - 1" | assert_steps "$run"
printf '%s\n' "rerun 1" "rerun 2" "fail 1" | assert_marks
