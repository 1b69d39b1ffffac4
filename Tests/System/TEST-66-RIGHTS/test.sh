#!/usr/bin/env bash
# Who may what: root and the group pawl everything, the group pawl-viewers look, and who is named in a workflow's `allow` what is
# that workflow's; and who asked for what is on record before it is done, also for what was refused.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

host_start
install_deb
on_host() { host_exec bash -c "$1"; }
# Each in a unit of its own: that is where a question comes from where nobody has logged in.
as() { local user=$1; shift; host_exec systemd-run --quiet --pipe --wait --collect --unit "ask-$user" --uid "$user" -- "$@"; }
audit() { host_exec pawl audit -o json "$@" | jq -c "$filter"; }

on_host 'for user in oper viewer alice bob mallory; do useradd --no-create-home $user; done
  groupadd web; usermod -aG web bob; usermod -aG pawl oper; usermod -aG pawl-viewers viewer'

workflow web <<'END'
allow: {users: [alice], groups: [web]}
variables: {name: world}
steps: [{id: say, run: 'echo "hello $name"'}]
END
workflow other <<'END'
steps: [{id: say, run: echo other}]
END
workflow long <<'END'
allow: {users: [alice]}
steps: [{id: waits, run: "sleep infinity"}]
END

section "root and the group"
assert_status "root" 0 host_exec pawl run other
assert_status "a member of the group" 0 as oper pawl run other
other=$(host_exec pawl ps --all -o json | jq -r '.[0].run')

section "viewers look and change nothing"
assert_status "ps" 0 as viewer pawl ps --all
assert_contains "ps" "$other" "$output"
assert_status "list" 0 as viewer pawl list
assert_status "status" 0 as viewer pawl status "$other"
assert_status "logs" 0 as viewer pawl logs "$other" say
assert_contains "logs" "other" "$output"
for verb in "run other" "retry $other" "undo $other" "resume $other" "cancel $other" "approve $other say" "disable other" "enable other" reload audit; do
  # shellcheck disable=SC2086
  assert_status "a viewer's $verb" 6 as viewer pawl $verb
done

section "who is allowed works with that workflow alone"
for user in alice bob; do
  assert_status "$user's run" 0 as "$user" pawl run web name="$user"
  run=$(host_exec pawl ps --all -o json | jq -r '.[0].run')
  assert_status "$user's logs" 0 as "$user" pawl logs "$run" say
  assert_equal "$user's logs" "hello $user" "$output"
  assert_status "$user's ps" 0 as "$user" pawl ps --all -o json
  assert_equal "$user sees" '["web"]' "$(jq -c 'map(.workflow) | unique - ["long"]' <<<"$output")"
  assert_status "$user's retry of one that succeeded" 8 as "$user" pawl retry "$run"
  for verb in "run other" "status $other" "logs $other" "status nothing-such" "retry $other" reload audit status; do
    # shellcheck disable=SC2086
    assert_status "$user's $verb" 6 as "$user" pawl $verb
  done
done
assert_status "what alice sees of workflows" 0 as alice pawl list -o json
assert_equal "alice's workflows" '["long","web"]' "$(jq -c 'map(.name)' <<<"$output")"
on_host 'install -m 0644 /etc/pawl/workflows/other.yaml /tmp/mine.yaml; echo "allow: {users: [mallory, alice]}" >>/tmp/mine.yaml'
assert_status "a text of her own" 6 as alice pawl run /tmp/mine.yaml
assert_status "alice starts a long one" 0 as alice pawl run long --detach
long=$output
assert_status "bob may not cancel it" 6 as bob pawl cancel "$long"
assert_status "alice may" 0 as alice pawl cancel "$long"

section "nobody else learns anything"
for verb in ps list "run web" "run nothing-such" "status $other" "status nothing-such"; do
  # shellcheck disable=SC2086
  assert_status "mallory's $verb" 6 as mallory pawl $verb
  assert_contains "mallory's $verb" "may not do that" "$output"
done

section "who is taken out is out"
workflow web <<'END'
variables: {name: world}
steps: [{id: say, run: 'echo "hello $name"'}]
END
assert_status "alice's run" 6 as alice pawl run web
assert_status "alice's logs of her own run" 6 as alice pawl logs "$run" say

section "it is all on record"
filter='map(select(.user == "alice" and .action == "run" and .target != "other" and .outcome == "done")) | .[0] | [.unit, .detail, (.target | startswith("web-"))]'
assert_equal "alice's run" '["ask-alice.service","variables: name",true]' "$(audit)"
filter='map(select(.action == "cancel") | [.user, .outcome])'
assert_equal "the cancels" '[["viewer","refused"],["bob","refused"],["alice","done"]]' "$(audit)"
filter='map(select(.user == "mallory") | [.action, .target, .outcome]) | unique'
assert_equal "mallory" '[["run","nothing-such","refused"],["run","web","refused"]]' "$(audit)"
filter='map(.outcome) | unique'
assert_equal "refused alone" '["refused"]' "$(audit --outcome refused)"
filter='map(.user) | unique'
assert_equal "by number" '["bob"]' "$(audit --uid "$(host_exec id -u bob)")"
filter='length'
assert_equal "none from the future" 0 "$(audit --since '+1h')"
assert_equal "the newest" 3 "$(audit -n 3)"
secret=$(host_exec pawl audit -o json | grep -c 'world\|=alice' || true)
assert_equal "no value is in it" 0 "$secret"
entry=$(host_exec journalctl -x -o short MESSAGE_ID=c6f3a1f6c2b44a5fa1e0d83c1b7d2a90)
assert_contains "the journal" "mallory (uid $(host_exec id -u mallory)) may not 'run web': refused" "$entry"
assert_contains "what to do next" "pawl audit --uid" "$entry"

section "a flood of refusals is bounded"
as mallory bash -c 'for ((i = 0; i < 60; i++)); do pawl run web; done' >/dev/null 2>&1 || true
filter='map(select(.user == "mallory")) | length'
count=$(audit)
((count <= 45)) || fail "$count refusals of one user are on record"

section "it outlives a kill of pawld, and what was asked for and never answered says so"
workflow stubborn <<'END'
steps: [{id: waits, run: "trap '' TERM; touch /srv/up; until [[ -e /srv/go ]]; do sleep 0.05 || true; done"}]
END
stubborn=$(host_exec pawl run stubborn --detach)
wait_until 20 "it runs" host_exec test -e /srv/up
host_exec systemd-run --quiet --unit canceller pawl cancel "$stubborn"
filter='map(select(.action == "cancel")) | last | [.user, .unit, .outcome]'
asked() { [[ $(audit) == '["root","canceller.service","asked"]' ]]; }
wait_until 20 "it is on record before it is done" asked
kill_pawld
host_exec touch /srv/go
host_exec pawl wait "$stubborn" >/dev/null || true
assert_equal "the run" cancelled "$(host_exec pawl status "$stubborn" -o json | jq -r .state)"
assert_equal "what pawld was killed over" '["root","canceller.service","asked"]' "$(audit)"

# It makes root's password empty: nothing for a machine that is the host itself.
if [[ $("$harness" kind) == box ]]; then
  section "whoever has become root is named, in the audit and in what the run says"
  host_exec passwd -q -d root
  run=$(host_exec pawl run long --detach)
  host_exec systemd-run --quiet --pipe --wait --collect --uid alice --property PAMName=login -- su -c "pawl cancel $run"
  assert_contains "the run" "cancelled by alice as root" "$(host_exec pawl status "$run")"
  assert_match "the audit" "alice as root +session-[0-9]+\.scope +cancel +$run +done" "$(host_exec pawl audit)"
fi
