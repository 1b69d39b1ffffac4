#!/usr/bin/env bash
# What a program's exit statuses ask for, over kills of pawld and the loss of the host; and the limits of a whole run, which
# hold before its first step starts and ever after.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

host_start
install_deb
step() { field_of "$1" ".steps[] | select(.id == \"$2\") | $3"; }
ran() { host_exec cat $marks 2>/dev/null | paste -sd, - || true; }
attempts() { step "$1" "$2" '[.attempts[] | "\(.repair // "-") \(.state)"] | join(", ")'; }
on_host() { host_exec bash -c "$1"; }

# `fetch STATUS...` exits with the next one at each call.
host_exec sh -c 'cat >/usr/local/bin/fetch && chmod 0755 /usr/local/bin/fetch' <<'END'
#!/bin/bash
echo "fetch" >>/srv/marks
calls=$(grep -c '^fetch$' /srv/marks)
shift $((calls - 1))
case ${1:-0} in
  segv) kill -SEGV $$ ;;
  slow) trap 'exit 100' TERM; sleep 60 & wait ;;
  *) exit "${1:-0}" ;;
esac
END
workflow statuses <<'END'
variables: {say: "0", fix: "true"}
steps:
  - id: fetch
    run: exec fetch $say
    timeout: 2s
    retry_policy:
      max_retries: 3
      initial_delay: 0
      on_exit_code:
        2: {delay: 2s}
        3: {run: 'echo "fix $PAWL_ATTEMPT" >>/srv/marks; echo "x=1" >>"$PAWL_OUTPUT"; $fix', delay: 0}
        5: fail
        7: {}
        100: success
        203: {delay: 0}
        "*": fail
  - id: after
    command: [echo, "exit ${fetch.exit_code}, ${fetch.attempts} tries, ${length(fetch.outputs)} outputs"]
END
# says WHAT STATUS MARKS ATTEMPTS NAME=VALUE...
says() {
  local what=$1 status=$2 expected=$3 attempts=$4
  shift 4
  section "$what"
  host_exec rm -f $marks
  assert_status "$what" "$status" host_exec pawl run statuses "$@"
  assert_equal "$what: what ran" "$expected" "$(ran)"
  assert_equal "$what: attempts" "$attempts" "$(attempts @last fetch)"
}
says "well at once" 0 fetch "- succeeded"
says "a success that is not 0" 0 fetch "- succeeded" say=100
assert_equal "its status" 100 "$(step @last fetch .exit_code)"
assert_contains "what comes after sees it" "exit 100, 1 tries" "$(host_exec pawl logs @last after)"
says "a repair" 0 fetch,"fix 2",fetch "- failed, 3 succeeded, - succeeded" say="3 0"
assert_contains "the repair is none of the tries" "exit 0, 2 tries, 0 outputs" "$(host_exec pawl logs @last after)"
says "two repairs and a pause" 0 "fetch,fix 2,fetch,fix 4,fetch,fetch" \
  "- failed, 3 succeeded, - failed, 3 succeeded, - failed, - succeeded" say="3 3 2"
says "no repair after the last try" 1 "fetch,fix 2,fetch,fix 4,fetch,fix 6,fetch" \
  "- failed, 3 succeeded, - failed, 3 succeeded, - failed, 3 succeeded, - failed" say="3 3 3 3"
assert_equal "why" "exit status 3" "$(step @last fetch .reason)"
says "a repair that fails" 1 "fetch,fix 2" "- failed, 3 failed" say=3 fix=false
assert_equal "why" "exit status 3, and its repair failed too: exit status 1" "$(step @last fetch .reason)"
assert_equal "the status is the step's" 3 "$(step @last fetch .exit_code)"
says "a repair that hangs" 1 "fetch,fix 2" "- failed, 3 timed-out" say=3 fix="sleep 60"
assert_equal "why" "exit status 3, and its repair failed too: timed out after 2s" "$(step @last fetch .reason)"
says "no more tries" 1 fetch "- failed" say=5
assert_equal "why" "exit status 5; 'on_exit_code' says that it is not tried again" "$(step @last fetch .reason)"
says "a status without a rule" 1 fetch "- failed" say=6
says "as the policy says" 0 fetch,fetch "- failed, - succeeded" say="7"
says "a signal" 1 fetch "- failed" say=segv
says "a timeout is no status, whatever is said last" 1 fetch "- timed-out" say=slow
says "one of systemd's" 0 fetch,fetch "- failed, - succeeded" say=203

section "the pause is as long as it says"
begin=$SECONDS
says "a pause" 0 fetch,fetch "- failed, - succeeded" say=2
((SECONDS - begin >= 2)) || fail "the pause took $((SECONDS - begin)) s"

section "what says that the work is done is asked after a success that is not 0 too"
workflow done <<'END'
steps:
  - id: works
    run: (sleep 1; touch /srv/made) & disown; exit 100
    done_when: {file: /srv/made, interval: 100ms}
    timeout: 20s
    retry_policy: {on_exit_code: {100: success}}
  - id: fails
    run: exit 101
    done_when: {file: /nonexistent}
    retry_policy: {on_exit_code: {100: success}}
END
assert_status "done" 1 host_exec pawl run done
assert_equal "100" "succeeded 100" "$(step @last works '"\(.state) \(.exit_code)"')"
assert_equal "101" "failed 101" "$(step @last fails '"\(.state) \(.exit_code)"')"
assert_status "again" 1 host_exec pawl run done
assert_equal "done before" skipped "$(step @last works .state)"

section "pawld falls in the middle of a repair, which goes on and is done once"
for policy in rerun ask fail; do
  workflow "lost-$policy" <<END
steps:
  - id: work
    interrupted: $policy
    run: 'echo "$policy-work \$PAWL_ATTEMPT" >>$marks; [[ \$PAWL_ATTEMPT != 1 ]] || exit 3'
    retry_policy:
      max_retries: 1
      initial_delay: 0
      on_exit_code:
        3:
          run: |
            echo "$policy-fix \$PAWL_ATTEMPT" >>$marks
            sync
            [[ -e /srv/repaired ]] || exec sleep 300
  - {id: after, run: 'echo "$policy-after 1" >>$marks'}
END
done
host_exec rm -f $marks /srv/go
sed 's/exec sleep 300/until [[ -e \/srv\/go ]]; do sleep 0.1; done/' "$scratch/lost-fail.yaml" >"$scratch/waits-for-go"
workflow kept <"$scratch/waits-for-go"
run=$(started kept)
wait_until 20 "the repair" marked fail-fix
kill_pawld
host_exec systemctl daemon-reload
kill_pawld || true
host_exec touch /srv/go
assert_status "kept" 0 host_exec timeout 30 pawl wait "$run"
assert_equal "kept" "fail-work 1,fail-fix 2,fail-work 3,fail-after 1" "$(ran)"

section "cancelled in the middle of a repair"
host_exec rm -f $marks /srv/go
run=$(started kept)
wait_until 20 "the repair" marked fail-fix
assert_status "cancel" 0 host_exec pawl cancel "$run"
assert_status "cancelled" 3 host_exec timeout 30 pawl wait "$run"
assert_equal "cancelled" "cancelled, - failed, 3 cancelled" "$(step "$run" work .state), $(attempts "$run" work)"
assert_nothing_left

section "the limits of a whole run"
# Each step says what its slice has the moment it starts.
workflow limits <<END
variables: {memory: 512M}
slice: {MemoryMax: "\${memory}", MemoryHigh: 50%, TasksMax: 100, CPUQuota: 150%, CPUWeight: 200}
steps:
  - {id: sure, approval: go?}
  - {id: first, run: 'systemctl show -P MemoryMax "pawl-\${PAWL_RUN##*-}.slice" >>$marks; [[ ! -e /srv/bad ]]'}
  - id: second
    interrupted: rerun
    run: |
      echo "waits \$PAWL_ATTEMPT" >>$marks
      sync
      until [[ -e /srv/go ]]; do sleep 0.1; done
  - {id: third, run: 'systemctl show -P MemoryMax "pawl-\${PAWL_RUN##*-}.slice" >>$marks'}
END
assert_status "no limit" 2 host_exec pawl run limits --detach memory=much
assert_contains "no limit" "the run's slice: MemoryMax: 'MemoryMax' takes a size" "$output"
host_exec rm -f $marks /srv/go
run=$(started limits)
slice=pawl-${run##*-}.slice
has() {
  for expected in MemoryMax=536870912 TasksMax=100 CPUQuotaPerSecUSec=1.500000s CPUWeight=200; do
    value=$(host_exec systemctl show -P "${expected%%=*}" "$slice")
    assert_equal "$1: ${expected%%=*}" "${expected#*=}" "${value/%1.5s/1.500000s}"
  done
  assert_match "$1: MemoryHigh" '^[0-9]+$' "$(host_exec systemctl show -P MemoryHigh "$slice")"
}
# Somebody has put something into the slice before, so that it is there without any limit.
host_exec systemd-run -q --unit=stranger --slice="$slice" sleep 300
assert_equal "a slice of somebody's" infinity "$(host_exec systemctl show -P MemoryMax "$slice")"
host_exec pawl approve "$run" sure
wait_until 20 "the second step" marked waits
has "with the first step"
high=$(host_exec systemctl show -P MemoryHigh "$slice")
host_exec systemctl daemon-reload
has "after daemon-reload"
host_exec systemctl daemon-reexec
has "after daemon-reexec"
assert_equal "half of the memory" "$high" "$(host_exec systemctl show -P MemoryHigh "$slice")"
kill_pawld
host_exec systemctl set-property --runtime "$slice" MemoryMax=256M
host_exec touch /srv/go
assert_status "limits" 0 host_exec timeout 30 pawl wait "$run"
assert_equal "what the steps saw" "536870912,waits 1,536870912" "$(ran)"
host_exec systemctl stop stranger.service
host_exec systemctl restart pawld.service
assert_nothing_left
assert_equal "what is left of the limits" "" "$(on_host "ls -d /run/systemd/transient/$slice* /run/systemd/system.control/$slice* 2>/dev/null || true")"

section "they are felt"
workflow hog <<'END'
slice: {MemoryMax: 48M}
steps:
  - {id: eats, command: [perl, -e, "my $x = 'x' x (1 << 28); sleep 1; print length $x"]}
END
assert_status "hog" 1 host_exec pawl run hog
assert_match "why" "out of memory|memory limit reached" "$(step @last eats .reason)"

section "a run that is retried while its slice is on its way out is never without them"
workflow again <<END
slice: {MemoryMax: 512M}
steps: [{id: fails, run: 'systemctl show -P MemoryMax "pawl-\${PAWL_RUN##*-}.slice" >>$marks; exit 1'}]
END
host_exec rm -f $marks
assert_status "again" 1 host_exec pawl run again
for _ in {1..15}; do assert_status "again" 1 host_exec pawl retry @last; done
assert_equal "what the attempts saw" "16 536870912" "$(host_exec sort $marks | uniq -c | sed 's/^ *//')"
assert_nothing_left

section "nor is one whose slice somebody has stopped"
workflow stopped <<END
slice: {MemoryMax: 512M}
steps:
  - id: work
    run: 'systemctl show -P MemoryMax "pawl-\${PAWL_RUN##*-}.slice" >>$marks; [[ \$PAWL_ATTEMPT != 1 ]] || exec sleep 300'
    retry_policy: {max_retries: 1, initial_delay: 0}
END
host_exec rm -f $marks
run=$(started stopped)
wait_until 20 "the first attempt" on_host "grep -q 536870912 $marks"
host_exec systemctl stop "pawl-${run##*-}.slice"
assert_status "stopped" 0 host_exec timeout 30 pawl wait "$run"
assert_equal "what the attempts saw" "536870912,536870912" "$(ran)"

section "a slice that cannot have its limits runs nothing"
host_exec rm -f $marks
run=$(started limits)
host_exec systemctl mask --runtime -q "pawl-${run##*-}.slice"
host_exec pawl approve "$run" sure
assert_status "masked" 1 host_exec timeout 30 pawl wait "$run"
assert_contains "why" "the slice pawl-${run##*-}.slice of its run cannot be given its limits: systemd has it as 'masked'" \
  "$(step "$run" first .reason)"
assert_equal "what ran" "" "$(ran)"
host_exec systemctl unmask --runtime -q "pawl-${run##*-}.slice"

section "the host is lost: in the middle of a repair, and of a run with limits"
host_exec rm -f $marks /srv/go
declare -A names=()
for policy in rerun ask fail; do names[$policy]=$(started "lost-$policy"); done
run=$(started limits)
slice=pawl-${run##*-}.slice
host_exec pawl approve "$run" sure
for policy in rerun ask fail; do wait_until 20 "$policy is repaired" marked "$policy-fix"; done
wait_until 20 "the run with limits" marked waits
# From here on a repair does its work.
host_exec touch /srv/repaired
host_exec sync
host_kill
host_resume
host_exec touch /srv/go
for policy in rerun ask fail; do
  case $policy in rerun) status=0 ;; *) status=1 ;; esac
  assert_status "$policy" $status host_exec timeout 60 pawl wait "${names[$policy]}"
done
assert_equal "rerun" "- failed, 3 interrupted, 3 succeeded, - succeeded" "$(attempts "${names[rerun]}" work)"
assert_equal "ask" stopped "$(field_of "${names[ask]}" .state)"
assert_contains "ask" "its repair was lost: the host was lost while it ran" "$(field_of "${names[ask]}" .reason)"
host_exec pawl resume "${names[ask]}" --detach >/dev/null
assert_status "resumed" 0 host_exec timeout 60 pawl wait "${names[ask]}"
assert_equal "resumed" "- failed, 3 interrupted, 3 succeeded, - succeeded" "$(attempts "${names[ask]}" work)"
assert_equal "fail" "interrupted: - failed, 3 interrupted" "$(step "${names[fail]}" work .state): $(attempts "${names[fail]}" work)"
assert_status "limits" 0 host_exec timeout 60 pawl wait "$run"
assert_equal "what the steps saw before and after the boot" 2 "$(host_exec grep -c '^536870912$' $marks)"
assert_nothing_left
