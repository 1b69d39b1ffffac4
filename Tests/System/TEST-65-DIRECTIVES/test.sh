#!/usr/bin/env bash
# Every directive that unit: takes reaches PID 1 as systemd-run would bring it there; the vocabulary is the one of systemd-run -p; the
# strict preset leaves pawl's own features whole; and a unit that others keep from starting does not stay for ever.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

here=$(cd "$(dirname "$0")" && pwd)
fixtures=$system_tests/../Fixtures/systemd
host_start
install_deb
on_host() { host_exec bash -c "$1"; }
reason_of() { field_of "$1" ".steps[] | select(.id == \"$2\") | .reason"; }

section "the vocabulary is that of systemd-run -p"
host_copy "$fixtures/names-252" "$fixtures/samples" /root
version=$(host_exec systemctl show -P Version)
[[ $version == 252* ]] || skip "it is systemd $version, and not 252"
# A second assignment that it does not know keeps all of them from being carried out.
# shellcheck disable=SC2016
on_host 'export LC_ALL=C
  while read -r name; do
    systemd-run -p "$name=" -p Nonesuch=1 /bin/true 2>&1 | grep -F "Unknown assignment: $name=" && echo "$name"
  done </root/names-252; true' >"$scratch/unknown"
assert_equal "what it does not know" "" "$(cat "$scratch/unknown")"
assert_status "the control" 1 host_exec systemd-run -p Nonesuch=1 /bin/true
assert_contains "the control" "Unknown assignment: Nonesuch=1" "$output"
if compgen -G '/usr/lib/*/systemd/libsystemd-shared-252.so' >/dev/null; then
  diff <("$fixtures/ask" names) "$fixtures/names-252" || fail "what it knows (<) is not what was written down (>)"
  diff <("$fixtures/ask" assignments) "$fixtures/assignments-252" || fail "what it sends (<) is not what was written down (>)"
fi

section "each directive, read back"
# Behind a gate nothing is executed: what a box cannot carry out is read back like the rest.
on_host 'printf "[Service]\nType=oneshot\nExecStart=/bin/sh -c \"until [ -e /srv/open ]; do sleep 0.1; done\"\n" >/etc/systemd/system/gate.service
  mkdir -p /etc/systemd/system/pawl-step-.service.d /etc/systemd/system/other-.service.d
  for kind in pawl-step other; do printf "[Unit]\nAfter=gate.service\n" >/etc/systemd/system/$kind-.service.d/99-gate.conf; done
  systemctl daemon-reload; systemctl start --no-block gate'
{
  echo "max_parallel: 1000"
  echo "steps:"
  number=0
  while IFS= read -r sample; do
    value=${sample#*=}
    echo "  - {id: s$number, depends_on: [], command: [/usr/bin/sleep, \"600\"], unit: {${sample%%=*}: '${value//"'"/"''"}'}}"
    number=$((number + 1))
  done <"$fixtures/samples"
} >"$scratch/all.yaml"
begin=$EPOCHREALTIME
install_workflow "$scratch/all.yaml"
assert_status "pawl reload" 0 host_exec pawl reload
run=$(started all)
id=${run##*-}
# shellcheck disable=SC2016
on_host 'systemd-run -q --no-block --unit=other-none /usr/bin/sleep 600
  number=0
  while IFS= read -r sample; do
    # PID 1 knows no such property: to it the text is data.
    case $sample in
      StandardInputText=*) sample=StandardInputData=$(printf "%b\n" "${sample#*=}" | base64 -w0) ;;
    esac
    systemd-run -q --no-block --unit="other-$number" -p "$sample" /usr/bin/sleep 600 || echo "systemd-run does not take $sample"
    number=$((number + 1))
  done </root/samples' >"$scratch/refused" 2>&1
cat "$scratch/refused"
assert_equal "what systemd-run refuses" "" "$(cat "$scratch/refused")"
loaded() { (($(host_exec systemctl list-units --all --plain --no-legend "pawl-step-$id.s*" | wc -l) == number)); }
wait_until 60 "all units are there" loaded
host_exec systemctl show --all 'other-*.service' "pawl-step-$id.*.service" >"$scratch/shown"
on_host 'cd /run/systemd/transient && tail -n +1 other-*.service pawl-step-*.service' >"$scratch/files"
host_exec systemctl daemon-reload
host_exec systemctl show --all "pawl-step-$id.*.service" >"$scratch/reloaded"
python3 "$here/compare.py" "$fixtures/samples" "$id" "$scratch/shown" "$scratch/files" "$scratch/reloaded" || fail "they are not the same"
echo "in $(bc <<<"$EPOCHREALTIME - $begin") s"

section "units whose start waits are cancelled"
assert_status "pawl cancel" 0 host_exec pawl cancel "$run"
wait_until 60 "the run has ended" has_state "$run" cancelled
host_exec systemctl stop 'other-*.service'
assert_nothing_left
on_host 'rm /etc/systemd/system/*/99-gate.conf; touch /srv/open; systemctl daemon-reload'

section "the strict preset"
host_exec sh -c 'install -d -m 0700 /etc/credstore; printf %s open-sesame >/etc/credstore/secret; chmod 0600 /etc/credstore/secret'
# A root with a shell, and a recorder of its own that writes where all can see it.
host_exec bash -euo pipefail -s <<'END'
root=/srv/root
mkdir -p $root/usr/{bin,lib,lib64,libexec/pawl}
for link in bin lib lib64; do ln -s usr/$link $root/$link; done
for program in /bin/bash /bin/touch /usr/bin/id; do
  cp -L $program $root/usr/bin
  for library in $(ldd $program | grep -o '/[^ ]*\.so[^ ]*'); do
    mkdir -p "$root/$(dirname "$library")"
    cp -L "$library" "$root/$library"
  done
done
printf '#!/bin/bash\necho "$*" >>/forged\n' >$root/usr/libexec/pawl/pawl-record
chmod 0755 $root/usr/libexec/pawl/pawl-record
touch $root/only-here $root/forged
chmod 0666 $root/forged
END
workflow strict <<'END'
unit: {preset: strict}
max_parallel: 4
steps:
  - id: script
    run: |
      set -x
      [[ $(id -u) != 0 ]]
      [[ $(sed -n 's/^CapEff:\t//p' /proc/self/status) == 0000000000000000 ]]
      [[ $(sed -n 's/^Seccomp:\t//p' /proc/self/status) == 2 ]]
      touch "$PAWL_RUN_DIR/file" /tmp/file
      ! touch /usr/file && ! touch /etc/file && ! touch /srv/file && ! ls /root
      [[ $(tail -n +3 /proc/self/net/dev | cut -d: -f1 | tr -d ' ') == lo ]]
      ! unshare -U true
      ! mount -t tmpfs none /tmp
      echo written >"$PAWL_RUN_DIR/file"
      echo "made=yes" >>"$PAWL_OUTPUT"
  - {id: reads, command: [cat, file]}
  - {id: credential, credentials: [secret], run: '[[ $(<"$CREDENTIALS_DIRECTORY/secret") == open-sesame ]]'}
  - {id: variable, credentials: {secret: SECRET}, run: '[[ $SECRET == open-sesame ]]'}
  - {id: asked, run: 'touch "$PAWL_RUN_DIR/asked"', done_when: {run: '[[ -e $PAWL_RUN_DIR/asked && $(id -u) != 0 ]]', interval: 100ms}}
  - {id: retried, run: '(($PAWL_ATTEMPT == 2))', retry_policy: {max_retries: 1, initial_delay: 10ms}}
  - {id: status, run: 'exit 7', continue_on_failure: true, outputs: {}}
  - {id: served, service: true, command: [sleep, "600"], done_when: {run: 'id -u >"$PAWL_RUN_DIR/served"; (($(<"$PAWL_RUN_DIR/served") > 0))', interval: 100ms}}
  - {id: open, unit: {preset: none}, run: '[[ $(id -u) == 0 && $(sed -n "s/^CapEff:\t//p" /proc/self/status) != 0000000000000000 ]]; touch /srv/open'}
  - {id: networked, unit: {PrivateNetwork: no, SystemCallFilter: ""}, run: '[[ $(readlink /proc/self/ns/net) == "$net" ]]', env: {net: "${ns.output}"}, depends_on: [ns]}
  - {id: rooted, unit: {RootDirectory: /srv/root}, run: '[[ -e /only-here && $(id -u) != 0 ]]; touch "$PAWL_RUN_DIR/rooted"; echo a=b >>"$PAWL_OUTPUT"'}
  - {id: ns, unit: {preset: none}, command: [readlink, /proc/self/ns/net], depends_on: []}
  - id: told
    depends_on: [reads, script, served, open, networked, credential, variable, asked, retried, status]
    unit: {preset: none}
    run: '[[ $made == yes && $text == written ]]; until [[ -e /srv/analyzed ]]; do sleep 0.05; done'
    env: {made: "${script.outputs.made}", text: "${reads.output}"}
  - {id: waits, depends_on: [], run: 'until [[ -e /srv/analyzed ]]; do sleep 0.05; done'}
END
run=$(started strict)
id=${run##*-}
told() { ! has_state "$run" running || host_exec systemctl is-active -q "pawl-step-$id.told.1.service"; }
wait_until 60 "the last step runs" told
field_of "$run" '.steps[] | "\(.id) \(.state) \(.reason)"'
exposure() { host_exec systemd-analyze security --no-pager "pawl-step-$id.$1.1.service" | sed -n 's/.*Overall exposure level for .*: \([0-9.]*\) .*/\1/p'; }
strict=$(exposure waits) plain=$(exposure told)
echo "exposure of a strict step: $strict, of one without a preset: $plain"
(($(bc <<<"$strict < 2.0 && $plain > 9.0"))) || fail "the exposure is not what it should be"
host_exec touch /srv/analyzed
host_exec timeout 60 pawl wait "$run" || host_exec pawl logs "$run" || true
assert_equal "the run" succeeded "$(field_of "$run" .state)"
printf '%s\n' "asked succeeded 0 1" "credential succeeded 0 1" "networked succeeded 0 1" "ns succeeded 0 1" "open succeeded 0 1" \
  "reads succeeded 0 1" "retried succeeded 0 2" "rooted succeeded 0 1" "script succeeded 0 1" "served succeeded 0 1" "status failed 7 1" "stop-services succeeded 0 1" "told succeeded 0 1" \
  "variable succeeded 0 1" "waits succeeded 0 1" | assert_steps "$run"
assert_equal "what the recorder of that root has written" "" "$(host_exec cat /srv/root/forged)"
for step in script credential variable asked rooted waits; do
  assert_equal "the receipt of $step" "pawl-step-$id.$step.1.service" "$(host_exec cat "/var/lib/pawl/runs/$id/$step.1/result.json" | jq -r .unit)"
done
assert_nothing_left

section "units that others keep from starting, or stop"
on_host 'printf "[Service]\nType=oneshot\nExecStart=/bin/false\n" >/run/systemd/system/falls.service
  printf "[Service]\nExecStart=/bin/sleep 600\n" >/run/systemd/system/holds.service; systemctl daemon-reload; systemctl start holds'
workflow others <<'END'
steps:
  - {id: needs, unit: {Requires: falls.service, After: falls.service}, run: 'true', continue_on_failure: true}
  - {id: absent, unit: {Requisite: falls.service, After: falls.service}, run: 'true', continue_on_failure: true}
  - {id: wants, unit: {Wants: falls.service, After: falls.service}, run: 'true'}
  - {id: unknown, unit: {Requires: nowhere.service}, run: 'true', continue_on_failure: true}
  - {id: groups, unit: {Delegate: yes}, run: 'for i in {1..20000}; do :; done'}
  - {id: bound, unit: {BindsTo: holds.service, After: holds.service}, run: 'touch /srv/bound; sleep 600', continue_on_failure: true}
END
run=$(started others)
wait_until 60 "the last step runs" host_exec test -e /srv/bound
host_exec systemctl stop holds
assert_status "the run" 0 host_exec timeout 60 pawl wait "$run"
field_of "$run" '.steps[] | "\(.id) \(.state) \(.reason)"'
assert_equal "what came of them" "needs failed absent failed wants succeeded unknown failed groups succeeded bound failed" \
  "$(field_of "$run" '[.steps[] | "\(.id) \(.state)"] | join(" ")')"
assert_contains "what it needs" "3 times and never appeared; it needs falls.service: 'systemctl status falls.service' tells whether that could start" "$(reason_of "$run" needs)"
assert_contains "of one that is not there" "Unit nowhere.service not found" "$(reason_of "$run" unknown)"
# The recorder of a unit with groups of its own is in one of them, and counts the whole.
used=$(host_exec cat "/var/lib/pawl/runs/${run##*-}/groups.1/result.json" | jq .cpu_usec)
((used > 1000)) || fail "what the step with groups of its own has used: $used"
assert_nothing_left

section "a slice with what slices have"
workflow sliced <<'END'
slice: {MemoryMax: 1G, TasksMax: 200, IOReadBandwidthMax: /dev/null 5M, AllowedCPUs: 0, DevicePolicy: closed, IPAddressDeny: multicast}
steps: [{id: a, run: 'systemctl show -P MemoryMax -P TasksMax -P AllowedCPUs -P DevicePolicy -P IPAddressDeny "pawl-${PAWL_RUN##*-}.slice" >/srv/slice'}]
END
run=$(started sliced)
assert_status "the run" 0 host_exec timeout 60 pawl wait "$run"
assert_equal "its slice" "0 1073741824 200 224.0.0.0/4 closed ff00::/8" "$(host_exec cat /srv/slice | tr ' ' '\n' | LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//')"

section "a directive that came later than this systemd"
cat >"$scratch/later.yaml" <<'END'
steps: [{id: a, run: 'true', unit: {MemoryKSM: yes}}]
END
install_workflow "$scratch/later.yaml"
assert_status "pawl check" 2 host_exec pawl check later
assert_contains "which versions" "later.yaml:1:37: error: 'MemoryKSM', written so, came with systemd 254, and 252 is running" "$output"
assert_status "pawl reload" 2 host_exec pawl reload
assert_contains "which versions" "later.yaml:1:37: error: 'MemoryKSM', written so, came with systemd 254, and 252 is running" "$output"
