#!/usr/bin/env bash
# SystemdKit's own tests, which are skipped where there is no systemd, against a real one.
source "$(dirname "$0")/../lib.sh"

top=$(cd "$system_tests/../.." && pwd)
bundle=$top/.build/debug/pawlPackageTests.xctest
[[ -e $bundle ]] || fail "the tests are not built: make test"
swift=$(dirname "$(realpath "$(command -v swift)")")

# The machine's own root: it has the toolchain's libraries, which the tests are linked with.
"$harness" start "$host" --root /

section "SystemdKitTests"
log=$scratch/log
status=0
host_exec env PATH="$swift:$PATH" "$bundle" --testing-library swift-testing --filter SystemdKitTests >"$log" 2>&1 || status=$?
# All of it if it failed: where it crashed comes long before the end.
if ((status)); then cat "$log"; else tail -n 30 "$log"; fi
assert_equal "the exit status of the tests" 0 "$status"
assert_match "tests were run" 'with [1-9][0-9]+ tests' "$(tail -n 1 "$log")"
if grep -q 'skipped' "$log"; then fail "tests were skipped on a host that has systemd"; fi
