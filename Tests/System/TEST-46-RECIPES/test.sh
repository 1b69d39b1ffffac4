#!/usr/bin/env bash
# Every workflow of pawl-recipes(7), run.
source "$(dirname "$0")/../lib.sh"

host_start
install_deb
sh() { host_exec bash -c "$1"; }

python3 - "$system_tests/../../man/pawl-recipes.7" "$scratch" <<'END'
import re, sys
page = open(sys.argv[1]).read().replace("\\(aq", "'")
for block in re.findall(r"\.Bd -literal\n(.*?)\.Ed\n", page, re.S):
    name = re.match(r"# /etc/pawl/workflows/(.*\.yaml)\n", block)
    if name: open(f"{sys.argv[2]}/{name[1]}", "w").write(block)
END
install_workflow "$scratch"/*.yaml
assert_status "pawl reload" 0 host_exec pawl reload
# Each program says that it was called and with what; with a file of its name it fails once with what is in there.
host_exec bash -s <<'END'
cat >/usr/local/bin/stub <<'STUB'
#!/bin/bash
me=$(basename "$0")
echo "$me${1:+ $*}" >>/var/tmp/marks
if read -r status rest 2>/dev/null <"/var/tmp/fail-$me"; then
  if [[ $rest ]]; then echo "$rest" >"/var/tmp/fail-$me"; else rm "/var/tmp/fail-$me"; fi
  exit "$status"
fi
STUB
chmod 0755 /usr/local/bin/stub
for name in bootstrap vault-integration health-check generate-docs update-docs validate-docs new-cluster find-resources \
  clean-resources fetch check-network start-monitor stop-monitor build publish process-items; do
  ln -s stub "/usr/local/bin/$name"
done
END
# recipe WHAT STATUS MARKS ARGUMENTS...
recipe() {
  local what=$1 status=$2 marks=$3
  shift 3
  section "$what"
  sh ': >/var/tmp/marks'
  assert_status "pawl run" "$status" host_exec pawl run "$@" </dev/null
  assert_equal "the marks" "$marks" "$(sh 'paste -sd, /var/tmp/marks')"
}
fail_once() { sh "echo '$2' >/var/tmp/fail-$1"; }

recipe "one after the other" 0 "bootstrap,vault-integration,health-check" chain
section "side by side, then together"
sh ': >/var/tmp/marks'
assert_status "pawl run" 0 host_exec pawl run docs
assert_equal "the marks" "generate-docs,update-docs,validate-docs" "$(sh 'sort /var/tmp/marks | paste -sd,')"
assert_equal "the last" "validate-docs" "$(sh 'tail -n 1 /var/tmp/marks')"
recipe "a case: the default" 0 "new-cluster,health-check" lifecycle
recipe "a case: the other one" 0 "find-resources c1,clean-resources c1" lifecycle mode=cleanup cluster=c1
recipe "a case: what it requires" 2 "" lifecycle mode=cleanup
recipe "a case: none" 2 "" lifecycle mode=destroy
fail_once health-check "1 1"
recipe "again after a while" 0 "health-check,health-check,health-check" patient
recipe "no repair" 0 "fetch" repair
fail_once fetch 3
recipe "a repair" 0 "fetch,check-network,fetch" repair
fail_once fetch 3
fail_once check-network 1
recipe "a repair that fails" 1 "fetch,check-network" repair
fail_once fetch 5
recipe "what cannot be repaired" 1 "fetch" repair
fail_once vault-integration 1
recipe "a failure half-way" 1 "bootstrap,vault-integration" setup
sh ': >/var/tmp/marks'
assert_status "pawl retry" 0 host_exec pawl retry @last
assert_equal "the rest" "vault-integration,health-check" "$(sh 'paste -sd, /var/tmp/marks')"
recipe "a trap" 0 "start-monitor,build,publish,stop-monitor" build
fail_once build 1
recipe "a trap after a failure" 1 "start-monitor,build,stop-monitor" build
assert_contains "somebody was told" "the build failed" "$(host_exec journalctl -b --no-pager -p err)"
section "so many at once"
sh ': >/var/tmp/marks'
assert_status "pawl run" 0 host_exec pawl run items
assert_equal "the marks" "process-items a b,process-items c d,process-items e" "$(sh 'sort /var/tmp/marks | paste -sd,')"
recipe "how far it is" 0 "build,publish" release
