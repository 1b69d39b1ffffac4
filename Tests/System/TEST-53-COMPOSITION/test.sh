#!/usr/bin/env bash
# Workflows of several files: what counts, who may write it, what a run keeps, and the verbs that show and change it.
source "$(dirname "$0")/../lib.sh"

host_start
install_deb
etc=/etc/pawl/workflows run=/run/pawl/workflows lib=/usr/lib/pawl/workflows
host_exec mkdir -p $etc $run $lib/parts
put() { host_exec sh -c 'mkdir -p "$(dirname "$1")" && umask 022 && cat >"$1"' sh "$1"; }
said() { host_exec pawl logs "$1" "$2"; }

section "a workflow of a package, with an included part and drop-ins from three folders"
put $lib/greet.yaml <<'END'
include: [parts/site.yaml]
variables: {who: {type: string, default: nobody, description: Who is greeted}}
steps:
  - id: greet
    command: [echo, "hello ${who} of ${site}"]
    env: {WHERE: lib}
END
put $lib/parts/site.yaml <<'END'
variables: {site: here}
steps:
  - {id: first, run: 'echo "part at $site"'}
END
put $lib/greet.yaml.d/50-more.yaml <<<'steps: [{id: more, run: "echo $WHERE"}]'
put $run/greet.yaml.d/20-where.yaml <<<'env: {WHERE: run}'
put $etc/greet.yaml.d/10-who.yaml <<<'variables: {who: everybody}'
assert_status "pawl reload" 0 host_exec pawl reload
assert_status "pawl run" 0 host_exec pawl run greet
assert_equal "the step of the part" "part at here" "$(said @last first)"
assert_equal "the step of the file" "hello everybody of here" "$(said @last greet)"
assert_equal "the step of the drop-in" run "$(said @last more)"
assert_equal "a value given wins" "hello you of here" "$(host_exec pawl run greet who=you >/dev/null; said @last greet)"
assert_equal "the files as they count" "# $lib/parts/site.yaml
# $lib/greet.yaml
# $etc/greet.yaml.d/10-who.yaml
# $run/greet.yaml.d/20-where.yaml
# $lib/greet.yaml.d/50-more.yaml" "$(host_exec pawl cat greet | grep '^# ')"

section "a drop-in hides another one, and an empty one too"
put $etc/greet.yaml.d/50-more.yaml </dev/null
host_exec pawl reload
host_exec pawl run greet >/dev/null
assert_equal "the steps" '["first", "greet"]' "$(host_exec pawl status @last -o json | json '[s["id"] for s in d["steps"]]')"
host_exec rm $etc/greet.yaml.d/50-more.yaml

section "a run keeps all of its texts, over a restart of pawld and without the files"
put $lib/parts/site.yaml <<'END'
variables: {site: there}
steps:
  - {id: first, run: "until test -e /var/tmp/go-on; do sleep 0.05; done"}
END
assert_status "a changed part" 0 host_exec pawl reload
going=$(host_exec pawl run greet --detach)
host_exec rm -r $lib/greet.yaml $lib/parts $lib/greet.yaml.d $run/greet.yaml.d $etc/greet.yaml.d
assert_status "pawl reload" 0 host_exec pawl reload
assert_status "the workflow is gone" 4 host_exec pawl run greet
host_exec systemctl kill -s KILL pawld.service
host_exec touch /var/tmp/go-on
assert_status "pawl wait" 0 host_exec pawl wait "$going"
assert_equal "what it did" "hello everybody of there" "$(said "$going" greet)"
assert_equal "what its drop-in did" run "$(said "$going" more)"
host_exec systemctl restart pawld
assert_equal "and what is told of it" '["first", "greet", "more"]' "$(host_exec pawl status "$going" -o json | json '[s["id"] for s in d["steps"]]')"

section "masks"
put $lib/greet.yaml <<<'steps: [{id: a, command: [echo, a]}]'
host_exec ln -s /dev/null $etc/greet.yaml
assert_status "pawl reload" 0 host_exec pawl reload
assert_equal "pawl list" '[true, false, false]' "$(host_exec pawl list -o json | json 'next([w["masked"], w["faulty"], w["startable"]] for w in d if w["name"] == "greet")')"
assert_status "pawl run" 4 host_exec pawl run greet
assert_contains "why" "masked by $etc/greet.yaml" "$output"
host_exec rm $etc/greet.yaml
assert_status "pawl reload" 0 host_exec pawl reload
assert_status "pawl run" 0 host_exec pawl run greet

section "hostile parts"
hostile() { # WHAT NAME NEEDLE
  put $lib/greet.yaml <<END
steps: [{id: a, command: [echo, a]}]
include:
  - $2
END
  assert_status "$1: pawl check" 2 timeout 20 "$harness" exec "$host" -- pawl check greet
  assert_contains "$1: pawl check" "$lib/greet.yaml:3:5: error: " "$output"
  assert_status "$1: pawl reload" 2 timeout 20 "$harness" exec "$host" -- pawl reload
  assert_contains "$1: pawl reload" "$lib/greet.yaml:3:5: error: " "$output"
  assert_contains "$1: pawl reload" "$3" "$output"
  assert_status "$1: the last good text" 0 host_exec pawl run greet
}
host_exec mkfifo $lib/pipe
hostile "an endless device" /dev/zero "no regular file"
hostile "a FIFO" pipe "no regular file"
hostile "a missing file" parts/none.yaml "No such file"
hostile "itself" greet.yaml "include one another: $lib/greet.yaml -> $lib/greet.yaml"
put /srv/home/mine.yaml <<<'timeout: 1h'
put $lib/greet.yaml <<<'{include: [/srv/home/mine.yaml], steps: [{id: a, command: [echo, a]}]}'
assert_status "root's file in root's folder" 0 host_exec pawl reload
refused() {
  assert_status "$1" 2 host_exec pawl reload
  assert_contains "$1" "$lib/greet.yaml:1:12: error: the included file /srv/home/mine.yaml" "$output"
  assert_contains "$1" refused "$output"
}
host_exec chmod o+w /srv/home/mine.yaml
refused "a file that others can write"
host_exec sh -c 'chmod o-w /srv/home/mine.yaml; chown nobody /srv/home/mine.yaml'
refused "a file of somebody else's"
host_exec sh -c 'chown root /srv/home/mine.yaml; chmod o+w /srv/home'
refused "a folder that others can write"
host_exec sh -c 'chmod o-w /srv/home; chown nobody /srv/home'
refused "a folder of somebody else's"
host_exec sh -c 'mv /srv/home/mine.yaml /srv/other.yaml; ln -s ../other.yaml /srv/home/mine.yaml; chown root /srv/home; chown -h nobody /srv/home/mine.yaml'
refused "a link of somebody else's"
host_exec sh -c "for i in \$(seq 1000); do echo 'env: {A: b}' >$lib/p\$i.part; done; { echo include:; seq -f '  - p%g.part' 1000; echo 'steps: [{id: a, command: [echo, a]}]'; } >$lib/greet.yaml"
assert_status "a thousand" 2 timeout 20 "$harness" exec "$host" -- pawl reload
assert_contains "a thousand" "$lib/greet.yaml:66:5: error: a workflow includes at most 64 files" "$output"
host_exec sh -c "rm $lib/p*.part $lib/pipe; for i in \$(seq 1000); do echo 'include: ['\$((i % 1000 + 1)).part']' >$lib/\$i.part; done; echo '{include: [1.part], steps: [{id: a, command: [echo, a]}]}' >$lib/greet.yaml"
assert_status "a cycle of a thousand" 2 timeout 20 "$harness" exec "$host" -- pawl reload
assert_contains "a cycle of a thousand" "$lib/8.part:1:11: error: files are included more than 8 deep here" "$output"
host_exec sh -c "rm $lib/*.part; echo 'steps: [{id: a, command: [echo, a]}]' >$lib/greet.yaml"
put $etc/greet.yaml.d/10.yaml <<<'steps: [{id: a, tiemout: 5}]'
assert_status "a faulty drop-in" 2 host_exec pawl reload
assert_contains "a faulty drop-in" "$etc/greet.yaml.d/10.yaml:1:17: error: unknown key 'tiemout'" "$output"
host_exec rm $etc/greet.yaml.d/10.yaml
assert_status "mended" 0 host_exec pawl reload

section "pawl edit"
editor() { host_exec env SYSTEMD_EDITOR="$1" pawl edit "${@:2}"; }
put /var/tmp/adds <<'END'
#!/bin/sh
sed -i '0,/^$/s//\nsteps: [{id: b, command: [echo, edited]}]/' "$1"
END
put /var/tmp/breaks <<'END'
#!/bin/sh
sed -i 's/edited/${nobody}/' "$1"
END
host_exec sh -c 'chmod +x /var/tmp/adds /var/tmp/breaks'
host_exec rm -rf $etc/greet.yaml.d
assert_status "a drop-in" 0 editor /var/tmp/adds greet
assert_contains "what was saved" "$etc/greet.yaml.d/override.yaml: saved" "$output"
assert_equal "the drop-in" "steps: [{id: b, command: [echo, edited]}]" "$(host_exec cat $etc/greet.yaml.d/override.yaml)"
assert_equal "its mode" "644 root" "$(host_exec stat -c '%a %U' $etc/greet.yaml.d/override.yaml)"
assert_status "pawl run" 0 host_exec pawl run greet
assert_equal "it is in force" edited "$(said @last b)"
assert_status "a faulty one" 2 editor /var/tmp/breaks greet
assert_contains "the fault with the editor's line" "$etc/greet.yaml.d/override.yaml:4:" "$output"
kept=$(grep -oE '/var/tmp/pawl-edit-[^/]+/override.yaml' <<<"$output")
assert_contains "the text is kept" 'echo, ${nobody}' "$(host_exec cat "$kept")"
assert_contains "nothing was saved" edited "$(host_exec cat $etc/greet.yaml.d/override.yaml)"
assert_status "an editor that fails" 1 editor /bin/false greet
assert_status "a whole copy" 0 host_exec sh -c "echo 'steps: [{id: a, command: [echo, mine]}]' | pawl edit greet --full --stdin"
assert_equal "the copy" "steps: [{id: a, command: [echo, mine]}]" "$(host_exec cat $etc/greet.yaml)"
host_exec pawl run greet >/dev/null
assert_equal "it is in force" mine "$(said @last a)"
assert_status "one that is not there" 4 host_exec pawl edit gret --stdin
assert_contains "what was meant" "did you mean 'greet'" "$output"
assert_status "without the right" 6 host_exec runuser -u nobody -- pawl edit greet --stdin
assert_equal "nothing is left beside the files" "" "$(host_exec find $etc $run $lib -name '.*' -type f)"

section "the schema"
host_exec pawl schema >"$scratch/schema"
assert_equal "it is installed as it is printed" "" "$(host_exec cat /usr/share/pawl/workflow.schema.json | diff - "$scratch/schema" && true)"
assert_equal "its draft" "http://json-schema.org/draft-07/schema#" "$(json 'd["$schema"]' <"$scratch/schema")"
