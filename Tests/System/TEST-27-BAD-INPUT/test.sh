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
