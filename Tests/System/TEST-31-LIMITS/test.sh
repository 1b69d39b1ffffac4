#!/usr/bin/env bash
# What a workflow says of a step's unit is what systemd has and what the step feels; its neighbours feel nothing.
source "$(dirname "$0")/../lib.sh"

host_start
install_deb
host_exec useradd --system worker
write_workflow limits <<'END'
steps:
  - id: limited
    depends_on: []
    run: |
      { id -un; umask; nice; cat /proc/self/status | grep NoNewPrivs; touch /var/lib/allowed/x && echo may; touch /usr/x || echo may-not; } >"$PAWL_RUN_DIR/seen" 2>&1
      sleep 60
    unit:
      User: worker
      Group: daemon
      MemoryMax: 64M
      MemoryHigh: 48M
      TasksMax: 10
      CPUQuota: 50%
      CPUWeight: 200
      IOWeight: 300
      Nice: 7
      UMask: 0027
      PrivateTmp: true
      ProtectSystem: strict
      ProtectHome: true
      NoNewPrivileges: true
      ReadWritePaths: [/var/lib/allowed]
  - id: plain
    depends_on: []
    command: [sleep, "60"]
END
write_workflow hogs <<'END'
max_parallel: 4
steps:
  - id: forks
    depends_on: []
    run: |
      for i in $(seq 50); do sleep 5 & done
      wait
    unit: {TasksMax: 10}
  - id: eats
    depends_on: []
    command: [perl, -e, "my $x = 'x' x (1 << 28); sleep 1; print length $x"]
    unit: {MemoryMax: 32M}
  - id: neighbour
    depends_on: []
    run: |
      for i in $(seq 50); do sleep 1 & done
      wait
END
host_exec install -d -m 0777 /var/lib/allowed
host_exec pawl reload

section "what systemd has"
run=$(host_exec pawl run limits --detach)
unit=$(host_exec pawl status "$run" -o json | json 'd["steps"][0]["attempts"][0]["unit"]')
id=$(host_exec pawl status "$run" -o json | json 'd["id"]')
wait_until 10 "the step's first words" host_exec grep -q may-not "/var/lib/pawl/runs/$id/work/seen"
show() { host_exec systemctl show -p "$1" --value "$unit"; }
for expected in User=worker Group=daemon MemoryMax=67108864 MemoryHigh=50331648 TasksMax=10 CPUQuotaPerSecUSec=500ms \
  CPUWeight=200 IOWeight=300 Nice=7 UMask=0027 PrivateTmp=yes ProtectSystem=strict ProtectHome=yes \
  NoNewPrivileges=yes ReadWritePaths=/var/lib/allowed "Slice=pawl-$id.slice" MemoryAccounting=yes TasksAccounting=yes; do
  assert_equal "${expected%%=*}" "${expected#*=}" "$(show "${expected%%=*}")"
done
assert_equal "the run's slice" active "$(host_exec systemctl is-active "pawl-$id.slice")"
assert_contains "its description" "$run" "$(host_exec systemctl show -p Description --value "pawl-$id.slice")"
section "what the step sees"
assert_equal "user, mask, priority, privileges, paths" "worker
0027
7
NoNewPrivs:	1
may
touch: cannot touch '/usr/x': Read-only file system
may-not" "$(host_exec cat "/var/lib/pawl/runs/$id/work/seen")"
section "what a step has for which nothing is said"
plain=$(host_exec pawl status "$run" -o json | json 'd["steps"][1]["attempts"][0]["unit"]')
assert_equal "its memory" infinity "$(host_exec systemctl show -p MemoryMax --value "$plain")"
assert_equal "its accounting" yes "$(host_exec systemctl show -p MemoryAccounting --value "$plain")"

section "limits of a run that goes on"
slice=pawl-$id.slice
limit() { host_exec systemctl show -p "$1" --value "$slice"; }
assert_status "pawl set-property" 0 host_exec pawl set-property "$run" MemoryMax=512M TasksMax=77
assert_equal "the slice" "536870912 77" "$(limit MemoryMax) $(limit TasksMax)"
assert_contains "pawl status" "Limits: MemoryMax=512M TasksMax=77" "$(host_exec pawl status "$run")"
assert_status "a directive that there is none of" 2 host_exec pawl set-property "$run" MemoryMux=1G
assert_contains "its name" "did you mean 'MemoryMax'?" "$(host_exec pawl set-property "$run" MemoryMux=1G 2>&1 || true)"
assert_status "one that came with a later systemd" 2 host_exec pawl set-property "$run" TasksMax=78 MemoryZSwapWriteback=no
assert_contains "both versions" "came with systemd 256, and 252 is running" "$output"
assert_equal "the slice as before" 77 "$(limit TasksMax)"
assert_equal "and what is kept" '["MemoryMax=512M", "TasksMax=77"]' "$(host_exec pawl status "$run" -o json | json 'd["limits"]')"
host_exec systemctl kill -s KILL pawld
wait_until 20 "pawld again" host_exec pawl ps
assert_equal "the slice after a kill" "536870912 77" "$(limit MemoryMax) $(limit TasksMax)"
assert_equal "what is kept" '["MemoryMax=512M", "TasksMax=77"]' "$(host_exec pawl status "$run" -o json | json 'd["limits"]')"
assert_contains "the audit" "set-property" "$(host_exec pawl audit)"
assert_status "cancel" 0 host_exec pawl cancel "$run"
assert_status "a run that has ended" 8 host_exec pawl set-property "$run" TasksMax=79

section "what a step has read and written"
# How much that is, the kernel of the host says; under control groups of version 1 it may count none of it.
assert_equal "bytes, as numbers" '[true, true]' "$(host_exec pawl status "$run" -o json |
  json '[isinstance(d["steps"][0]["attempts"][0][k], int) for k in ("io_read_bytes", "io_write_bytes")]')"
assert_match "in words" " IO: [0-9.]+[BKM] read, [0-9.]+[BKM] written" "$(host_exec pawl status "$run")"

section "too many processes, too much memory"
assert_status "pawl run hogs" 1 host_exec pawl run hogs
status=$(host_exec pawl status @last -o json)
state() { json "next(s['state'] for s in d['steps'] if s['id'] == '$1')" <<<"$status"; }
reason() { json "next(s['reason'] or '' for s in d['steps'] if s['id'] == '$1')" <<<"$status"; }
assert_equal "fifty processes under TasksMax: 10" failed "$(state forks)"
assert_equal "256 MiB under MemoryMax: 32M" failed "$(state eats)"
# Where the control groups are of version 1 an OOM kill is a KILL like any other to systemd, and the counters tell.
assert_match "why" "out of memory|memory limit reached" "$(reason eats)"
assert_equal "fifty processes without a limit" succeeded "$(state neighbour)"
assert_contains "what the step said" "fork" "$(host_exec pawl logs @last forks)"
assert_equal "units left" "" "$(host_exec systemctl list-units --all --no-legend 'pawl-step-*')"
