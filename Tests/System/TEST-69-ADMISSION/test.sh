#!/usr/bin/env bash
# Forty steps of 200 MB where pawl.slice may have 1 GB: with admission none of them is killed for want of memory, without it some are.
# And a threshold is told once for each crossing.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

host_start
install_deb
on_host() { host_exec bash -c "$1"; }
configure() { on_host "mkdir -p /etc/pawl/config.yaml.d; printf '%s\n' '$1' >/etc/pawl/config.yaml.d/room.yaml; systemctl reload pawld"; }
killed() { host_exec pawl status "$1" -o json | json 'sum(1 for s in d["steps"] for a in s["attempts"] if a["signal"] == "KILL" or a["result"] == "oom-kill")'; }

workflow hungry <<'END'
max_parallel: 40
steps:
  - id: eats
    foreach: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32,
      33, 34, 35, 36, 37, 38, 39]
    command: [perl, -e, "my $x = 'x' x (200 << 20); select undef, undef, undef, 4; print length $x"]
END
on_host 'systemctl set-property --runtime pawl.slice MemoryMax=1G'
limit=$(on_host 'cat /sys/fs/cgroup/pawl.slice/memory.max /sys/fs/cgroup/memory/pawl.slice/memory.limit_in_bytes 2>/dev/null || true')
[[ $limit == 1073741824 ]] || skip "control groups do not bound the memory of pawl.slice here: '$limit'"

section "with admission"
configure 'admission: {memory: 90%}'
run=$(host_exec pawl run hungry --detach)
says_why() { host_exec pawl ps | grep -q 'memory of pawl.slice\|how much memory'; }
wait_until 30 "it says why it waits" says_why
assert_status "the run" 0 host_exec pawl wait "$run"
assert_equal "killed" 0 "$(killed "$run")"
assert_equal "all ran" '["succeeded"]' "$(host_exec pawl status "$run" -o json | jq -c '[.steps[].state] | unique')"

section "without it"
configure ''
run=$(host_exec pawl run hungry --detach)
assert_status "the run" 1 host_exec pawl wait "$run"
count=$(killed "$run")
((count > 0)) || fail "no step was killed"
echo "without admission $count of 40 steps were killed"

section "thresholds"
host_exec fallocate -l 1M /var/lib/pawl/full
configure 'thresholds: {memory: off, cpu: off, pressure: off, disk: 0.01%}'
crossed() { [[ $(host_exec journalctl -o cat MESSAGE_ID=f1b0c2b7f4c64f6c9b5d0a8e3d72c6e1 PAWL_RESOURCE=disk | wc -l) == "$1" ]]; }
wait_until 30 "the crossing is told" crossed 1
entry=$(host_exec journalctl -x -o short MESSAGE_ID=f1b0c2b7f4c64f6c9b5d0a8e3d72c6e1 PAWL_RESOURCE=disk)
assert_match "what is told" "disk of /var/lib/pawl is used to [0-9]+ %, and its threshold is 0 %" "$entry"
assert_contains "what to do next" "systemd-cgtop pawl.slice" "$entry"
