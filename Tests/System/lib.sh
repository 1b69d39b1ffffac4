# shellcheck shell=bash
# What a system test can use; `Tests/System/run` runs the tests, each of which begins with
#
#   source "$(dirname "$0")/../lib.sh"
#
#   host_start                 a host of the test's own with a clean Debian 12 root; it is gone when the test ends
#   host_exec COMMAND...       run COMMAND on it            host_copy SRC... DST   copy to the folder DST of it
#   host_reboot                orderly                      host_kill, host_resume the power cut and the boot after it
#   install_deb                install the package under test with apt, without a network
#   install_workflow FILE...   put workflows into /etc/pawl/workflows
#   write_workflow NAME        what is on stdin becomes the workflow NAME; `pawl reload` puts it in force
#   json EXPRESSION            of the JSON document on stdin, which the Python expression calls `d`
#   section TEXT               a heading in the log
#   assert_equal WHAT EXPECTED ACTUAL        assert_contains WHAT NEEDLE TEXT        assert_match WHAT REGEX TEXT
#   assert_status WHAT STATUS COMMAND...     runs COMMAND here; what it printed is in $output
#   wait_until SECONDS WHAT COMMAND...       until COMMAND succeeds, asked every 50 ms; fails after SECONDS
#   $scratch                   a folder of the test's own on this machine; it goes with the test
#   fail TEXT                  ends the test                skip REASON            ends it as skipped
#
# A command that fails ends the test, as in any script under `set -e`. When a test fails, the journal of its host
# follows in the log. Where a verb has an event to wait for (`pawl wait`, `systemctl start`), that is the one to use.
set -euo pipefail

system_tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
harness=$system_tests/harness
test_name=$(basename "$(cd "$(dirname "$0")" && pwd)")
host=$(tr '[:upper:]' '[:lower:]' <<<"$test_name")
output=""
failure=""
installed=""
is_up=""
scratch=$(mktemp -d)
export PAWL_TEST_OWNER=$$

fail() { failure="$*"; echo "FAILED: $*"; exit 1; }
skip() { echo "skip: $*"; exit 77; }
section() { echo "--- $*"; }

host_start() {
  # Where the machine itself is the host, a pawl that is in use there is nothing to test with.
  [[ $("$harness" kind) == box ]] || ! dpkg -s pawl >/dev/null 2>&1 || skip "pawl is installed on this machine"
  "$harness" start "$host" --root "${PAWL_TEST_ROOT:?}" "$@"
  is_up=yes
}
host_exec() { "$harness" exec "$host" -- "$@"; }
host_copy() { "$harness" copy "$host" "$@"; }
host_kill() { need_box "a power cut"; "$harness" kill "$host"; }
host_resume() { "$harness" start "$host" --resume; }
host_reboot() { need_box "a reboot"; "$harness" reboot "$host"; }
need_box() { [[ $("$harness" kind) == box ]] || skip "$1 of the machine that the tests run on"; }

install_deb() {
  installed=yes
  host_copy "${PAWL_TEST_DEB:?}" /root
  host_exec env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends "/root/$(basename "$PAWL_TEST_DEB")"
}

install_workflow() {
  host_copy "$@" /etc/pawl/workflows
  host_exec sh -c 'chown root:root /etc/pawl/workflows/* && chmod 0644 /etc/pawl/workflows/*'
}

write_workflow() {
  host_exec sh -c 'mkdir -p /etc/pawl/workflows && umask 022 && cat >"/etc/pawl/workflows/$1.yaml"' sh "$1"
}

json() { python3 -c 'import json, sys; d = json.load(sys.stdin); r = eval(sys.argv[1]); print(r if isinstance(r, str) else json.dumps(r))' "$1"; }

assert_equal() { [[ $2 == "$3" ]] || fail "$1: expected '$2', got '$3'"; }
assert_contains() { [[ $3 == *"$2"* ]] || fail "$1: no '$2' in: $3"; }
assert_match() { [[ $3 =~ $2 ]] || fail "$1: '$2' does not match: $3"; }
assert_status() {
  local what=$1 expected=$2 status=0
  shift 2
  output=$("$@" 2>&1) || status=$?
  [[ $status == "$expected" ]] || fail "$what: exit status $status instead of $expected: $output"
}

wait_until() {
  local seconds=$1 what=$2 deadline=$((SECONDS + $1))
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || fail "$what: not within $seconds s ($*)"
    sleep 0.05
  done
}

at_end() {
  # The last command is what failed, unless `fail` has said more.
  local status=$? why=${failure:-$BASH_COMMAND}
  trap - EXIT
  if ((status != 0 && status != 77)); then
    echo "--- the host's journal"
    "$harness" exec "$host" -- journalctl -b --no-pager -n 80 2>/dev/null || echo "(the host is not up)"
    # Last, where whoever keeps nothing but the end of the log sees it.
    echo "--- the test ended with status $status: $why"
  fi
  if [[ $installed && $("$harness" kind) == machine ]]; then
    # A run that is active would keep the package from being removed.
    systemctl stop pawld.socket pawld.service 'pawl-step-*.service' || true
    DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq pawl || true
    rm -rf /etc/pawl "/root/$(basename "$PAWL_TEST_DEB")"
  fi
  # A host of that name that was up before is another test's.
  [[ ! $is_up ]] || "$harness" stop "$host" || true
  rm -rf "$scratch"
  exit "$status"
}
trap at_end EXIT
trap 'exit 130' INT TERM
