#!/usr/bin/env bash
# A host that goes down in mid-step, orderly and by a power cut: the step is interrupted whatever its script makes of
# SIGTERM, nothing is decided on the way down, and after the boot the run goes on as `interrupted:` says.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

seed=${PAWL_TEST_SEED:-$RANDOM}
echo "seed: $seed (PAWL_TEST_SEED)"
RANDOM=$seed

# Two steps in mid-work, of which one claims success when it is asked to end, retries that must not be made on the way
# down, a dependent that must not run before the boot, and a step that had ended before.
work() {
  cat <<E2
name: Goes over a boot
max_parallel: 8
steps:
  - id: $1-before
    run: echo "$1-before \$PAWL_ATTEMPT \$(cat /proc/sys/kernel/random/boot_id)" >>$marks
  - id: $1-trap
    interrupted: $1
    retry_policy: {max_retries: 3, initial_delay: 0s}
    run: |
      echo "$1-trap \$PAWL_ATTEMPT \$(cat /proc/sys/kernel/random/boot_id)" >>$marks
      [ "\$PAWL_ATTEMPT" = 1 ] || exit 0
      trap 'exit 0' TERM
      while :; do sleep 0.1; done
  - id: $1-plain
    depends_on: [$1-before]
    interrupted: $1
    continue_on_failure: true
    retry_policy: {max_retries: 3, initial_delay: 0s}
    run: |
      echo "$1-plain \$PAWL_ATTEMPT \$(cat /proc/sys/kernel/random/boot_id)" >>$marks
      [ "\$PAWL_ATTEMPT" = 1 ] || exit 3
      trap 'exit 3' TERM
      while :; do sleep 0.1; done
  - id: $1-after
    depends_on: [$1-trap]
    run: echo "$1-after \$PAWL_ATTEMPT \$(cat /proc/sys/kernel/random/boot_id)" >>$marks
E2
}
boot() { host_exec cat /proc/sys/kernel/random/boot_id; }
attempts_of() { field_of "$1" ".steps[] | select(.id == \"$2\") | [.attempts[].state] | join(\" \")"; }

# lost HOW: begins one run of each kind, lets HOW end the host, and looks at what became of them.
lost() {
  local former later rerun ask fail_ policy step
  host_exec rm -f $marks
  former=$(boot)
  rerun=$(started rerun) ask=$(started ask) fail_=$(started fail)
  for policy in rerun ask fail; do
    for step in trap plain; do wait_until 20 "$policy-$step runs" marked "$policy-$step"; done
  done
  "$1"
  later=$(boot)
  [[ $former != "$later" ]] || fail "the host has not booted"

  assert_status "rerun" 0 host_exec timeout 60 pawl wait "$rerun"
  assert_equal "rerun: trap" "interrupted succeeded" "$(attempts_of "$rerun" rerun-trap)"
  # An interrupted attempt is no try of its own: one try and three retries.
  assert_equal "rerun: plain" "interrupted failed failed failed failed" "$(attempts_of "$rerun" rerun-plain)"

  assert_status "ask" 1 host_exec timeout 60 pawl wait "$ask"
  assert_equal "ask" stopped "$(field_of "$ask" .state)"
  assert_contains "its reason" "was interrupted" "$(field_of "$ask" .reason)"
  assert_contains "its reason" "pawl resume $ask" "$(field_of "$ask" .reason)"
  assert_equal "ask: trap" interrupted "$(attempts_of "$ask" ask-trap)"
  assert_equal "ask: after" waiting "$(field_of "$ask" '.steps[] | select(.id == "ask-after") | .state')"
  assert_status "pawl resume" 0 host_exec timeout 60 pawl resume "$ask"
  assert_equal "ask: trap, resumed" "interrupted succeeded" "$(attempts_of "$ask" ask-trap)"

  assert_status "fail" 1 host_exec timeout 60 pawl wait "$fail_"
  printf '%s\n' "fail-before succeeded 0 1" "fail-after skipped - 0" >"$scratch/truth"
  # The exit status that a step left on its way down is kept, its word is not taken for it.
  if [[ $1 == host_reboot ]]; then
    printf '%s\n' "fail-trap interrupted 0 1" "fail-plain interrupted 3 1"
  else
    printf '%s\n' "fail-trap interrupted - 1" "fail-plain interrupted - 1"
  fi >>"$scratch/truth"
  assert_steps "$fail_" <"$scratch/truth"

  # What ran before the boot, and what after.
  host_exec sort $marks | sed "s/$former/before/; s/$later/after/" >"$scratch/ran"
  {
    for policy in rerun ask fail; do
      printf '%s\n' "$policy-before 1 before" "$policy-trap 1 before" "$policy-plain 1 before"
      [[ $policy == fail ]] || printf '%s\n' "$policy-trap 2 after" "$policy-after 1 after" "$policy-plain "{2..5}" after"
    done
  } | sort | diff - "$scratch/ran" || fail "what ran (>) is not what should have (<)"
  assert_nothing_left
}
power_cut() {
  # The marks are the test's own, and they are to outlive it.
  host_exec sync
  host_kill
  host_resume
}

host_start
install_deb
for policy in rerun ask fail; do work $policy | workflow $policy; done

section "an orderly reboot"
lost host_reboot
section "a power cut"
lost power_cut

section "'recovery: restart' and 'recovery: fail', over a restart of pawld, a reboot and a power cut"
for policy in restart fail; do
  workflow recovery-$policy <<E2
name: Recovery
recovery: $policy
max_parallel: 8
steps:
  - id: first
    run: echo "$policy-first \$PAWL_ATTEMPT" >>$marks
  - id: second
    run: |
      echo "$policy-second \$PAWL_ATTEMPT" >>$marks
      [ "\$PAWL_ATTEMPT" = \$(cat /srv/enough) ] || exec sleep 600
  - id: third
    run: echo "$policy-third \$PAWL_ATTEMPT" >>$marks
on_failure:
  - id: tell
    run: echo "$policy-tell \$PAWL_ATTEMPT" >>$marks
E2
done
host_exec rm -f $marks
host_exec sh -c 'echo 3 >/srv/enough'
restart=$(started recovery-restart) failing=$(started recovery-fail)
for policy in restart fail; do wait_until 20 "$policy-second runs" marked $policy-second 1; done
host_exec systemctl restart pawld.service
assert_equal "over a restart of pawld" "1 1" "$(field_of "$restart" '.steps[:2] | map(.attempts | length) | join(" ")')"
host_reboot
wait_until 20 "restart-second runs again" marked restart-second 2
assert_status "fail" 1 host_exec timeout 60 pawl wait "$failing"
assert_equal "fail: its steps" "succeeded interrupted skipped succeeded" "$(field_of "$failing" '[.steps[].state] | join(" ")')"
assert_contains "fail: its reason" "the host was lost" "$(field_of "$failing" .reason)"
power_cut
assert_status "restart" 0 host_exec timeout 60 pawl wait "$restart"
printf '%s\n' restart-first\ {1..3} restart-second\ {1..3} "restart-third 1" "fail-first 1" "fail-second 1" "fail-tell 1" | assert_marks
assert_nothing_left

section "a cancellation that was recorded while the host went down is acted on after the boot"
workflow cancelled <<E2
name: Cancelled on the way down
steps:
  - id: first
    interrupted: rerun
    run: |
      echo "first \$PAWL_ATTEMPT" >>$marks
      trap 'sleep 3; exit 0' TERM
      while :; do sleep 0.1; done
E2
host_exec rm -f $marks
run=$(started cancelled)
wait_until 20 "the step runs" marked first
# The mark of the shutdown is what pawld goes by.
host_exec touch /run/pawl/host-stopping
host_exec timeout 20 pawl cancel "$run" >"$scratch/cancel" 2>&1 &
wait_until 20 "it is recorded" host_exec sh -c "journalctl -q -o cat -u pawld.service | grep 'Run $run is to end'"
host_exec sync
power_cut
assert_status "the run" 3 host_exec timeout 60 pawl wait "$run"
assert_equal "its step" "cancelled" "$(field_of "$run" '.steps[0].state')"
printf '%s\n' "first 1" | assert_marks

section "a reboot while one short step follows the other"
{
  printf 'name: Chain\nmax_parallel: 4\nsteps:\n'
  for n in {1..300}; do
    echo "  - id: c$n"
    ((n > 4)) && echo "    depends_on: [c$((n - 4))]" || echo "    depends_on: []"
    echo "    interrupted: rerun"
    echo "    run: |"
    echo "      echo \"c$n \$PAWL_ATTEMPT begin\" >>$marks"
    echo "      sleep 0.1"
    echo "      echo \"c$n \$PAWL_ATTEMPT end\" >>$marks"
  done
} | workflow chain
host_exec rm -f $marks
run=$(started chain)
for ending in host_reboot power_cut host_reboot; do
  sleep "0.$((RANDOM % 5 + 3))"
  $ending
done
assert_status "the chain" 0 host_exec timeout 120 pawl wait "$run"
steps_of "$run" | awk '{ print $2 }' | sort | uniq -c
interruptions=$(field_of "$run" '[.steps[].attempts[] | select(.state == "interrupted")] | length')
echo "$interruptions attempts interrupted"
((interruptions)) || echo "no step was met by a shutdown this time"
assert_equal "attempts that neither succeeded nor were interrupted" 0 \
  "$(field_of "$run" '[.steps[].attempts[] | select(.state != "succeeded" and .state != "interrupted")] | length')"
# The attempt that succeeded is the last one, and it went to its end; the others are the interrupted ones.
field_of "$run" '.steps[] | "\(.id) \(.attempts | length) end"' | sort >"$scratch/truth"
host_exec grep ' end$' $marks | sort >"$scratch/ran"
assert_equal "steps whose last attempt did not go to its end" "" "$(comm -23 "$scratch/truth" "$scratch/ran")"
assert_equal "attempts that began twice" "" "$(host_exec grep ' begin$' $marks | sort | uniq -d)"
