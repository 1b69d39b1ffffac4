#!/usr/bin/env bash
# A unit whose recorder failed and that somebody clears away before pawld has seen it is not taken for one that never started.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

host_start
install_deb

section "a mark of the start, until there is a receipt"
workflow marked <<E2
steps:
  - id: plain
    run: |
      test -d "/run/pawl/started/pawl-step-\${PAWL_RUN##*-}.plain.1" && echo "plain \$PAWL_ATTEMPT" >>$marks
      test -z "\${RUNTIME_DIRECTORY+set}"
  - id: made
    unit: {DynamicUser: true}
    run: test -z "\${RUNTIME_DIRECTORY+set}"
E2
assert_status "a run" 0 host_exec timeout 30 pawl run marked
assert_equal "what is left of the marks" "" "$(host_exec ls /run/pawl/started)"

section "cleared away while pawld is held"
# The recorder finds no folder, so it fails, and the unit stays.
workflow cleared <<E2
steps:
  - id: once
    run: |
      echo "once \$PAWL_ATTEMPT" >>$marks
      until [ -e /srv/go ]; do sleep 0.05; done
      mv "/var/lib/pawl/runs/\${PAWL_RUN##*-}/once.1" /srv/taken
      exit 1
E2
run=$(started cleared)
unit=pawl-step-${run##*-}.once.1.service
wait_until 10 "the step runs" marked once
host_exec systemctl kill -s STOP pawld.service
host_exec touch /srv/go
wait_until 10 "the unit fails" host_exec systemctl is-failed -q "$unit"
host_exec systemctl reset-failed "$unit"
host_exec mv /srv/taken "/var/lib/pawl/runs/${run##*-}/once.1"
host_exec systemctl kill -s KILL pawld.service
stopped() { [[ $(field_of "$run" .state) == stopped ]]; }
wait_until 20 "the run asks" stopped
assert_contains "the reason" "cleared away" "$(field_of "$run" .reason)"
printf '%s 1\n' plain once | assert_marks
