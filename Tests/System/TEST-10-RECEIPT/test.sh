#!/usr/bin/env bash
# The recorder under a real systemd: whatever ends a step's unit, there is one receipt of it, and it tells the truth.
source "$(dirname "$0")/../lib.sh"

# step NAME ATTEMPT [PROPERTY...] -- COMMAND...: runs a unit as pawld would name it and waits until it has ended.
step() {
  local name=$1.$2 properties=()
  shift 2
  while [[ $1 != -- ]]; do properties+=(-p "$1"); shift; done
  shift
  unit=pawl-step-7k2m9qxa.$name.service
  folder=/var/lib/pawl/runs/7k2m9qxa/$name
  host_exec mkdir -p "$folder"
  # --wait is systemd-run's own event; its status is the command's, which is looked at in the receipt instead.
  host_exec systemd-run --quiet --wait --unit="$unit" --slice=pawl-7k2m9qxa.slice \
    -p CPUAccounting=yes -p MemoryAccounting=yes "${properties[@]}" "$@" || true
}
receipt() { host_exec cat "$folder/result.json"; }
field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p" <<<"$(receipt)"; }
expect() { # RESULT CODE STATUS
  assert_equal "the result of $unit" "$1 $2 $3" "$(field service_result) $(field exit_code) $(field exit_status)"
  assert_equal "the unit" "$unit" "$(field unit)"
  assert_equal "not a shutdown" false "$(field stopping)"
  assert_equal "what is in the folder" result.json "$(host_exec ls -A "$folder")"
}

host_start
install_deb
boot_id=$(host_exec cat /proc/sys/kernel/random/boot_id)

section "success, failure, signal, timeout, exec error"
step ok 1 -- /bin/true
expect success exited 0
assert_equal "boot id" "$boot_id" "$(field boot_id)"
assert_match "invocation id" '^[0-9a-f]{32}$' "$(field invocation_id)"
assert_match "time" '^[0-9]{16}$' "$(field realtime_usec)"
assert_equal "the receipt is root's alone" "600 0" "$(host_exec stat -c '%a %u' "$folder/result.json")"
step exit 1 -- /bin/sh -c 'exit 3'
expect exit-code exited 3
# systemd-run reads $$ as one $.
step signal 1 -- /bin/sh -c 'kill -KILL $$$$'
expect signal killed KILL
step timeout 1 RuntimeMaxSec=200ms -- /bin/sleep 60
expect timeout killed TERM
# A program that systemd-run can find and the kernel cannot start.
host_exec sh -c 'echo "#!/no/such/interpreter" >/var/lib/pawl/broken && chmod +x /var/lib/pawl/broken'
step exec 1 Type=exec -- /var/lib/pawl/broken
expect exit-code exited 203

section "what it used"
step use 1 -- /bin/dd if=/dev/zero of=/dev/null bs=32M count=8
expect success exited 0
(($(field memory_peak) > 32000000)) || fail "a peak of $(field memory_peak) bytes, with a buffer of 32 MiB"
(($(field cpu_usec) > 0)) || fail "no processor time: $(receipt)"

section "users and sandboxes"
for properties in User=nobody DynamicUser=yes "ProtectSystem=strict PrivateTmp=yes ProtectHome=yes" PrivateUsers=yes; do
  number=$((${number:-0} + 1))
  # shellcheck disable=SC2086
  step sandbox "$number" $properties -- /bin/sh -c 'exit 2'
  expect exit-code exited 2
done

section "the first receipt stays"
step again 1 -- /bin/sh -c 'exit 1'
host_exec systemctl reset-failed "$unit" || true
step again 1 -- /bin/true
expect exit-code exited 1

section "a step of a foreach, and after daemon-reload and daemon-reexec in mid-step"
step item.0 1 -- /bin/sh -c 'systemctl daemon-reload; exit 4'
expect exit-code exited 4
step reexec 1 -- /bin/sh -c 'systemctl daemon-reexec; exit 5'
# systemd-run may lose its connection by that, and does not wait for the end then.
wait_until 10 "the receipt" host_exec test -e "$folder/result.json"
expect exit-code exited 5

section "stopped by hand"
step stopped 1 -- /bin/sh -c 'systemctl stop --no-block "$(basename "$(tail -n 1 /proc/self/cgroup)")"; sleep 60'
expect success killed TERM

section "a folder that is not there, or a link: no receipt, and the unit says so"
unit=pawl-step-7k2m9qxa.nowhere.1.service
host_exec systemd-run --quiet --wait --unit="$unit" --slice=pawl-7k2m9qxa.slice /bin/true && fail "a step without a folder ended well"
host_exec mkdir -p /var/lib/pawl/runs/7k2m9qxa/real.1
host_exec ln -s real.1 /var/lib/pawl/runs/7k2m9qxa/link.1
step link 1 -- /bin/true
host_exec sh -c '! test -e /var/lib/pawl/runs/7k2m9qxa/real.1/result.json' || fail "the recorder followed a link"

section "a unit under a step's name that is not in its run's slice: somebody else's, and no receipt"
unit=pawl-step-7k2m9qxa.elsewhere.1.service
host_exec mkdir -p /var/lib/pawl/runs/7k2m9qxa/elsewhere.1
host_exec systemd-run --quiet --wait --unit="$unit" /bin/true || fail "the recorder made a unit fail that is none of pawl's"
host_exec systemd-run --quiet --wait --collect --unit="$unit" --slice=pawl-7k2m9qxb.slice /bin/true || fail "the same in another run's slice"
assert_equal "what is in the folder" "" "$(host_exec ls -A /var/lib/pawl/runs/7k2m9qxa/elsewhere.1)"

section "a full disk: no receipt, no half of one"
host_exec sh -c 'mkdir -p /var/lib/pawl/runs/7k2m9qxa/full.1 && mount -t tmpfs -o size=4k,nr_inodes=16 tmpfs /var/lib/pawl/runs/7k2m9qxa/full.1 &&
  { head -c 8192 /dev/zero >/var/lib/pawl/runs/7k2m9qxa/full.1/filler 2>/dev/null || true; }'
step full 1 -- /bin/true
assert_equal "what is in the folder" filler "$(host_exec ls -A "$folder")"
assert_equal "the unit" exit-code "$(host_exec systemctl show -P Result "$unit")"
host_exec umount "$folder"
