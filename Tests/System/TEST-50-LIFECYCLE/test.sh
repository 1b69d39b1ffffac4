#!/usr/bin/env bash
# One workflow for the whole life of a cluster: each branch, what is asked for, what is refused, and the way back.
source "$(dirname "$0")/../lib.sh"

host_start
install_deb
sh() { host_exec bash -c "$1"; }
# What a site has as scripts; each leaves a line.
sh 'mkdir -p /opt/site && cd /opt/site && for name in generate-cluster new-cluster remove-cluster regenerate-all-clusters \
    find-aws-resources clean-aws health-check update-dynamic-docs; do
  printf "#!/bin/bash\necho \"%s \$*\" >>/var/tmp/done\n[[ ! -e /var/tmp/broken-%s ]]\n" "$name" "$name" >"$name"
done && chmod 0755 *'
write_workflow lifecycle <<'END'
name: The life of a cluster
variables:
  operation: {enum: [create, bulk-update, cleanup], default: create}
  spec: {type: path, description: Regional specification}
  cluster:
    required: "${operation == 'cleanup' || operation == 'create' && spec == null}"
    pattern: "[a-z][a-z0-9-]{3,}"
    description: Cluster
steps:
  - id: from-spec
    when: "${operation == 'create' && spec != null}"
    command: [/opt/site/generate-cluster, "${spec}"]
    undo: {command: [/opt/site/remove-cluster, "${spec}"]}
  - id: by-asking
    when: "${operation == 'create' && spec == null}"
    command: [/opt/site/new-cluster, "${cluster}"]
    undo: {command: [/opt/site/remove-cluster, "${cluster}"]}
  - id: regenerate
    when: "${operation == 'bulk-update'}"
    command: [/opt/site/regenerate-all-clusters]
  - id: find
    when: "${operation == 'cleanup'}"
    command: [/opt/site/find-aws-resources, "${cluster}"]
  - id: clean
    when: "${operation == 'cleanup'}"
    command: [/opt/site/clean-aws]
  - id: healthy
    when: "${operation != 'cleanup'}"
    command: [/opt/site/health-check]
    retry_policy: {max_retries: 1, initial_delay: 100ms}
  - id: docs
    when: "${operation == 'create'}"
    command: [/opt/site/update-dynamic-docs]
on_failure:
  - {id: tell, command: [/usr/bin/touch, /var/tmp/told]}
END
write_workflow release <<'END'
variables:
  hosts: [a, b, c]
steps:
  - id: build
    foreach: "${hosts}"
    max_parallel: 2
    run: |
      [[ $item != b || -e /var/tmp/b-is-fine ]]
      echo "n=$index$item" >>"$PAWL_OUTPUT"
  - {id: sure, approval: "Release ${join(build.outputs.n, ', ')}?"}
  - {id: release, run: 'echo "released $WHAT" >>/var/tmp/done', env: {WHAT: "${join(build.outputs.n, '+')}"}}
on_exit:
  - {id: clean, run: 'echo cleaned >>/var/tmp/done'}
END
host_exec pawl reload
done_now() { sh 'cat /var/tmp/done 2>/dev/null | tr "\n" ";"; rm -f /var/tmp/done'; }

section "create from a specification"
host_exec pawl run lifecycle spec=/etc/spec.yaml >/dev/null
assert_equal "done" "generate-cluster /etc/spec.yaml;health-check ;update-dynamic-docs ;" "$(done_now)"

section "create by asking"
sh "printf 'prod-1\n' | script -qec 'pawl run lifecycle' /dev/null" >/dev/null
assert_equal "done" "new-cluster prod-1;health-check ;update-dynamic-docs ;" "$(done_now)"

section "bulk-update and cleanup"
host_exec pawl run lifecycle operation=bulk-update >/dev/null
assert_equal "done" "regenerate-all-clusters ;health-check ;" "$(done_now)"
host_exec pawl run lifecycle operation=cleanup cluster=prod-1 >/dev/null
assert_equal "done" "find-aws-resources prod-1;clean-aws ;" "$(done_now)"

section "cleanup refuses to start without an id, and nothing has run"
assert_status "no id" 2 host_exec pawl run lifecycle operation=cleanup </dev/null
assert_contains "no id" "variable 'cluster' is required and has no value" "$output"
assert_equal "done" "" "$(done_now)"

section "a create that fails half-way is taken back, once"
sh 'touch /var/tmp/broken-health-check'
assert_status "half-way" 1 host_exec pawl run lifecycle spec=/etc/spec.yaml
assert_equal "done" "generate-cluster /etc/spec.yaml;health-check ;health-check ;" "$(done_now)"
assert_equal "told" "yes" "$(sh 'test -e /var/tmp/told && echo yes')"
sh 'rm /var/tmp/broken-health-check'
run=$(host_exec pawl ps --all --output json | json '[r["run"] for r in d if r["state"] == "failed"][0]')
assert_status "undo" 0 host_exec pawl undo "$run"
assert_equal "done" "remove-cluster /etc/spec.yaml;" "$(done_now)"
assert_status "twice" 8 host_exec pawl undo "$run"
assert_contains "twice" "was taken back by" "$output"
assert_status "retry" 8 host_exec pawl retry "$run"
assert_contains "retry" "was taken back by" "$output"

section "items, a retry of the one that failed, an approval, and what is done at the end"
assert_status "b fails" 1 host_exec pawl run release
assert_contains "b fails" "1 of 3 items failed: 1" "$output"
assert_equal "done" "cleaned;" "$(done_now)"
sh 'touch /var/tmp/b-is-fine'
host_exec pawl retry @last --detach >/dev/null
wait_until 10 "an approval" sh 'pawl status @last | grep -q "waits for approval: Release 0a, 1b, 2c?"'
assert_status "no such" 8 host_exec pawl approve @last release
assert_contains "no such" "waits for no approval; sure does" "$output"
# It waits over a restart of pawld too.
host_exec systemctl kill --signal SIGKILL pawld.service
host_exec pawl approve @last sure --comment 'checked with Ada' >/dev/null
host_exec pawl wait @last >/dev/null
assert_equal "done" "released 0a+1b+2c;cleaned;" "$(done_now)"
assert_contains "who has said so" "approved by root: checked with Ada" "$(host_exec pawl status @last)"
attempts=$(host_exec pawl status @last --output json | json '[len(s["attempts"]) for s in d["steps"] if s["id"] == "build" and s["item"] is not None]')
assert_equal "attempts of the items" "[1, 2, 1]" "$attempts"

section "a no, and a cancel while it waits"
host_exec pawl run release --detach >/dev/null
wait_until 10 "an approval" sh 'pawl status @last | grep -q "waits for approval"'
host_exec pawl reject @last sure >/dev/null
assert_status "rejected" 1 host_exec pawl wait @last
assert_equal "done" "cleaned;" "$(done_now)"
host_exec pawl run release --detach >/dev/null
wait_until 10 "an approval" sh 'pawl status @last | grep -q "waits for approval"'
host_exec pawl cancel @last >/dev/null
assert_equal "done" "cleaned;" "$(done_now)"
