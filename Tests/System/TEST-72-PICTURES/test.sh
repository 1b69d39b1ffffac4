#!/usr/bin/env bash
# plan, report, export and diff: what they show is what happened, in every form; the shapes of their JSON hold; and whatever a step
# writes is text on a page that asks nobody for anything.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

host_start
install_deb
run_of() { host_exec pawl run "$@" >/dev/null || true; host_exec pawl ps --all -o json | jq -r '.[0].run'; }
# Well-formed XML, of those elements alone.
svg() {
  python3 - "$1" <<'END'
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
names = {e.tag.split("}")[1] for e in root.iter()}
allowed = {"svg", "title", "style", "rect", "path", "text", "circle", "g", "line"}
assert names <= allowed, names - allowed
print(len([e for e in root.iter() if e.tag.endswith("}text")]))
END
}

workflow shop <<'END'
variables: {word: "<b>hello</b>", reach: 1}
max_parallel: 3
steps:
  - id: fetch
    run: |
      dd if=/dev/zero of=blob bs=1M count=8 status=none
      echo "size=8" >>"$PAWL_OUTPUT"
    unit: {MemoryMax: 256M}
    outputs: {size: integer}
  - id: build-web
    depends_on: [fetch]
    run: echo built
  - id: build-api
    depends_on: [fetch]
    run: '[[ -e flag ]] || { touch flag; echo "not yet"; exit 3; }'
    retry_policy: {max_retries: 2, initial_delay: 0.2s, backoff_type: fixed}
  - id: each
    depends_on: [fetch]
    foreach: [a, b, c, d, e, f, g, h, i, j, k, l]
    run: 'echo "item $item"'
    env: {item: "${item}"}
  - id: maybe
    depends_on: [build-web]
    when: "${reach > 1}"
    run: echo far
  - id: send
    depends_on: [build-web, build-api, each]
    run: |
      printf '\033[31m<script>alert(1)</script> & "%s" %s\033[0m\n' "$word" "$reach"
      [[ $reach != 1 ]] || exit 7
  - id: tell
    depends_on: [send]
    run: echo told
on_failure:
  - {id: clean, run: echo cleaned}
END

section "a plan in each form, without pawld"
host_exec systemctl stop pawld.socket pawld.service
host_exec env LC_ALL=C.UTF-8 pawl plan shop >"$scratch/plan"
assert_contains "the groups" "Group 2: build-web build-api each
Group 3: maybe send
Group 4: tell
on_failure: clean" "$(cat "$scratch/plan")"
assert_contains "the drawing" "│ fetch ├" "$(cat "$scratch/plan")"
assert_contains "a step with a condition" "┆ maybe ┆" "$(cat "$scratch/plan")"
assert_contains "a step with items" "each ×n" "$(cat "$scratch/plan")"
assert_match "why" "send +3 +waits for build-web, build-api, each" "$(cat "$scratch/plan")"
host_exec env LC_ALL=C pawl plan shop >"$scratch/plain"
assert_contains "without Unicode" "| fetch |" "$(cat "$scratch/plain")"
assert_equal "no sign but ASCII's" 0 "$(LC_ALL=C grep -c '[^ -~]' "$scratch/plain" || true)"
assert_equal "as JSON" '["fetch",["fetch"]]' "$(host_exec pawl plan shop -o json | jq -c '[.groups[0].steps[0].id, .groups[1].steps[0].waits_for]')"
host_exec pawl plan shop -o dot >"$scratch/plan.dot"
assert_contains "dot" '"build-web" -> "send";' "$(cat "$scratch/plan.dot")"
if command -v dot >/dev/null; then dot -Tsvg "$scratch/plan.dot" >/dev/null || fail "Graphviz does not read it"; fi
assert_contains "mermaid" 's0["fetch"]' "$(host_exec pawl plan shop -o mermaid)"
host_exec pawl plan shop -o svg >"$scratch/plan.svg"
svg "$scratch/plan.svg" >/dev/null || fail "the picture is no SVG"
host_exec systemctl start pawld.socket

section "a report of a run that failed, in each form"
failed=$(run_of shop)
host_exec pawl report "$failed" -o json >"$scratch/failed.json"
j() { jq -c "$1" "$scratch/$2.json"; }
assert_equal "its state" '["failed","shop"]' "$(j '[.state, .workflow]' failed)"
assert_equal "the sums" '[19,16,1,2,18,1]' "$(j '.summary | [.total, .successful, .failed, .skipped, .attempts, .retries]' failed)"
assert_equal "they add up" true "$(j '([.steps[].seconds // 0] | add) as $s | (.summary.total_seconds - $s | fabs) < 0.01' failed)"
assert_equal "the steps" '{"id":"build-api","state":"succeeded","attempts":2,"retries":1,"waits_for":["fetch"]}' \
  "$(j '.steps[] | select(.id == "build-api") | {id, state, attempts, retries, waits_for}' failed)"
assert_equal "its limit" '[268435456,true]' "$(j '.steps[0] | [.memory_max, .memory_peak > 1000000]' failed)"
assert_equal "the items" 12 "$(j '[.steps[] | select(.id == "each" and .item != null)] | length' failed)"
assert_equal "the error" '["send","failed",true]' "$(j '.errors[0] | [.step, .state, (.log[-1] | contains("<script>alert(1)</script>"))]' failed)"
assert_equal "the path begins and ends" '["fetch","start","clean","dependency"]' "$(j '.critical_path | [.[0].step, .[0].cause, .[-1].step, .[-1].cause]' failed)"
assert_contains "what to do" "pawl retry $failed" "$(j '.recommendations[0].text' failed)"
assert_contains "the retry" '"retries"' "$(j '[.recommendations[].topic]' failed)"
assert_equal "the command for a log" "not yet" "$(host_exec sh -c "$(j '.steps[] | select(.id == "build-api") | .log' failed | jq -r .)")"
host_exec pawl report "$failed" >"$scratch/failed.txt"
assert_contains "text: the state" "$failed: failed" "$(cat "$scratch/failed.txt")"
assert_contains "text: the sums" "19 in all: 16 succeeded, 1 failed, 2 skipped" "$(cat "$scratch/failed.txt")"
assert_equal "text: no order for a terminal" 0 "$(grep -c $'\033' "$scratch/failed.txt" || true)"
host_exec pawl report "$failed" -o md >"$scratch/failed.md"
assert_contains "md: a heading" "# Run $failed: failed" "$(cat "$scratch/failed.md")"
assert_contains "md: the log" '<script>alert(1)</script> & "<b>hello</b>" 1' "$(cat "$scratch/failed.md")"
host_exec pawl report "$failed" -o html >"$scratch/failed.html"

section "a page is one file, and what is in it is text"
page() {
  python3 - "$1" <<'END'
import re, sys
from html.parser import HTMLParser
text = open(sys.argv[1], encoding="utf-8").read()
class Reader(HTMLParser):
    def __init__(self):
        super().__init__(); self.tags = {}; self.attributes = set(); self.text = ""
    def handle_starttag(self, tag, attributes):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.attributes |= {name for name, _ in attributes}
    def handle_data(self, data): self.text += data
reader = Reader(); reader.feed(text)
assert not {"script", "link", "img", "iframe", "object", "embed", "form", "base"} & set(reader.tags), reader.tags
assert not {"src", "href", "srcset", "action", "xlink:href"} & reader.attributes, reader.attributes
assert not [name for name in reader.attributes if name.startswith("on")]
assert not re.search(r"url\(|@import|https?:", text)
assert reader.tags["svg"] == 2, reader.tags
assert "\x1b" not in text
print(reader.text)
END
}
page "$scratch/failed.html" >"$scratch/words" || fail "the page is not what it should be"
for words in '<script>alert(1)</script> & "<b>hello</b>" 1' "exit status 7" "Recommendations" "Critical path" "16 of 19" "each ×12"; do
  assert_contains "on the page" "$words" "$(cat "$scratch/words")"
done

section "a report of a run that succeeded, and of one that goes on"
good=$(run_of shop reach=2)
host_exec pawl report "$good" -o json >"$scratch/good.json"
# The handler of a failure had no turn, and is not counted.
assert_equal "the sums" '["succeeded",18,18,0,0,[]]' "$(j '[.state, .summary.total, .summary.successful, .summary.failed, .summary.skipped, .errors]' good)"
host_exec pawl report "$good" -o html >"$scratch/good.html"
page "$scratch/good.html" >/dev/null || fail "the page is not what it should be"
workflow waits <<'END'
steps: [{id: stays, run: "until [[ -e /srv/go ]]; do sleep 0.05; done"}]
END
going=$(host_exec pawl run waits --detach)
assert_equal "one that goes on" '["running",null]' "$(host_exec pawl report "$going" -o json | jq -c '[.state, .ended]')"
host_exec touch /srv/go
host_exec pawl wait "$going" >/dev/null

section "an archive has all of it, and twice the same bytes"
host_exec sh -c "cd /srv && pawl export $failed -o json" >"$scratch/export.json"
assert_equal "what it says" "[\"$failed\",\"$failed.tar.gz\",true]" "$(j '[.run, .file, .bytes > 1000]' export)"
assert_equal "for its owner alone" 600 "$(host_exec stat -c %a "/srv/$failed.tar.gz")"
assert_status "it is not written over" 8 host_exec sh -c "cd /srv && pawl export $failed"
host_exec sh -c "pawl export $failed - >/srv/again.tar.gz"
host_exec cmp "/srv/$failed.tar.gz" /srv/again.tar.gz || fail "two archives of one run differ"
host_exec sh -c "cd /srv && tar -xzf again.tar.gz"
inside() { host_exec cat "/srv/$failed/$1"; }
for file in status.json definition.json events.jsonl outputs.json log.jsonl report.html report.md report.json; do
  inside "$file" >"$scratch/inside" || fail "the archive has no $file"
  [[ -s $scratch/inside ]] || fail "$file is empty"
done
host_exec cmp /etc/pawl/workflows/shop.yaml "/srv/$failed/definition/etc/pawl/workflows/shop.yaml" || fail "the workflow is another one"
assert_equal "an item's log" "item c" "$(inside logs/each.2.log)"
assert_equal "what fetch gave" '{"size":8}' "$(inside outputs.json | jq -c '.[] | select(.id == "fetch") | .outputs')"
assert_equal "the events" '["run-created","run-ended"]' "$(inside events.jsonl | jq -sc '[.[0].kind, .[-1].kind]')"
assert_equal "each event once" true "$(inside events.jsonl | jq -sc '[.[].sequence] == [range(1; length + 1)]')"
assert_equal "nothing is left of making it" "" "$(host_exec sh -c 'ls -d /var/tmp/pawl-export-* 2>/dev/null || true')"

section "what differs between two runs"
host_exec pawl diff "$failed" "$good" -o json >"$scratch/diff.json"
assert_equal "the runs" '["failed","succeeded"]' "$(j '[.runs[].state]' diff)"
assert_equal "the text" '[]' "$(j .definition diff)"
assert_equal "the variables" '[{"name":"reach","values":[1,2]}]' "$(j .variables diff)"
assert_equal "send" '["failed","succeeded"]' "$(j '.steps[] | select(.id == "send") | .states' diff)"
assert_equal "a handler that had no turn in the second" '["succeeded","skipped"]' "$(j '.steps[] | select(.id == "clean") | .states' diff)"
workflow shop <<'END'
steps: [{id: fetch, run: echo other}]
END
other=$(run_of shop)
host_exec pawl diff "$good" "$other" -o json >"$scratch/diff.json"
assert_equal "only in the first" '["only"]' "$(j '.steps[] | select(.id == "send") | .changed' diff)"
host_exec pawl diff "$good" "$other" >"$scratch/diff.txt"
assert_contains "the new text" "+steps: [{id: fetch, run: echo other}]" "$(cat "$scratch/diff.txt")"
assert_contains "the old text" "-max_parallel: 3" "$(cat "$scratch/diff.txt")"
# A run keeps the text that it was started from.
assert_contains "the first one's plan" "build-api" "$(host_exec pawl report "$good" -o md)"

section "who may look at a run may look at all of it, and nobody else"
host_exec sh -c 'useradd --no-create-home viewer; usermod -aG pawl-viewers viewer; useradd --no-create-home mallory'
as() { local user=$1; shift; host_exec systemd-run --quiet --pipe --wait --collect --uid "$user" -- "$@"; }
assert_status "a viewer's report" 0 as viewer pawl report "$failed"
assert_status "a viewer's diff" 0 as viewer pawl diff "$failed" "$good"
for verb in "report $failed" "export $failed -" "diff $failed $good"; do
  # shellcheck disable=SC2086
  assert_status "mallory's $verb" 6 as mallory pawl $verb
done

section "no such run"
for verb in "report none" "export none" "diff none @last"; do
  # shellcheck disable=SC2086
  assert_status "$verb" 4 host_exec pawl $verb
done
