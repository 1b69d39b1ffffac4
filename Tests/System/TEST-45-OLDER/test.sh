#!/usr/bin/env bash
# A template of the older form loads as it stands and runs.
source "$(dirname "$0")/../lib.sh"

host_start
install_deb
sh() { host_exec bash -c "$1"; }

write_workflow my-workflow <<'END'
id: my-workflow
name: My Custom Workflow
description: Description of what this workflow does
category: data-science
version: "1.0"
variables:
  - name: input_param
    type: string
    description: Parameter description
    required: true
    default: "default_value"
  - {name: quality, type: float, default: 0.9}

workflow:
  id: my-workflow-execution
  name: My Workflow Execution
  timeout: 3600
  variables:
    input_param: ${input_param}
    report: /var/tmp/${input_param}.report

  tasks:
    - id: task1
      name: First Task
      type: exec
      parameters:
        script: |
          echo "try $PAWL_ATTEMPT" >>/var/tmp/marks
          echo "limit $input_param"
          test "$PAWL_ATTEMPT" = 3
      retry_policy:
        max_retries: 2
        backoff_type: exponential
        initial_delay: 100ms
      timeout: 60

    - id: task2
      name: Second Task
      type: exec
      depends_on: ["task1"]
      parameters:
        command: [tee, -a, "${report}"]
        args: ["/var/tmp/${task1.output == 'limit it' ? 'it' : 'other'}"]
        working_dir: /var/tmp
      timeout: 120

    - id: quality_check
      type: condition
      depends_on: [task2]
      condition: "${quality > 0.8}"
      on_success: ["publish_results"]
      on_failure: ["retry_processing"]

    - id: publish_results
      type: parallel
      parameters:
        tasks:
          - type: exec
            parameters: {script: 'echo one >>/var/tmp/marks'}
          - type: exec
            parameters: {command: [sh, -c, 'echo "two $(pwd)" >>/var/tmp/marks'], working_dir: /var/tmp}
    - {id: announce, type: exec, depends_on: [publish_results], parameters: {script: 'echo announced >>/var/tmp/marks'}}
    - {id: retry_processing, type: exec, parameters: {script: 'echo again >>/var/tmp/marks'}}
    - {id: last, type: exec, depends_on: [announce, retry_processing], parameters: {script: 'echo last >>/var/tmp/marks'}}
END
assert_status "pawl check" 0 host_exec pawl check my-workflow
assert_status "pawl reload" 0 host_exec pawl reload
states() { host_exec pawl status @last -o json | json '" ".join(s["id"] + "=" + s["state"] for s in d["steps"])'; }

section "the branch that is taken"
assert_status "pawl run" 0 host_exec pawl run my-workflow input_param=it
assert_equal "the states" "task1=succeeded task2=succeeded quality_check=succeeded publish_results-1=succeeded publish_results-2=succeeded publish_results=succeeded announce=succeeded retry_processing=skipped last=succeeded" "$(states)"
assert_equal "the marks" "try 1
try 2
try 3
announced
last
one
two /var/tmp" "$(sh 'head -n 3 /var/tmp/marks; tail -n +4 /var/tmp/marks | sort')"
assert_equal "the files that were named by values" "ok" "$(sh 'test -e /var/tmp/it.report && test -e /var/tmp/it && echo ok')"
assert_equal "the end" "last" "$(sh 'tail -n 1 /var/tmp/marks')"

section "the other branch, with what waits for the first one alone"
sh ': >/var/tmp/marks'
assert_status "pawl run" 0 host_exec pawl run my-workflow quality=0.5
assert_equal "the states" "task1=succeeded task2=succeeded quality_check=skipped publish_results-1=skipped publish_results-2=skipped publish_results=skipped announce=skipped retry_processing=succeeded last=succeeded" "$(states)"
assert_equal "the marks" "again
last" "$(sh 'tail -n +4 /var/tmp/marks')"

section "a failure within a parallel task is one of all that waits for it, and a retry goes on"
sh "sed -i 's,echo one >>/var/tmp/marks,test -e /var/tmp/luck \&\& echo one >>/var/tmp/marks,' /etc/pawl/workflows/my-workflow.yaml && pawl reload"
assert_status "pawl run" 1 host_exec pawl run my-workflow
assert_equal "the states" "task1=succeeded task2=succeeded quality_check=succeeded publish_results-1=failed publish_results-2=succeeded publish_results=skipped announce=skipped retry_processing=skipped last=skipped" "$(states)"
sh ': >/var/tmp/marks; touch /var/tmp/luck'
assert_status "pawl retry" 0 host_exec pawl retry @last
assert_equal "the marks" "one announced last" "$(sh 'paste -sd " " /var/tmp/marks')"

section "pawld is killed before and after the steps that do nothing"
sh ': >/var/tmp/marks'
run=$(host_exec pawl run my-workflow --detach)
for mark in "try 1" "try 3" "two" "announced"; do
  wait_until 20 "$mark" host_exec grep -q "$mark" /var/tmp/marks
  host_exec sh -c "systemctl kill -s KILL pawld || true"
done
assert_status "pawl wait" 0 host_exec pawl wait "$run"
assert_equal "the marks" 7 "$(sh 'wc -l </var/tmp/marks')"

section "what this version does not do is refused, where it stands"
write_workflow later <<'END'
workflow:
  tasks:
    - {id: ask, type: ai, parameters: {prompt: x}}
    - id: box
      type: exec
      parameters: {image: "python:3.9-slim", command: [python3, -V]}
END
assert_status "pawl check" 2 host_exec pawl check later
assert_contains "the kind" "later.yaml:3:23: error: a task of the type 'ai' asks a model, which this version of pawl does not do" "$output"
assert_contains "the container" "later.yaml:6:20: error: 'image' belongs to a container" "$output"

section "a plan of the template"
assert_contains "the groups" "Group 3: quality_check
Group 4: publish_results-1 publish_results-2 retry_processing
Group 5: publish_results
Group 6: announce
Group 7: last" "$(host_exec pawl plan my-workflow)"
