#!/usr/bin/env bash
# A run that pawld does not survive taking up is set aside after five times, and holds nobody up. It is a true one: pawld is given
# less memory than this run needs, so it dies whenever it reads it, and of nothing else.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

host_start
install_deb
drop_in=/etc/systemd/system/pawld.service.d
limit() {
  host_exec sh -c "mkdir -p $drop_in && printf '[Service]\nLimitDATA=%s\n' $1 >$drop_in/test.conf && systemctl daemon-reload"
}
restarts() { host_exec systemctl show -P NRestarts pawld.service; }
set_aside() { host_exec journalctl -q -o cat -b PAWL_RUN="$1" | grep -c 'stands still: pawld ended 5 times' || true; }

# What its memory is counted by, in KiB, with nothing to do.
data() { host_exec sed -n 's/^VmData:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$(main_pid)/status"; }
host_exec pawl ps >/dev/null
idle=$(data)

# It began before all others, so that it is the first to be taken up.
section "a run that needs much memory"
workflow heavy <<E2
name: Heavy
max_parallel: 8
steps:
  - id: fill
    foreach: [$(seq -s, 120)]
    run: |
      echo "fill \$item" >>$marks
      printf 'text=' >"\$PAWL_OUTPUT"
      head -c 1000000 /dev/zero | tr '\\0' x >>"\$PAWL_OUTPUT"
  - {id: person, approval: "go on?"}
  - id: after
    command: [sh, -c, 'echo "after \$PAWL_ATTEMPT" >>$marks']
E2
heavy=$(started heavy)
asks() { [[ $(field_of "$heavy" '.steps[] | select(.id == "person") | .approval') == "go on?" ]]; }
wait_until 120 "it waits for a person" asks
host_exec systemctl restart pawld.service
wait_until 30 "it waits for a person" asks
echo "pawld has $idle KiB of data when it idles, and $(data) with this run"
(($(data) > idle + 80000)) || fail "the run is not heavy enough"

section "others that need little"
workflow light <<E2
name: Light
steps:
  - id: first
    run: |
      echo "first \$PAWL_RUN" >>/srv/others
      until [ -e /srv/go ]; do sleep 0.05; done
  - id: second
    command: [sh, -c, 'echo "second \$PAWL_RUN" >>/srv/others']
E2
others=("$(started light)" "$(started light)")
for run in "${others[@]}"; do
  wait_until 10 "the first step of $run runs" host_exec grep -q "first $run" /srv/others
done

section "pawld does not survive it"
limit $((idle + 40000))K
host_exec systemctl restart --no-block pawld.service
wait_until 60 "the run is set aside" sh -c "'$harness' exec '$host' -- journalctl -q -o cat -b PAWL_RUN=$heavy | grep -q 'stands still: pawld ended 5 times'"
wait_until 20 "pawld is ready" host_exec systemctl is-active -q pawld.service
assert_equal "how often pawld fell" 5 "$(restarts)"
pid=$(main_pid)

section "what is said of it, and that it holds nobody up"
assert_equal "its state" stopped "$(field_of "$heavy" .state)"
assert_contains "its reason" "pawld ended 5 times in a row while it took this run up, so it is set aside" "$(field_of "$heavy" .reason)"
assert_contains "what to do" "'pawl resume $heavy' takes it up again" "$(field_of "$heavy" .reason)"
assert_contains "pawl ps" "$heavy" "$(host_exec pawl ps)"
assert_status "what needs its events" 8 host_exec pawl approve "$heavy" person
assert_contains "why" "is set aside: 'pawl resume' takes it up first" "$output"
host_exec touch /srv/go
for run in "${others[@]}"; do
  assert_status "the run $run" 0 host_exec timeout 30 pawl wait "$run"
  printf '%s\n' "first succeeded 0 1" "second succeeded 0 1" | assert_steps "$run"
done
assert_equal "how often each of their steps ran" "4 4" "$(host_exec sh -c 'echo "$(wc -l </srv/others) $(sort -u /srv/others | wc -l)"')"
assert_status "a new run" 0 host_exec timeout 30 pawl run hello
assert_equal "it is the same pawld" "$pid" "$(main_pid)"

section "it stays aside over a restart, and pawld does not fall again"
host_exec systemctl restart pawld.service
assert_equal "its state" stopped "$(field_of "$heavy" .state)"
assert_equal "how often pawld fell since" 0 "$(restarts)"
assert_equal "it was said once for each of them" 2 "$(set_aside "$heavy")"

section "with room enough it goes on from where it was"
limit infinity
host_exec systemctl restart pawld.service
assert_equal "its state" stopped "$(field_of "$heavy" .state)"
assert_status "pawl resume" 0 host_exec timeout 60 pawl resume --detach "$heavy"
assert_status "pawl approve" 0 host_exec timeout 60 pawl approve "$heavy" person
assert_status "pawl wait" 0 host_exec timeout 60 pawl wait "$heavy"
{ for _ in {1..120}; do echo "fill succeeded 0 1"; done; printf '%s\n' "fill succeeded - 0" "person succeeded - 0" "after succeeded 0 1"; } |
  assert_steps "$heavy"
{ seq 120 | sed 's/^/fill /'; echo "after 1"; } | assert_marks
assert_nothing_left
