#!/usr/bin/env bash
# What says that work is done: asked before, after, with the step's user and sandbox, and first of all after a power cut.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

host_start
install_deb
on_host() { host_exec bash -c "$1"; }
step() { field_of "$1" ".steps[] | select(.id == \"$2\") | $3"; }
runs() { host_exec grep -c "^$1 " $marks 2>/dev/null || true; }

section "before the work it is not done again, after it the step waits, and a failure is one"
workflow probes <<'END'
steps:
  - id: once
    run: echo "once $PAWL_ATTEMPT" >>/srv/marks; (sleep 0.7; touch /srv/made) & sleep 0.1; disown
    done_when: {file: /srv/made, interval: 100ms}
    timeout: 20s
  - id: waits
    done_when:
      - {file: /srv/made, consecutive: 2, interval: 100ms}
      - {run: 'printf "user %s\n" "$(id -un)"; echo done', matches: "user nobody"}
      - {unit: dbus.socket}
    unit: {User: nobody, ProtectSystem: strict, PrivateTmp: true}
  - id: sandboxed
    run: 'echo "by $(id -un) as $PAWL_STEP" >>"$PAWL_RUN_DIR/sandboxed"; echo "n=1" >>"$PAWL_OUTPUT"'
    unit: {User: nobody, ProtectSystem: strict}
    done_when: {run: 'cat "$PAWL_RUN_DIR/sandboxed"', matches: "by nobody as sandboxed"}
    timeout: 20s
END
host_exec rm -f $marks /srv/made
assert_status "first" 0 host_exec pawl run probes
assert_equal "ran" 1 "$(runs once)"
assert_equal "state" succeeded "$(step @last once .state)"
assert_status "second" 0 host_exec pawl run probes
assert_equal "not again" 1 "$(runs once)"
assert_equal "state" skipped "$(step @last once .state)"
assert_equal "why" "done already: file /srv/made is there" "$(step @last once .reason)"
assert_equal "wait" succeeded "$(step @last waits .state)"

section "a URL, and a host without libcurl"
workflow url <<'END'
steps: [{id: u, done_when: {url: "http://127.0.0.1:4/"}, timeout: 2s}]
END
assert_status "nobody there" 1 host_exec pawl run url
assert_match "nobody there" "timed out after 2s: http://127.0.0.1:4/: (Could not|Couldn't) connect" "$(step @last u .reason)"
host_exec sh -c 'mkdir /root/away; mv /usr/lib/x86_64-linux-gnu/libcurl.so.4* /usr/lib/*/libcurl.so.4* /root/away 2>/dev/null; true'
assert_status "no libcurl" 1 host_exec pawl run url
assert_contains "no libcurl" "libcurl is missing on this host: 'apt install libcurl4'" "$(step @last u .reason)"

section "a timeout names what did not hold, and what is tried again begins with asking"
workflow never <<'END'
steps:
  - id: up
    run: echo "up $PAWL_ATTEMPT" >>/srv/marks
    done_when: {port: "127.0.0.1:4", interval: 100ms}
    timeout: 1s
    retry_policy: {max_retries: 1, initial_delay: 0s}
  - {id: fails, depends_on: [], run: exit 7, done_when: {file: /nonexistent}}
  - {id: killed, depends_on: [], run: 'kill -SEGV $$', done_when: {file: /nonexistent}}
  - {id: missing, depends_on: [], command: [/nonexistent/program], done_when: {file: /nonexistent}}
END
host_exec rm -f $marks
assert_status "never" 1 host_exec pawl run never
assert_equal "why" "timed out after 1s: port 127.0.0.1:4 is not open: Connection refused" "$(step @last up .reason)"
assert_equal "attempts" 2 "$(runs up)"
assert_equal "its own status" 7 "$(step @last fails .exit_code)"
assert_equal "its own signal" SEGV "$(step @last killed '.attempts[-1].signal')"
assert_contains "its program" "'/nonexistent/program' cannot be executed" "$(step @last missing .reason)"

section "cancelled while it waits"
workflow long <<'END'
steps: [{id: w, done_when: {file: /nonexistent}, timeout: 5min}]
END
host_exec pawl run long --detach >/dev/null
wait_until 10 "the wait" on_host 'systemctl list-units "pawl-step-*" --plain | grep -q running'
assert_status "cancel" 0 host_exec pawl cancel @last

# Each value of `interrupted`, where the work was done before the host was lost, and where it was not.
for policy in rerun ask fail; do
  for done in yes no; do
    workflow "$policy-$done" <<END
steps:
  - id: work
    interrupted: $policy
    run: |
      echo "$policy-$done \$PAWL_ATTEMPT" >>$marks
      [[ \$PAWL_ATTEMPT == 1 ]] || exit 0
      [[ $done == no ]] || touch /srv/$policy-$done
      sync
      echo "$policy-$done-waits 1" >>$marks
      exec sleep 300
    done_when: {file: /srv/$policy-$done, interval: 100ms}
    timeout: 10min
  - {id: after, run: echo "$policy-$done-after 1" >>$marks}
END
  done
done
lost() {
  declare -A names=()
  host_exec sh -c "rm -f $marks /srv/*-yes /srv/*-no"
  for policy in rerun ask fail; do for done in yes no; do names[$policy-$done]=$(started "$policy-$done"); done; done
  for policy in rerun ask fail; do
    for done in yes no; do wait_until 20 "$policy-$done runs" marked "$policy-$done-waits"; done
  done
  "$1"
  # Done: whatever the policy is, nothing is done again. Not done: it is what the policy says.
  for policy in ask fail; do
    assert_status "$policy, done" 0 host_exec timeout 60 pawl wait "${names[$policy-yes]}"
    assert_equal "$policy, done" 1 "$(runs "$policy-yes")"
    assert_contains "$policy, done" "it was interrupted, and its work is done: done already: file /srv/$policy-yes is there" \
      "$(step "${names[$policy-yes]}" work .reason)"
  done
  assert_status "rerun, done" 0 host_exec timeout 60 pawl wait "${names[rerun-yes]}"
  assert_equal "rerun, done" 1 "$(runs rerun-yes)"
  assert_equal "rerun, done" skipped "$(step "${names[rerun-yes]}" work .state)"
  wait_until 30 "rerun, not done: again" on_host "grep -q 'rerun-no 2' $marks"
  host_exec touch /srv/rerun-no
  assert_status "rerun, not done" 0 host_exec timeout 60 pawl wait "${names[rerun-no]}"
  assert_status "ask, not done" 1 host_exec timeout 60 pawl wait "${names[ask-no]}"
  assert_equal "ask, not done" stopped "$(field_of "${names[ask-no]}" .state)"
  assert_contains "ask, not done" "its work is not done: file /srv/ask-no: No such file" "$(field_of "${names[ask-no]}" .reason)"
  assert_equal "ask, not done" 1 "$(runs ask-no)"
  host_exec pawl resume "${names[ask-no]}" --detach >/dev/null
  wait_until 30 "ask: again" on_host "grep -q 'ask-no [23]' $marks"
  host_exec touch /srv/ask-no
  assert_status "ask, resumed" 0 host_exec timeout 60 pawl wait "${names[ask-no]}"
  assert_status "fail, not done" 1 host_exec timeout 60 pawl wait "${names[fail-no]}"
  assert_equal "fail, not done" interrupted "$(step "${names[fail-no]}" work .state)"
  assert_equal "fail, not done" 1 "$(runs fail-no)"
  assert_nothing_left
}
power_cut() {
  host_exec sync
  host_kill
  host_resume
}
section "a power cut"
lost power_cut
section "an orderly reboot"
lost host_reboot
