#!/usr/bin/env bash
# A copy of the state folder, put in place on a second host: the history is there and can be retried, what ran when the copy was
# made was lost with its host, and each step's `interrupted` says what becomes of it. What goes on over there is not touched.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"
need_box "a second host"

first=$host second=$host-2

host_start
install_deb
workflow ended <<E2
name: Ended
steps:
  - {id: good, run: 'echo "good \$PAWL_ATTEMPT" >>$marks; echo kept'}
  - {id: reads, env: {GIVEN: "\${good.output}"}, run: '[ "\$GIVEN" = kept ] && exit 3'}
E2
# One step for each word of the policy, one that had ended, and two whose done_when tells.
for policy in rerun ask fail; do
  workflow flight-$policy <<E2
name: In flight
max_parallel: 8
steps:
  - {id: before, run: 'echo "before-$policy \$PAWL_ATTEMPT" >>$marks'}
  - id: flies
    interrupted: $policy
    run: |
      echo "flies-$policy \$PAWL_ATTEMPT" >>$marks
      [ "\$PAWL_ATTEMPT" = 1 ] || exit 0
      exec sleep 600
  - {id: after, run: 'echo "after-$policy \$PAWL_ATTEMPT" >>$marks'}
E2
done
workflow asks <<E2
name: Asks whether it is done
max_parallel: 4
steps:
  - id: done
    depends_on: []
    interrupted: fail
    done_when: {file: /srv/done}
    run: 'echo "done \$PAWL_ATTEMPT" >>$marks; exec sleep 600'
  - id: open
    depends_on: []
    interrupted: fail
    done_when: {file: /srv/open}
    run: 'echo "open \$PAWL_ATTEMPT" >>$marks; exec sleep 600'
E2

section "the first host: one run has ended, five are in flight"
ended=$(started ended)
assert_status "the run that ended" 1 host_exec timeout 30 pawl wait "$ended"
declare -A runs
for policy in rerun ask fail; do runs[$policy]=$(started flight-$policy); done
runs[asks]=$(started asks)
for policy in rerun ask fail; do wait_until 20 "flies-$policy runs" marked flies-$policy; done
for step in "done" open; do wait_until 20 "$step runs" marked $step; done
pids() { host_exec systemctl show -p MainPID,InvocationID,ActiveState 'pawl-step-*.service'; }
host_exec pawl ps --all -o json | jq -S 'map({run, workflow, started})' >"$scratch/history"

section "a copy, with pawld stopped, as pawld(8) says"
host_exec systemctl stop pawld.socket pawld.service
host_exec tar -C /var/lib -cpf /root/pawl.tar pawl
host_exec tar -C /etc -cpf /root/etc.tar pawl
host_exec systemctl start pawld.socket pawld.service
before=$(pids)

section "the second host"
host=$second
host_start
install_deb
for archive in pawl etc; do
  "$harness" exec "$first" -- cat /root/$archive.tar | host_exec sh -c "cat >/root/$archive.tar"
done
host_exec systemctl stop pawld.socket pawld.service
host_exec sh -c 'rm -rf /var/lib/pawl && tar -C /var/lib -xpf /root/pawl.tar && tar -C /etc -xpf /root/etc.tar'
host_exec touch /srv/done
# Under the name of an attempt that is in flight over there, somebody else's unit; and one that no run has.
id=${runs[fail]##*-}
host_exec systemd-run --quiet --unit="pawl-step-$id.flies.1.service" sleep 600
host_exec systemd-run --quiet --unit=pawl-step-aaaaaaaa.x.1.service sleep 600
strangers() { host_exec systemctl show -p MainPID,InvocationID,ActiveState "pawl-step-$id.flies.1.service" pawl-step-aaaaaaaa.x.1.service; }
alien=$(strangers)
host_exec systemctl start pawld.socket pawld.service
host_exec pawl ps --all -o json | jq -S 'map({run, workflow, started})' | diff "$scratch/history" - || fail "the history (<) is another one after the restore (>)"
assert_equal "pawld finds no fault with the store" "" "$(host_exec sh -c 'ls /var/lib/pawl | grep damaged || true')"

section "what was in flight is lost with its host"
assert_status "rerun" 0 host_exec timeout 60 pawl wait "${runs[rerun]}"
printf '%s\n' "before succeeded 0 1" "flies succeeded 0 2" "after succeeded 0 1" | assert_steps "${runs[rerun]}"
assert_status "ask" 1 host_exec timeout 60 pawl wait "${runs[ask]}"
assert_equal "ask" stopped "$(field_of "${runs[ask]}" .state)"
assert_contains "its reason" "pawl resume ${runs[ask]}" "$(field_of "${runs[ask]}" .reason)"
assert_status "fail" 1 host_exec timeout 60 pawl wait "${runs[fail]}"
assert_equal "fail" interrupted "$(field_of "${runs[fail]}" '.steps[] | select(.id == "flies") | .state')"
assert_status "asks" 1 host_exec timeout 60 pawl wait "${runs[asks]}"
assert_equal "what done_when says is done" succeeded "$(field_of "${runs[asks]}" '.steps[] | select(.id == "done") | .state')"
assert_equal "what it says is not" interrupted "$(field_of "${runs[asks]}" '.steps[] | select(.id == "open") | .state')"
printf '%s\n' "flies-rerun 2" "after-rerun 1" | assert_marks

section "what is somebody else's is left alone"
assert_equal "the units" "$alien" "$(strangers)"
assert_contains "the journal" pawl-step-aaaaaaaa.x.1.service "$(host_exec journalctl -q -o cat -u pawld.service)"

section "history is retried, and what asked goes on"
assert_status "retry" 1 host_exec timeout 60 pawl retry "$ended"
printf '%s\n' "good succeeded 0 1" "reads failed 3 2" | assert_steps "$ended"
assert_status "resume" 0 host_exec timeout 60 pawl resume "${runs[ask]}"
printf '%s\n' "before succeeded 0 1" "flies succeeded 0 2" "after succeeded 0 1" | assert_steps "${runs[ask]}"
host_exec systemctl stop "pawl-step-$id.flies.1.service" pawl-step-aaaaaaaa.x.1.service
"$harness" stop "$second"

section "the first host has gone on"
host=$first
assert_equal "its steps" "$before" "$(pids)"
for policy in rerun ask fail; do assert_equal "$policy" running "$(field_of "${runs[$policy]}" .state)"; done
