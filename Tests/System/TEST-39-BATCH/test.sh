#!/usr/bin/env bash
# Scripts with dependencies in comments, as one run.
source "$(dirname "$0")/../lib.sh"

host_start
install_deb
sh() { host_exec bash -c "$1"; }

# Eight scripts: each writes when it began and ended, and reads a file beside itself.
host_exec bash -s <<'END'
mkdir -p /srv/jobs && cd /srv/jobs && echo beside >note
script() {
  { echo '#!/bin/bash'; echo "$2"; echo 'set -eu; me=$(basename "$0" .sh); grep -q beside note
echo "$me begin $EPOCHREALTIME" >>/var/tmp/marks; echo "said by $me"; sleep "${3:-0.3}"
if [[ -e /var/tmp/break-$me ]]; then echo "$me breaks"; exit 3; fi
echo "$me end $EPOCHREALTIME" >>/var/tmp/marks'; } >"$1.sh"
  chmod 0755 "$1.sh"
}
script fetch ''
script tools ''
script keys '# Depends on: none'
script build '# Depends on: fetch.sh, tools'
script unit-test '# Requires: build'
script lint '# Depends on: fetch'
script package '# Depends on: build lint
# Requires: keys.sh'
script deploy '# Depends on: package, unit-test.sh'
END

section "the groups as planned"
host_exec pawl batch --dry-run /srv/jobs/{deploy,package,lint,unit-test,build,keys,tools,fetch}.sh >"$scratch/plan" ||
  fail "a dry run"
assert_equal "the groups" "Group 1: keys tools fetch
Group 2: lint build
Group 3: package unit-test
Group 4: deploy" "$(grep '^Group' "$scratch/plan")"
assert_match "why" "package +keys +/srv/jobs/package.sh:3: # Requires: keys.sh" "$(cat "$scratch/plan")"
assert_equal "nothing was started" "[]" "$(host_exec pawl ps --all -o json)"

section "the results as run"
assert_status "pawl batch" 0 sh 'cd /srv && pawl batch jobs/*.sh --max-parallel 4 --timeout 300 --fail-fast'
assert_contains "the groups" "Group 1: fetch keys tools
Group 2: build lint
Group 3: package unit-test
Group 4: deploy" "$output"
assert_contains "the outcome" "succeeded" "$(tail -n 1 <<<"$output")"
host_exec cat /var/tmp/marks >"$scratch/marks"
python3 - "$scratch/marks" <<'END'
import sys
begin, end = {}, {}
for line in open(sys.argv[1]):
    name, what, time = line.split()
    assert name not in (begin if what == "begin" else end), line
    (begin if what == "begin" else end)[name] = float(time)
wanted = {"build": "fetch tools", "unit-test": "build", "lint": "fetch", "package": "build lint keys", "deploy": "package unit-test"}
assert len(begin) == len(end) == 8, (begin, end)
for name, before in wanted.items():
    for other in before.split():
        assert end[other] <= begin[name], (other, name)
assert begin["keys"] < end["fetch"] and begin["fetch"] < end["keys"], "what waits for nothing runs side by side"
END
assert_equal "the run" '["succeeded", 8, true]' \
  "$(host_exec pawl status @last -o json | json '[d["state"], d["steps_done"], d["run"].startswith("batch-")]')"
assert_equal "a script's log" "said by lint" "$(host_exec pawl logs @last lint)"

section "a failure with --fail-fast"
sh ': >/var/tmp/marks; touch /var/tmp/break-lint'
assert_status "pawl batch" 1 sh 'cd /srv && pawl batch jobs/*.sh --max-parallel 4 --timeout 300 --fail-fast'
assert_contains "what failed" "step 'lint' failed" "$output"
states=$(host_exec pawl status @last -o json | json '" ".join(s["id"] + "=" + s["state"] for s in d["steps"])')
assert_match "the states" "lint=failed" "$states"
assert_match "what waited is skipped" "deploy=(skipped|cancelled).*package=(skipped|cancelled)" "$states"
if sh 'grep -q "^deploy" /var/tmp/marks'; then fail "deploy ran after a failure"; fi

section "without it, what does not depend on the failure goes on, and retry runs the rest"
sh ': >/var/tmp/marks'
assert_status "pawl batch" 1 sh 'cd /srv && pawl batch jobs/*.sh'
assert_equal "the states" "build=succeeded deploy=skipped fetch=succeeded keys=succeeded lint=failed package=skipped tools=succeeded unit-test=succeeded" \
  "$(host_exec pawl status @last -o json | json '" ".join(s["id"] + "=" + s["state"] for s in d["steps"])')"
host_exec rm /var/tmp/break-lint
assert_status "pawl retry" 0 host_exec pawl retry @last
assert_equal "each ran once" 8 "$(sh 'grep -c end /var/tmp/marks')"

section "a timeout is one script's"
sh 'printf "#!/bin/bash\nsleep 60\n" >/srv/jobs/slow.sh; chmod 0755 /srv/jobs/slow.sh'
assert_status "pawl batch" 1 sh 'cd /srv && pawl batch jobs/slow.sh jobs/fetch.sh --timeout 1 --name slow'
assert_equal "the states" '["timed-out", "succeeded"]' "$(host_exec pawl status slow -o json | json '[s["state"] for s in d["steps"]]')"

section "a graph, from another folder"
sh 'cat >/srv/graph.json' <<'END'
{
	"workflows": {"first": {"path": "jobs/keys.sh", "status": "pending"}, "second": {"path": "jobs/deploy.sh"}},
	"dependencies": {"second": ["first"]}, "execution_order": []
}
END
assert_status "pawl batch --graph" 0 sh 'cd / && pawl batch --graph /srv/graph.json'
assert_contains "the groups" "Group 1: first
Group 2: second" "$output"

section "faults have their places, and start nothing"
before=$(host_exec pawl ps --all -o json | json 'len(d)')
sh 'cd /srv/jobs && sed -i "s/^# Depends on: none/# Depends on: deploy, fecth/" keys.sh'
assert_status "a name that is none" 2 sh 'cd /srv/jobs && pawl batch *.sh'
assert_contains "the place" "keys.sh:2:23: error: 'fecth' is no script of this set (did you mean 'fetch'?)" "$output"
sh 'cd /srv/jobs && sed -i "s/, fecth//" keys.sh'
assert_status "a circle" 2 sh 'cd /srv/jobs && pawl batch *.sh'
assert_contains "the circle" "deploy -> package -> keys -> deploy" "$output"
assert_status "a workflow's name" 8 sh 'cd /srv/jobs && pawl batch fetch.sh --name hello'
assert_equal "runs" "$before" "$(host_exec pawl ps --all -o json | json 'len(d)')"

section "who may not is told so"
host_exec useradd stranger
assert_status "a stranger's batch" 6 host_exec runuser -u stranger -- pawl batch /srv/jobs/fetch.sh

section "an import passes the check and runs"
sh 'cd /srv/jobs && sed -i "s/^# Depends on: deploy/# Depends on: none/" keys.sh && rm slow.sh && : >/var/tmp/marks'
sh 'pawl import /srv/jobs /etc/pawl/workflows/jobs.yaml && pawl check jobs && pawl plan jobs && pawl reload'
assert_status "pawl run jobs" 0 host_exec pawl run jobs
assert_equal "each ran once" 8 "$(sh 'grep -c end /var/tmp/marks')"
