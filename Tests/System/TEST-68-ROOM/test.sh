#!/usr/bin/env bash
# max_runs and max_steps: no more go on than there is room for, whoever waits says for what, and the order outlives kills of pawld
# and the host.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

host_start
install_deb
on_host() { host_exec bash -c "$1"; }
configure() { on_host "mkdir -p /etc/pawl/config.yaml.d; printf '$1\n' >/etc/pawl/config.yaml.d/room.yaml; systemctl reload pawld"; }
run_of() { host_exec pawl run "$@" --detach; }
state() { host_exec pawl ps --all -o json | jq -r ".[] | select(.run == \"$1\") | .state"; }

workflow one <<'END'
variables: {name: {type: string, required: true}}
steps: [{id: waits, run: 'echo "$name" >>/srv/order; until [[ -e /srv/go-$name ]]; do sleep 0.05; done', interrupted: rerun}]
END
workflow wide <<'END'
variables: {name: {type: string, required: true}}
max_parallel: 8
steps:
  - id: counts
    foreach: [1, 2, 3, 4, 5, 6, 7, 8]
    run: |
      exec 9>/srv/lock
      flock 9; echo "$(cat /srv/count) 1 + p" | dc >/srv/new; mv /srv/new /srv/count; cat /srv/count >>/srv/counts; flock -u 9
      sleep 0.3
      flock 9; echo "$(cat /srv/count) 1 - p" | dc >/srv/new; mv /srv/new /srv/count
END

section "runs are queued and begin in their order, over kills and a boot"
configure 'max_runs: 2'
runs=()
for name in a b c d e; do runs+=("$(run_of one name=$name)"); done
wait_until 20 "two go on" sh -c "'$harness' exec '$host' -- sh -c 'test \"\$(wc -l </srv/order)\" = 2'"
assert_equal "the third" queued "$(state "${runs[2]}")"
assert_contains "why" "waits for its turn: 2 runs at once, says max_runs" "$(host_exec pawl ps)"
assert_contains "status says it too" "waits for its turn" "$(host_exec pawl status "${runs[3]}")"
host_exec pawl cancel "${runs[3]}" >/dev/null
kill_pawld
assert_equal "after a kill" queued "$(state "${runs[2]}")"
host_exec touch /srv/go-a
wait_until 20 "the third has its turn" sh -c "'$harness' exec '$host' -- grep -q c /srv/order"
assert_equal "the last" queued "$(state "${runs[4]}")"
host_kill
host_resume
assert_equal "after a boot" queued "$(state "${runs[4]}")"
on_host 'touch /srv/go-b /srv/go-c /srv/go-e'
for name in 0 1 2 4; do host_exec pawl wait "${runs[$name]}" >/dev/null; done
assert_equal "the order" "a b c e" "$(on_host 'awk "!seen[\$1]++" /srv/order | xargs')"

section "more room is taken at once"
configure 'max_runs: 1'
on_host 'rm -f /srv/go-*'
first=$(run_of one name=x)
second=$(run_of one name=y)
assert_equal "the second" queued "$(state "$second")"
configure 'max_runs: 5'
wait_until 20 "it has its turn" sh -c "'$harness' exec '$host' -- grep -q y /srv/order"
on_host 'touch /srv/go-x /srv/go-y'
host_exec pawl wait "$first" >/dev/null
host_exec pawl wait "$second" >/dev/null

section "steps of all runs together"
configure 'max_steps: 3'
on_host 'command -v dc >/dev/null || { printf "#!/bin/sh\nread a b op p\necho \$((a \$op b))\n" >/usr/local/bin/dc; chmod +x /usr/local/bin/dc; }; echo 0 >/srv/count'
runs=("$(run_of wide name=a)" "$(run_of wide name=b)")
for run in "${runs[@]}"; do assert_status "a run" 0 host_exec pawl wait "$run"; done
assert_equal "the most at once" 3 "$(on_host 'sort -n /srv/counts | tail -n 1')"
assert_equal "all ran" 16 "$(on_host 'wc -l </srv/counts' | tr -d ' ')"
