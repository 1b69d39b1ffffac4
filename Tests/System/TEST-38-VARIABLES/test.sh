#!/usr/bin/env bash
# Where the values of a run's variables come from, and that they arrive as they are.
source "$(dirname "$0")/../lib.sh"

host_start
install_deb
write_workflow show <<'END'
variables:
  mode: {enum: [create, cleanup], default: create, description: What to do}
  cluster: {required: "${mode == 'cleanup'}", pattern: "[a-z][a-z0-9-]{3,}", description: Cluster name}
  count: {type: integer, default: 1, min: 1, max: 9}
  mail: nobody
  text: ""
steps:
  - id: tell
    run: 'printf "%s|" "$mode" "${cluster-}" "$count" "$mail" "$TEXT" >/var/tmp/told'
    env: {TEXT: "${text}"}
  - id: told
    command: [/usr/bin/bash, -c, 'printf "%s|" "$@" >/var/tmp/given', "-", "${upper(mode)}", "${text}", "${max(count, 2)}", "${format_time(run.started, '%Y')}"]
END
host_exec pawl reload
sh() { host_exec bash -c "$1"; }
told() { host_exec cat /var/tmp/told; }

section "defaults, and values of the configuration over them"
host_exec pawl run show >/dev/null
assert_equal "told" "create||1|nobody||" "$(told)"
sh 'printf "variables: {mail: site, nosuch: 1}\n" >/etc/pawl/config.yaml.d/50-site.yaml && pawl reload' >/dev/null
host_exec pawl run show >/dev/null
assert_equal "told" "create||1|site||" "$(told)"

section "the environment over those, files over it, and the command line over all"
sh 'PAWL_VAR_mail=env PAWL_VAR_count=2 PAWL_VAR_other=x pawl run show' >/dev/null
assert_equal "told" "create||2|env||" "$(told)"
sh 'printf "mail: file\ncount: 3\n" >/var/tmp/one.yaml; printf "{\t\"count\": 4}" >/var/tmp/two.json
    PAWL_VAR_mail=env PAWL_VAR_text=e pawl run show --vars-file /var/tmp/one.yaml --vars-file /var/tmp/two.json text=line' >/dev/null
assert_equal "told" "create||4|file|line|" "$(told)"

section "what does not fit keeps the run from starting, all of it told"
output=$(sh 'pawl run show mode=cleanup count=10 nosuch=1 </dev/null 2>&1; echo "status $?"')
assert_contains "its status" "status 2" "$output"
assert_contains "unknown" "no variable 'nosuch'" "$output"
assert_contains "required by the mode" "variable 'cluster' is required and has no value" "$output"
assert_contains "too many" "variable 'count' has to be at most 9, not 10" "$output"

section "who sits at a terminal is asked, and asked again"
output=$(sh "printf 'ab\nprod-1\n' | script -qec 'pawl run show mode=cleanup' /dev/null; echo \"status \$?\"")
assert_contains "the question" "cluster (Cluster name): " "$output"
assert_contains "what was wrong" "variable 'cluster' must match" "$output"
assert_equal "told" "cleanup|prod-1|1|site||" "$(told)"

section "a value reaches a script and a command unharmed and unexecuted"
hostile=$'"; touch /var/tmp/x #\n$(touch /var/tmp/x) `touch /var/tmp/x` \'${mode}\' \\ % $HOME *'
host_exec pawl run show "text=$hostile" >/dev/null
assert_equal "told" "create||1|site|$hostile|" "$(told)"
assert_equal "given" "CREATE|$hostile|2|$(date -u +%Y)|" "$(host_exec cat /var/tmp/given)"
assert_equal "executed" "no" "$(sh 'test -e /var/tmp/x && echo yes || echo no')"
