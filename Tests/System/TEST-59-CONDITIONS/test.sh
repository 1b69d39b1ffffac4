#!/usr/bin/env bash
# A step whose own condition does not hold is skipped once and for all, also when pawld is killed before it sees that; and a step with
# a root of its own is recorded by the host's recorder, whatever recorder lies in that root.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

host_start
install_deb
reason_of() { field_of "$1" ".steps[] | select(.id == \"$2\") | .reason"; }
# How often PID 1 was asked to start a unit, and by how many pawlds.
host_exec systemd-run -q --unit=listener sh -c \
  "exec busctl monitor --json=short --match=type=\'method_call\',member=\'StartTransientUnit\' >/srv/calls 2>/srv/listens"
wait_until 10 "all calls are listened to" host_exec test -s /srv/listens
asked() {
  host_exec grep -F "\"$1\"" /srv/calls | jq -r .sender >"$scratch/askers" || true
  echo "$(wc -l <"$scratch/askers") by $(sort -u "$scratch/askers" | wc -l)"
}

section "conditions that hold and conditions that do not"
host_exec touch /srv/there
workflow conditions <<E2
name: Conditions
variables: {path: /srv/none}
steps:
  - id: unmet
    unit: {ConditionPathExists: "\${path}"}
    run: echo "unmet \$PAWL_ATTEMPT" >>$marks
  - id: negated
    unit: {ConditionPathExists: "!/srv/there"}
    run: echo "negated \$PAWL_ATTEMPT" >>$marks
  - id: several
    unit: {ConditionPathExists: [/srv/there, /srv/none], ConditionUser: root}
    run: echo "several \$PAWL_ATTEMPT" >>$marks
  - id: each
    foreach: [/srv/there, /srv/none]
    unit: {ConditionPathExists: "\${item}"}
    run: echo "each.\$index \$PAWL_ATTEMPT" >>$marks
  - id: met
    unit: {ConditionPathExists: ["|/srv/none", "|/srv/there"], AssertPathExists: "!/srv/none", ConditionCPUs: ">= 1"}
    run: echo "met \$PAWL_ATTEMPT" >>$marks
  - id: retried
    unit: {AssertPathExists: /srv/none}
    retry_policy: {max_retries: 1, initial_delay: 100ms}
    continue_on_failure: true
    run: echo "retried \$PAWL_ATTEMPT" >>$marks
  - id: last
    run: echo "last \$PAWL_ATTEMPT" >>$marks
E2
run=$(started conditions)
id=${run##*-}
assert_status "the run" 0 host_exec timeout 60 pawl wait "$run"
printf '%s\n' "unmet skipped - 1" "negated skipped - 1" "several skipped - 1" "each succeeded - 0" \
  "each succeeded 0 1" "each skipped - 1" "met succeeded 0 1" \
  "retried failed - 2" "last succeeded 0 1" | assert_steps "$run"
printf '%s 1\n' each.0 met last | assert_marks
assert_equal "the reason" "condition of its unit not met: ConditionPathExists=/srv/none" "$(reason_of "$run" unmet)"
assert_equal "the opposite" "condition of its unit not met: ConditionPathExists=!/srv/there" "$(reason_of "$run" negated)"
assert_contains "of several" "one of ConditionPathExists=/srv/there, ConditionPathExists=/srv/none, ConditionUser=root" "$(reason_of "$run" several)"
assert_equal "an assertion" "assertion of its unit not met: AssertPathExists=/srv/none" "$(reason_of "$run" retried)"
for step in unmet negated several; do
  assert_equal "how often PID 1 was asked for $step" "1 by 1" "$(asked "pawl-step-$id.$step.1.service")"
done
assert_nothing_left

section "pawld is killed between the start and the sign"
host_exec rm -f $marks
workflow killed <<E2
name: Killed
steps:
  - id: first
    unit: {ConditionPathExists: "!/srv/tried"}
    retry_policy: {max_retries: 5, initial_delay: 3s, backoff_type: fixed}
    continue_on_failure: true
    run: echo "first \$PAWL_ATTEMPT" >>$marks; touch /srv/tried; exit 5
  - id: second
    run: echo "second \$PAWL_ATTEMPT" >>$marks
E2
run=$(started killed)
id=${run##*-}
paused() { [[ $(field_of "$run" '.steps[0].attempts | length') == 1 && $(field_of "$run" '.steps[0].attempts[0].state') == failed ]]; }
wait_until 20 "the first attempt has failed" paused
# What pawld sends now stays with the bus until pawld is dead; then PID 1 gets it, and its signals are for nobody.
bus=$(host_exec systemctl show -P MainPID dbus.service)
host_exec kill -STOP "$bus"
wait_until 20 "the second attempt is ordered" host_exec test -e "/var/lib/pawl/runs/$id/first.2/io/output"
sleep 0.5
kill_pawld
host_exec kill -CONT "$bus"
assert_status "the run" 0 host_exec timeout 60 pawl wait "$run"
printf '%s\n' "first failed - 2" "second succeeded 0 1" | assert_steps "$run"
printf '%s\n' "first 1" "second 1" | assert_marks
assert_equal "what became of both" "exit status 5; not tried again: condition of its unit not met: ConditionPathExists=!/srv/tried" "$(reason_of "$run" first)"
assert_equal "how often PID 1 was asked: by the dead one, and by the next" "2 by 2" "$(asked "pawl-step-$id.first.2.service")"
assert_nothing_left

section "many of them, while pawld is killed again and again"
host_exec rm -f $marks
workflow many <<E2
name: Many
max_parallel: 8
steps:
  - id: each
    foreach: [$(seq -s, 60)]
    unit: {ConditionPathExists: /srv/none}
    run: echo "each \$item" >>$marks
  - id: last
    run: echo "last \$PAWL_ATTEMPT" >>$marks
E2
run=$(started many)
for _ in {1..12}; do
  sleep 0.1
  kill_pawld || true
done
assert_status "the run" 0 host_exec timeout 90 pawl wait "$run"
printf '%s\n' "last 1" | assert_marks
assert_equal "the step and its items, each skipped for that" 61 "$(field_of "$run" '[.steps[] | select(.id == "each" and .state == "skipped" and
  .reason == "condition of its unit not met: ConditionPathExists=/srv/none")] | length')"
assert_nothing_left

section "an image that carries its own recorder"
host_exec rm -f $marks
host_exec bash -euo pipefail -s <<'E2'
# /bin, /lib and the rest are what they are on the host, with as little as a shell needs.
image=/srv/image
mkdir -p $image/usr/{bin,libexec/pawl} $image/etc
for link in bin lib lib64 sbin; do ln -s usr/$link $image/$link; done
mkdir -p $image/usr/lib $image/usr/lib64
for program in /bin/bash /bin/cat /bin/sleep /bin/touch /usr/bin/id; do
  cp -L $program $image/usr/bin
  for library in $(ldd $program | grep -o '/[^ ]*\.so[^ ]*'); do
    mkdir -p "$image/$(dirname "$library")"
    cp -L "$library" "$image/$library"
  done
done
echo image >$image/etc/hostname
# Everything of pawl's that could be run as root writes a mark where all can see it.
for program in pawl-record pawl-step pawld; do
  printf '#!/bin/bash\necho "%s $*" >>/forged\n' $program >$image/usr/libexec/pawl/$program
  chmod 0755 $image/usr/libexec/pawl/$program
done
mkdir -p $image/usr/lib/pawl
cp $image/usr/libexec/pawl/pawl-record $image/usr/lib/pawl/pawl-record
touch $image/forged && chmod 0666 $image/forged
# As much by a link as by itself: one image has its own idea of where /run is.
cp -a $image /srv/linked
mkdir $image/run /srv/linked/elsewhere
ln -s /elsewhere /srv/linked/run
# And one in which nothing can be started.
mkdir -p /srv/empty/usr/libexec/pawl
cp $image/usr/libexec/pawl/pawl-record /srv/empty/usr/libexec/pawl
E2
workflow image <<E2
name: Image
max_parallel: 8
steps:
  - id: script
    unit: {RootDirectory: /srv/image}
    run: |
      [[ \$(cat /etc/hostname) == image ]]
      echo "root=\$(id -u)" >>"\$PAWL_OUTPUT"
      touch "\$PAWL_RUN_DIR/from-script"
  - {id: nobody, unit: {RootDirectory: /srv/image, User: nobody}, run: 'id -u; exit 4', continue_on_failure: true}
  - {id: dynamic, unit: {RootDirectory: /srv/image, DynamicUser: true, ProtectSystem: strict, PrivateTmp: true}, run: 'touch /tmp/x; [[ \$(id -u) != 0 ]]'}
  - {id: killed, unit: {RootDirectory: /srv/image}, command: [bash, -c, 'kill -KILL \$\$'], continue_on_failure: true}
  - {id: linked, unit: {RootDirectory: /srv/linked}, run: '[[ -e \$PAWL_RUN_DIR/from-script ]]; exit 6', continue_on_failure: true}
  - {id: empty, unit: {RootDirectory: /srv/empty}, run: 'true', continue_on_failure: true}
  - {id: missing, unit: {RootDirectory: /srv/nowhere}, run: 'true', continue_on_failure: true}
  - id: told
    run: 'echo "\$text"; [[ \$(cat /etc/hostname) != image ]]'
    env: {text: "\${script.outputs.root} \${nobody.output}"}
  - {id: plain, unit: {RootDirectory: /srv/image}, command: [cat, /etc/hostname]}
E2
run=$(started image)
id=${run##*-}
assert_status "the run" 0 host_exec timeout 60 pawl wait "$run"
printf '%s\n' "script succeeded 0 1" "nobody failed 4 1" "dynamic succeeded 0 1" "killed failed KILL 1" "linked failed 6 1" \
  "empty failed 203 1" "missing failed 226 1" "told succeeded 0 1" "plain succeeded 0 1" | assert_steps "$run"
assert_contains "outputs and stdout from inside" "0 65534" "$(host_exec pawl logs "$run" told)"
assert_contains "its output in the journal" image "$(host_exec pawl logs "$run" plain)"
forged() { host_exec sh -c 'cat /srv/*/forged /forged 2>/dev/null || true'; }
assert_equal "what the image's recorder has written" "" "$(forged)"
for step in script nobody dynamic killed linked plain; do
  assert_equal "the receipt of $step" "pawl-step-$id.$step.1.service" "$(host_exec cat "/var/lib/pawl/runs/$id/$step.1/result.json" | jq -r .unit)"
done
assert_nothing_left

section "over a reload, a re-execution and a kill of pawld"
workflow lasting <<E2
name: Lasting
unit: {RootDirectory: /srv/image}
steps:
  - id: lasts
    run: until [[ -e \$PAWL_RUN_DIR/go ]]; do sleep 0.05; done; exit 3
E2
run=$(started lasting)
id=${run##*-}
wait_until 10 "it runs" host_exec systemctl is-active -q "pawl-step-$id.lasts.1.service"
host_exec systemctl daemon-reload
host_exec systemctl daemon-reexec
kill_pawld
host_exec touch "/var/lib/pawl/runs/$id/work/go"
assert_status "the run" 1 host_exec timeout 30 pawl wait "$run"
printf '%s\n' "lasts failed 3 1" | assert_steps "$run"
assert_equal "the receipt" 3 "$(host_exec cat "/var/lib/pawl/runs/$id/lasts.1/result.json" | jq -r .exit_status)"
assert_equal "what the image's recorder has written" "" "$(forged)"
assert_nothing_left

section "the same as a disk image"
if host_exec sh -c 'truncate -s 64M /srv/image.ext4 && mke2fs -q -t ext4 -d /srv/image /srv/image.ext4 &&
  systemd-run -q --wait -p RootImage=/srv/image.ext4 /bin/bash -c :'; then
  workflow disk <<E2
name: Disk
unit: {RootImage: /srv/image.ext4}
steps:
  - {id: inside, run: '[[ \$(cat /etc/hostname) == image ]]; exit 3'}
E2
  run=$(started disk)
  assert_status "the run" 1 host_exec timeout 60 pawl wait "$run"
  printf '%s\n' "inside failed 3 1" | assert_steps "$run"
  assert_equal "the receipt" 3 "$(host_exec cat "/var/lib/pawl/runs/${run##*-}/inside.1/result.json" | jq -r .exit_status)"
  assert_equal "what its recorder has written" "" "$(forged)"
else
  echo "no disk image can be mounted here"
fi

section "what is refused"
cat >"$scratch/refused.yaml" <<E2
steps:
  - {id: a, run: "true", unit: {RootDirectory: /srv/image, RootDirectoryStartOnly: false}}
  - {id: b, done_when: {file: /x}, unit: {RootDirectory: /srv/image}}
E2
host_copy "$scratch/refused.yaml" /root
assert_status "pawl check" 2 host_exec pawl check /root/refused.yaml
assert_contains "the directive that keeps the recorder out" "2:60: error: 'RootDirectoryStartOnly' cannot be set for a step" "$output"
assert_status "pawl check" 2 host_exec sh -c 'sed -i /RootDirectoryStartOnly/d /root/refused.yaml && pawl check /root/refused.yaml'
assert_contains "done_when in there" "a root of its own, in which nothing can ask its 'done_when'" "$output"

section "what would happen without the line that keeps the recorder out of the root"
host_exec sh -c 'mkdir -p /etc/systemd/system/pawl-step-.service.d
  printf "[Service]\nRootDirectoryStartOnly=no\n" >/etc/systemd/system/pawl-step-.service.d/99-test.conf'
host_exec systemctl daemon-reload
run=$(started image)
host_exec timeout 60 pawl wait "$run" >/dev/null 2>&1 || true
assert_contains "the image's recorder has run as root" "pawl-record pawl-step-${run##*-}.script.1.service" "$(forged)"
