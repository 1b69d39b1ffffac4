#!/usr/bin/env bash
# What is edited holds from the next reload on, for the next run; what is faulty is named and changes nothing.
source "$(dirname "$0")/../lib.sh"

host_start
install_deb
folder=/etc/pawl/workflows
write_greeting() {
  write_workflow greeting <<END
steps:
  - {id: first, run: "until test -e /var/tmp/go-on; do sleep 0.05; done"}
  - {id: second, command: [echo, "$1"]}
END
}
listed() { host_exec pawl list -o json | json "next((str(w['faulty']) for w in d if w['name'] == '$1'), 'absent')"; }
said() { host_exec pawl logs "$1" second; }

section "a run keeps the text it was started from"
write_greeting one
host_exec pawl reload
run=$(host_exec pawl run greeting --detach)
write_greeting two
other=$(host_exec pawl run greeting --detach)
assert_status "pawl reload" 0 host_exec pawl reload
third=$(host_exec pawl run greeting --detach)
host_exec systemctl kill -s KILL pawld.service
host_exec touch /var/tmp/go-on
for each in "$run" "$other" "$third"; do assert_status "pawl wait" 0 host_exec pawl wait "$each"; done
assert_equal "the run that was going on" one "$(said "$run")"
assert_equal "the one started before the reload" one "$(said "$other")"
assert_equal "the one started after it" two "$(said "$third")"

section "a faulty file keeps its last good text"
write_workflow greeting <<'END'
steps:
  - id: second
    command: [echo, three]
    retires: 3
END
place="$folder/greeting.yaml:4:5: error: unknown key 'retires'"
assert_status "pawl reload" 2 host_exec pawl reload
assert_contains "pawl reload" "$place" "$output"
assert_contains "the status line" "greeting.yaml:4:5" "$(host_exec systemctl show -p StatusText --value pawld)"
assert_contains "systemctl status" "greeting.yaml:4:5" "$(host_exec systemctl status pawld)"
journal_has() { host_exec journalctl -q -o cat -u pawld -S "-2min" | grep -qF "$1"; }
wait_until 5 "the fault in the journal" journal_has "$place"
assert_equal "pawl list" True "$(listed greeting)"
assert_status "pawl run" 0 host_exec pawl run greeting
assert_equal "what it runs" two "$(said @last)"
assert_status "systemctl reload" 1 host_exec systemctl reload pawld
wait_until 5 "the faults of systemctl reload" host_exec sh -c 'journalctl -q -o cat -u pawld -t pawl | grep -q greeting.yaml:4:5'
assert_equal "pawld goes on" active "$(host_exec systemctl is-active pawld)"

section "mended, by SIGUSR1"
write_greeting four
host_exec systemctl kill -s USR1 --kill-who=main pawld
faultless() { [[ $(listed greeting) == False ]]; }
wait_until 5 "the new set" faultless
wait_until 5 "a status line without faults" host_exec sh -c '! systemctl show -p StatusText --value pawld | grep -q greeting'
assert_status "pawl run" 0 host_exec pawl run greeting
assert_equal "what it runs" four "$(said @last)"
assert_status "systemctl reload" 0 host_exec systemctl reload pawld

section "one file's fault is no other's"
write_workflow broken <<'END'
steps: [
END
write_greeting five
assert_status "pawl reload" 2 host_exec pawl reload
assert_match "the fault" "$folder/broken.yaml:[0-9]+:[0-9]+: error: " "$output"
assert_status "pawl run greeting" 0 host_exec pawl run greeting
assert_equal "what it runs" five "$(said @last)"
assert_status "pawl run broken" 2 host_exec pawl run broken
assert_match "the fault again" "$folder/broken.yaml:[0-9]+:[0-9]+: error: " "$output"

section "known to be faulty from the start"
host_exec systemctl restart pawld
assert_equal "pawl list" True "$(listed broken)"
assert_contains "pawl list as a table" faulty "$(host_exec pawl list | grep broken)"
assert_contains "the status line" "broken.yaml" "$(host_exec systemctl show -p StatusText --value pawld)"
assert_status "pawl run broken" 2 host_exec pawl run broken
assert_status "pawl run greeting" 0 host_exec pawl run greeting

section "a removed file"
host_exec rm "$folder/broken.yaml" "$folder/greeting.yaml"
assert_status "pawl reload" 0 host_exec pawl reload
assert_equal "pawl list" absent "$(listed greeting)"
assert_status "pawl run" 4 host_exec pawl run greeting

section "files that others can write"
write_greeting six
for how in "chmod g+w" "chmod o+w" "chown nobody"; do
  # shellcheck disable=SC2086
  host_exec $how "$folder/greeting.yaml"
  assert_status "pawl reload after $how" 2 host_exec pawl reload
  assert_contains "$how" "$folder/greeting.yaml" "$output"
  assert_contains "$how" "refused" "$output"
  assert_status "pawl run after $how" 2 host_exec pawl run greeting
  host_exec sh -c "chown root '$folder/greeting.yaml'; chmod 0644 '$folder/greeting.yaml'"
done
host_exec pawl reload
host_exec sh -c "mv $folder/greeting.yaml /var/tmp/mine.yaml && chown nobody /var/tmp/mine.yaml && ln -s /var/tmp/mine.yaml $folder/greeting.yaml"
assert_status "a link to somebody's file" 2 host_exec pawl reload
host_exec rm "$folder/greeting.yaml"
assert_status "pawl reload" 0 host_exec pawl reload

section "the configuration, all or nothing"
parallel() { write_workflow wide <<<"steps: [{id: a, depends_on: [], command: [sleep, '1']}, {id: b, depends_on: [], command: [sleep, '1']}, {id: c, depends_on: [], command: [sleep, '1']}]"; }
parallel
host_exec sh -c 'mkdir -p /etc/pawl/config.yaml.d && echo "max_parallel: 1" >/etc/pawl/config.yaml.d/50-one.yaml'
assert_status "pawl reload" 0 host_exec pawl reload
run=$(host_exec pawl run wide --detach)
assert_equal "steps at once by the drop-in" 1 "$(host_exec pawl status "$run" -o json | json 'sum(s["state"] == "running" for s in d["steps"])')"
host_exec pawl cancel "$run" >/dev/null
host_exec sh -c 'printf "max_parallel: 2\nlog_levl: info\n" >/etc/pawl/config.yaml.d/60-two.yaml'
assert_status "pawl reload" 2 host_exec pawl reload
assert_contains "the fault" "/etc/pawl/config.yaml.d/60-two.yaml:2:1: error: " "$output"
run=$(host_exec pawl run wide --detach)
assert_equal "steps at once with a fault in the configuration" 1 "$(host_exec pawl status "$run" -o json | json 'sum(s["state"] == "running" for s in d["steps"])')"
host_exec pawl cancel "$run" >/dev/null
host_exec sh -c 'echo "max_parallel: 2" >/etc/pawl/config.yaml.d/60-two.yaml'
assert_status "pawl reload" 0 host_exec pawl reload
run=$(host_exec pawl run wide --detach)
assert_equal "steps at once when it is mended" 2 "$(host_exec pawl status "$run" -o json | json 'sum(s["state"] == "running" for s in d["steps"])')"
host_exec pawl cancel "$run" >/dev/null

section "what pawld says goes to a file, and everything is said while a signal asks for it"
configure() { host_exec sh -c "printf '$1' >/etc/pawl/config.yaml.d/70-log.yaml"; assert_status "pawl reload" 0 host_exec pawl reload; }
log=/var/log/pawl/pawld.log
configure 'log_target: file\n'
run=$(host_exec pawl run wide --detach)
assert_status "pawl wait" 0 host_exec pawl wait "$run"
wait_until 10 "the end of the run in the file" host_exec grep -q "^20.*Z info: Run $run: succeeded$" "$log"
assert_equal "entries of it in the journal" "" "$(host_exec journalctl -q -o cat -t pawld PAWL_RUN="$run")"
host_exec mv "$log" "$log.1"
configure 'log_target: file\nlog_format: json\n'
run=$(host_exec pawl run wide --detach)
assert_status "pawl wait" 0 host_exec pawl wait "$run"
wait_until 10 "the end of the run in the new file" host_exec grep -q "\"message\":\"Run $run: succeeded\"" "$log"
assert_equal "a line of it" "info succeeded" \
  "$(host_exec grep "Run $run: succeeded" "$log" | json 'd["level"] + " " + d["pawl_state"] if d["pawl_run"] == "'"$run"'" else d')"
assert_equal "who may read it" "600 750" "$(host_exec stat -c %a "$log" /var/log/pawl | paste -sd ' ')"
configure 'log_level: error\n'
run=$(host_exec pawl run wide --detach)
host_exec pawl wait "$run"
entries() { host_exec journalctl -q -o cat -t pawld PAWL_RUN="$1"; }
assert_equal "entries of a run at the level of errors" "" "$(entries "$run")"
# Heeded in order with what comes over the socket, or not: the next run is started once it was heeded.
host_exec systemctl kill -s SIGRTMIN+22 pawld
run() { run=$(host_exec pawl run wide --detach) && host_exec pawl wait "$run" >/dev/null; }
talks() { run && host_exec journalctl --sync && [[ $(entries "$run") == *"was started by root"* ]]; }
silent() { run && host_exec journalctl --sync && [[ -z $(entries "$run") ]]; }
wait_until 30 "entries of a run" talks
host_exec systemctl kill -s SIGRTMIN+23 pawld
wait_until 30 "none of one" silent

section "the environment says what files do not"
host_exec sh -c 'mkdir -p /etc/systemd/system/pawld.service.d && printf "[Service]\nEnvironment=PAWL_MAX_PARALLEL=1 PAWL_LOG_LEVEL=info\n" >/etc/systemd/system/pawld.service.d/50-environment.conf'
host_exec systemctl daemon-reload
host_exec systemctl restart pawld
run=$(host_exec pawl run wide --detach)
assert_equal "steps at once" 1 "$(host_exec pawl status "$run" -o json | json 'sum(s["state"] == "running" for s in d["steps"])')"
host_exec pawl cancel "$run" >/dev/null
host_exec sh -c 'sed -i s/PARALLEL=1/PARALLEL=few/ /etc/systemd/system/pawld.service.d/50-environment.conf'
host_exec systemctl daemon-reload
host_exec systemctl restart pawld
assert_status "pawl reload" 2 host_exec pawl reload
assert_contains "the fault" "\$PAWL_MAX_PARALLEL:1:15: error: " "$output"
