#!/usr/bin/env bash
# A user's own pawld, on the user's own systemd and without root: the same as the host's, as far as a user's systemd can; what that
# lacks is refused by name, and nobody else is obeyed.
source "$(dirname "$0")/../lib.sh"

need_box "a user's session"
host_start
install_deb
host_exec useradd --create-home --shell /bin/bash alice
host_exec useradd --create-home --shell /bin/bash bob
uid=$(host_exec id -u alice)

as() { # USER COMMAND...
  local user=$1 uid
  shift
  uid=$("$harness" exec "$host" -- id -u "$user")
  host_exec runuser -u "$user" -- env -i HOME="/home/$user" USER="$user" XDG_RUNTIME_DIR="/run/user/$uid" LANG=C.UTF-8 \
    PATH=/usr/local/bin:/usr/bin:/bin "$@"
}
alice() { as alice "$@"; }
ctl() { alice systemctl --user "$@"; }
mine() { alice pawl --user "$@"; }
workflow() { as alice sh -c 'mkdir -p ~/.config/pawl/workflows && cat >~/.config/pawl/workflows/$1.yaml' sh "$1"; }
# What a run came to: of the newest of a workflow.
newest() { mine ps --all -o json | json "([r for r in d if r['workflow'] == '$1'] or [{}])[0].get('$2')"; }
has() { [[ $(newest "$1" "$2") == "$3" ]]; }
marked() { host_exec grep -qx "$1" /home/alice/marks; }
manager_up() { host_exec systemctl start "user@$uid.service"; }

section "the user's systemd, without a session and without linger"
manager_up
assert_equal "the socket" active "$(ctl is-active pawld.socket)"
assert_equal "pawld is not there before it is asked" inactive "$(ctl is-active pawld.service || true)"

section "run, status, logs"
assert_status "run" 0 mine run hello
assert_equal "pawld" active "$(ctl is-active pawld.service)"
assert_equal "whose it is" "$uid" "$(host_exec stat -c %u "/home/alice/.local/state/pawl/pawl.db")"
workflow first <<'END'
steps:
  - {id: who, run: "echo \"I am $(id -un) in $HOME\"; echo low >&2; printf 'a=1\n' >>$PAWL_OUTPUT", outputs: {a: integer}}
  - {id: again, command: [echo, "got ${who.outputs.a}, ${who.output}"]}
END
assert_status "reload" 0 mine reload
assert_status "run" 0 mine run first
run=$(newest first run)
assert_equal "status" succeeded "$(mine status "$run" -o json | json 'd["state"]')"
log=$(mine logs "$run")
assert_contains "the log" "I am alice in /home/alice" "$log"
assert_contains "the log of stderr" "low" "$log"
assert_contains "a value" "got 1, I am alice" "$log"
assert_equal "the log of a step" "got 1, I am alice in /home/alice" "$(mine logs "$run" again)"
assert_status "before the verb and behind it" 0 alice pawl ps --user --all
assert_equal "nothing of it is the host's" '[]' "$(host_exec pawl ps --all -o json)"
assert_equal "the marks of the start are gone" "" "$(host_exec ls "/run/user/$uid/pawl/started")"

section "a start, and a stop, of a workflow as a unit"
workflow long <<'END'
steps:
  - {id: first, run: "echo first >>~/marks"}
  - {id: waits, run: "echo waits >>~/marks; until [[ -e ~/go ]]; do sleep 0.05; done", interrupted: rerun}
  - {id: last, run: "echo last >>~/marks"}
END
mine reload
ctl start --no-block pawl@long
wait_until 20 "it runs" marked waits
progress() { [[ $(ctl show -P StatusText pawl@long) == *"1/3] waits"* ]]; }
wait_until 20 "its progress" progress
assert_status "stop" 0 ctl stop pawl@long
assert_equal "the run" cancelled "$(newest long state)"
assert_equal "nothing is left" "" "$(ctl list-units --no-legend --plain 'pawl-step-*' | awk '{print $1}')"
assert_status "a unit that is none" 1 ctl start pawl@nope
entries=$(alice journalctl --user -u pawl@long -o cat)
assert_contains "the unit's journal" "was started by alice" "$entries"

section "pawld is killed in mid-step, and the result is kept"
host_exec rm -f /home/alice/marks
mine run long --detach
wait_until 20 "it runs" marked waits
before=$(ctl show -P MainPID pawld)
ctl kill -s KILL pawld
host_exec touch /home/alice/go
wait_until 20 "it goes on" has long state succeeded
[[ $(ctl show -P MainPID pawld) != "$before" ]] || fail "pawld was not killed"
assert_equal "each once" "first waits last" "$(host_exec paste -sd ' ' /home/alice/marks)"
run=$(newest long run)
receipt=$(host_exec cat "/home/alice/.local/state/pawl/runs/${run##*-}/waits.1/result.json")
assert_contains "the receipt" '"service_result":"success","exit_code":"exited","exit_status":"0"' "$receipt"

section "cancel"
host_exec rm -f /home/alice/go /home/alice/marks
mine run long --detach
wait_until 20 "it runs" marked waits
assert_status "cancel" 0 mine cancel @last
assert_equal "the run" cancelled "$(newest long state)"

section "the user's systemd ends in mid-step: interrupted, never succeeded, whatever the step's status"
workflow traps <<'END'
steps:
  - {id: traps, run: "trap 'exit 0' TERM; echo traps >>~/marks; sleep 600 & wait", interrupted: fail}
END
mine reload
host_exec rm -f /home/alice/marks
mine run traps --detach
mine run long --detach
wait_until 20 "it runs" marked traps
wait_until 20 "the other one too" marked waits
host_exec systemctl stop "user@$uid.service"
host_exec touch /home/alice/go
manager_up
# pawl-boot.service has started it: nobody has asked.
wait_until 30 "pawld is there again" ctl is-active -q pawld.service
wait_until 20 "it fails" has traps state failed
assert_equal "its attempt" interrupted "$(mine status "$(newest traps run)" -o json | json 'd["steps"][0]["attempts"][0]["state"]')"
wait_until 20 "the other one goes on" has long state succeeded
assert_equal "its step was run again" 2 "$(host_exec grep -cx waits /home/alice/marks)"

section "what the user's systemd lacks is refused by name, checked without pawld and by it"
workflow lacks <<'END'
steps:
  - {id: a, command: ["true"], unit: {DynamicUser: true}}
  - {id: b, command: ["true"], unit: {IPAddressDeny: any}}
  - {id: c, command: ["true"], unit: {ProtectSystem: strict}}
  - {id: d, reboot: true}
END
assert_status "check" 2 mine check lacks
for words in "'DynamicUser' cannot be set by a user's manager: only root can make a user" "'IPAddressDeny' cannot be set" \
  "'ProtectSystem' means nothing to a user's manager without 'PrivateUsers'" "'reboot' is not for a user's pawl"; do
  assert_contains "the fault" "$words" "$output"
done
assert_status "reload" 2 mine reload
assert_status "run" 2 mine run lacks
assert_status "the host's takes it" 0 host_exec pawl check /home/alice/.config/pawl/workflows/lacks.yaml
alice rm /home/alice/.config/pawl/workflows/lacks.yaml
mine reload

section "a sandbox that a user can have"
workflow sandbox <<'END'
unit: {PrivateUsers: true, ProtectHome: true, PrivateTmp: true, PrivateNetwork: true}
steps:
  - {id: a, run: "test ! -e /home/alice/marks; touch /tmp/here; echo inside >seen; echo b=2 >>$PAWL_OUTPUT", outputs: {b: integer}}
  - {id: b, run: "cat seen; test ! -e /tmp/here"}
  - {id: c, command: [echo, "got ${a.outputs.b}"]}
END
mine reload
assert_status "run" 0 mine run sandbox
assert_equal "what it left" "inside" "$(mine logs @last b)"
assert_equal "what it gave" "got 2" "$(mine logs @last c)"

section "a service of a step"
workflow serves <<'END'
steps:
  - id: server
    service: true
    command: [sh, -c, "touch ~/ready; exec sleep 600"]
    done_when: {file: /home/alice/ready}
  - {id: uses, run: "systemctl --user is-active pawl-service-*.service"}
END
mine reload
assert_status "run" 0 mine run serves
assert_equal "it is gone" "" "$(ctl list-units --no-legend --plain 'pawl-service-*' | awk '{print $1}')"

section "nobody else is obeyed"
# The folder alone keeps others out; it is opened here, so that pawld has to.
host_exec chmod 0711 "/run/user/$uid" "/run/user/$uid/pawl"
host_exec chmod 0666 "/run/user/$uid/pawl/pawl.sock"
assert_status "bob" 6 as bob env PAWL_SOCKET="/run/user/$uid/pawl/pawl.sock" pawl ps
assert_contains "why" "obeys that user and root" "$output"
assert_status "root" 0 host_exec env PAWL_SOCKET="/run/user/$uid/pawl/pawl.sock" pawl ps
assert_contains "the audit" "refused" "$(mine audit)"
assert_status "root has none of its own" 5 host_exec pawl --user ps
assert_status "without a manager" 5 host_exec runuser -u bob -- env -i HOME=/home/bob PATH=/usr/bin:/bin pawl --user ps
assert_contains "why" "XDG_RUNTIME_DIR" "$output"
assert_status "the host's obeys her no more than before" 6 alice pawl ps

section "schedules, without linger and with it"
workflow ticks <<'END'
schedule: "*:*:0/2"
steps: [{id: tick, run: "echo tick >>~/ticks"}]
END
assert_status "reload" 0 mine reload
assert_status "list" 0 mine list
assert_contains "list" "loginctl enable-linger" "$output"
assert_contains "doctor" "loginctl enable-linger" "$(mine doctor || true)"
assert_contains "the timer" "pawl@ticks.timer" "$(ctl list-timers --all --no-pager)"
wait_until 20 "it has run" host_exec test -s /home/alice/ticks
host_exec loginctl enable-linger alice
assert_status "list" 0 mine list
[[ $output != *enable-linger* ]] || fail "list still asks for linger: $output"
host_reboot
host_exec rm -f /home/alice/ticks
wait_until 30 "it runs after the boot, and nobody has logged in" host_exec test -s /home/alice/ticks
assert_equal "doctor" ok "$(mine doctor -o json | json '[f["state"] for f in d if f["check"] == "linger"][0]')"

section "enabled: it runs when the user's systemd comes up"
host_exec rm -f /home/alice/marks /home/alice/go
host_exec touch /home/alice/go
ctl enable -q pawl@long
host_reboot
wait_until 30 "it has run" marked last

section "prune takes folders along"
mine disable ticks
assert_status "prune" 0 mine prune --keep 0
empty() { [[ -z $(host_exec ls -A /home/alice/.local/state/pawl/runs/.removed) ]]; }
wait_until 20 "what was removed is gone" empty
