#!/usr/bin/env bash
# Services that outlive their step, each ready when its own processes say so; and a step that reboots the host.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

host_start
install_deb
step() { field_of "$1" ".steps[] | select(.id == \"$2\") | $3"; }
active() { host_exec systemctl is-active "$1" 2>/dev/null || true; }
show() { host_exec systemctl show -p "$2" --value "$1"; }

# A server in Perl, which every Debian has: it waits, and then listens.
host_exec sh -c 'cat >/usr/local/bin/server' <<'END'
#!/usr/bin/perl
use IO::Socket::INET;
select(undef, undef, undef, $ARGV[1]);
my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1);
unless ($server) { print STDERR "$!\n"; exit 9 }
$| = 1;
print "listening at $ARGV[0]\n";
while (my $client = $server->accept) { close $client }
END
host_exec chmod 755 /usr/local/bin/server

section "it stays, as the user and in the sandbox that the step says, outside of the run's slice"
workflow stays <<'END'
variables: {greeting: 'hello $HOME "quoted"'}
steps:
  - id: up
    foreach: [a, b]
    service: "web-${item}"
    command: [server, "700${index}", "0.5"]
    unit: {User: nobody, ProtectSystem: strict, MemoryMax: 64M}
    done_when: {port: "127.0.0.1:700${index}", interval: 100ms}
    timeout: 20s
  - id: script
    depends_on: []
    service: scripted
    run: |
      printf '%s|%s|%s\n' "$greeting" "$PAWL_STEP" "$(id -un)"
      touch "$PAWL_RUN_DIR/up"
      exec sleep 1000
    unit: {User: nobody, PrivateTmp: true}
    done_when: {run: 'test -e "$PAWL_RUN_DIR/up"', interval: 100ms}
  - id: own
    depends_on: []
    service: true
    command: [sleep, "1000"]
  - {id: both, depends_on: [up, own], command: [systemctl, is-active, web-a, web-b]}
END
assert_status "run" 0 host_exec pawl run stays
stays=$(field_of @last .run)
for unit in web-a web-b scripted; do assert_equal "$unit" active "$(active $unit)"; done
assert_equal "slice" system.slice "$(show web-a Slice)"
assert_equal "user" nobody "$(show web-a User)"
assert_equal "limit" 67108864 "$(show web-a MemoryMax)"
assert_equal "what went with the run" "" "$(host_exec systemctl list-units --all --plain --no-legend 'pawl-service-*')"
assert_equal "its end" succeeded "$(field_of "$stays" '.steps[-1] | .id + " " + .state' | sed 's/stop-services //')"
assert_equal "the run's slice" "" "$(host_exec systemctl list-units --all --plain --no-legend 'pawl-*.slice' | grep -v '^pawl.slice' || true)"
assert_contains "its log" 'hello $HOME "quoted"|script|nobody' "$(host_exec pawl logs "$stays" script)"
assert_contains "a server's log" "listening at 7001" "$(host_exec pawl logs "$stays" up)"

section "a second run finds them, and starts none"
pid=$(show web-a MainPID)
assert_status "again" 0 host_exec pawl run stays
again=$(field_of @last .run)
assert_equal "the same process" "$pid" "$(show web-a MainPID)"
assert_equal "state" "skipped skipped" "$(field_of @last '[.steps[] | select(.id == "up" and .item != null) | .state] | join(" ")')"
assert_contains "why" "web-a.service runs and is ready" "$(field_of @last '.steps[] | select(.id == "up" and .item == 0) | .reason')"

section "an undo stops them, of the run that has started them"
assert_status "undo" 0 host_exec pawl undo "$stays"
for unit in web-a web-b; do assert_equal "$unit" inactive "$(active $unit)"; done
# Its probe looks into the folder of its own run, so the second run has started it anew.
assert_equal "scripted" active "$(active scripted)"
assert_status "undo" 0 host_exec pawl undo "$again"
assert_equal "scripted" inactive "$(active scripted)"

section "what is left over from another time does not answer for it"
host_exec systemd-run --quiet --unit=stale server 7100 0
wait_until 10 "the stale one" host_exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/7100'
workflow stale <<'END'
steps:
  - id: up
    service: fresh
    command: [sleep, "1000"]
    unit: {User: nobody}
    done_when: {port: "127.0.0.1:7100", interval: 100ms}
    timeout: 2s
END
assert_status "stale" 1 host_exec pawl run stale
assert_equal "state" timed-out "$(step @last up .state)"
assert_contains "said" "port 127.0.0.1:7100 is answered by a process that is not the service's" "$(host_exec pawl logs @last up)"
assert_equal "stopped with the failure" inactive "$(active fresh)"
assert_equal "nothing failed is left" "" "$(host_exec systemctl list-units --failed --plain --no-legend)"
workflow bind <<'END'
steps: [{id: up, service: fresh, command: [server, "7100", "0"], done_when: {port: "127.0.0.1:7100", interval: 100ms}}]
END
assert_status "its port is taken" 1 host_exec pawl run bind
assert_contains "why" "fresh.service did not become ready: its main process has exited with 9" "$(step @last up .reason)"
assert_equal "its own status" 9 "$(step @last up .exit_code)"
host_exec systemctl stop stale

section "what is somebody else's is left alone"
host_exec sh -c 'printf "[Service]\nExecStart=sleep 1000\n" >/etc/systemd/system/theirs.service; systemctl daemon-reload; systemctl start theirs'
host_exec systemd-run --quiet --unit=alien sleep 1000
for unit in theirs alien; do
  workflow foreign <<END
steps: [{id: up, service: $unit, command: [sleep, "7"]}]
END
  assert_status "$unit" 1 host_exec pawl run foreign
  assert_contains "$unit" "$unit.service is not this workflow's" "$(step @last up .reason)"
  assert_equal "$unit" active "$(active $unit)"
done

section "failed and cancelled runs stop theirs, after their handlers"
workflow ends <<'END'
variables: {how: fail}
steps:
  - {id: up, service: ends, command: [sleep, "1000"]}
  - {id: go, run: 'if [[ $how == fail ]]; then exit 3; fi; sleep 1000'}
on_exit: [{id: look, run: systemctl is-active ends >>/srv/looked}]
END
assert_status "failed" 1 host_exec pawl run ends
failed=$(field_of @last .run)
assert_equal "stopped" inactive "$(active ends)"
run=$(host_exec pawl run ends how=cancel --detach)
wait_until 10 "the step" host_exec sh -c "pawl status $run -o json | grep -q '\"go\"' && systemctl list-units --plain 'pawl-step-*.go.1.service' | grep -q running"
assert_status "cancel" 0 host_exec pawl cancel "$run"
assert_equal "stopped" inactive "$(active ends)"
assert_equal "the handlers saw it" "active
active" "$(host_exec cat /srv/looked)"
section "a retry starts it again, and stops it again"
assert_status "retry" 1 host_exec pawl retry "$failed"
assert_equal "attempts" "2 2" "$(step "$failed" up '.attempts | length') $(step "$failed" go '.attempts | length')"
assert_equal "stopped" inactive "$(active ends)"

section "pawld killed while a service is not ready, and the host lost after that"
workflow lost <<'END'
steps:
  - id: up
    service: lost
    command: [server, "7200", "2"]
    done_when: {port: "127.0.0.1:7200", interval: 100ms}
  - id: use
    run: echo "use $PAWL_ATTEMPT $(systemctl is-active lost)" >>/srv/marks; test -e /srv/go || sleep 1000
    interrupted: rerun
END
host_exec rm -f /srv/marks
run=$(host_exec pawl run lost --detach)
wait_until 10 "it is being started" host_exec sh -c 'systemctl is-active lost | grep -q activating'
kill_pawld
wait_until 20 "the step that uses it" host_exec test -e /srv/marks
host_exec touch /srv/go
sync
host_kill
host_resume
assert_status "the run goes on after the boot" 0 host_exec pawl wait "$run"
assert_equal "with its service" "use 1 active
use 2 active" "$(host_exec cat /srv/marks)"
assert_equal "attempts of the service" 2 "$(step "$run" up '.attempts | length')"
assert_equal "which stays" active "$(active lost)"

section "a reboot as a step"
workflow boots <<'END'
recovery: fail
steps:
  - {id: before, run: cat /proc/sys/kernel/random/boot_id >/srv/before; date +%s%N >>/srv/boots}
  - {id: boot, reboot: true}
  - {id: after, run: echo after >>/srv/boots}
END
need_box "a reboot"
former=$(host_exec cat /proc/sys/kernel/random/boot_id)
run=$(host_exec pawl run boots --detach)
booted() { local now; now=$(host_exec cat /proc/sys/kernel/random/boot_id 2>/dev/null) && [[ $now != "$former" ]] && host_exec systemctl is-active --quiet pawld; }
wait_until 60 "the boot" booted
assert_status "the run goes on after the boot" 0 host_exec pawl wait "$run"
assert_equal "why" "the host was rebooted" "$(step "$run" boot .reason)"
assert_equal "each once" 2 "$(host_exec sh -c 'wc -l </srv/boots')"
