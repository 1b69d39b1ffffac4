#!/usr/bin/env bash
# Runs that ended long ago go with all that their steps left, and nothing else does; a copy of the state folder restores.
source "$(dirname "$0")/../lib.sh"

host_start
install_deb
runs=/var/lib/pawl/runs
known() { host_exec pawl ps --all -o json | json "' '.join(sorted(r['id'] for r in d))"; }
# It looks at its start.
look() { host_exec systemctl restart pawld; }
gone() { ! host_exec test -e "$1"; }
configure() { host_exec sh -c 'cat >/etc/pawl/config.yaml.d/50-test.yaml' <<<"$1"; }
id_of() { echo "${1##*-}"; }

host_exec sh -c 'mkdir -p /srv/keep /etc/pawl/config.yaml.d && echo kept >/srv/keep/file && chmod 0666 /srv/keep/file'
# What a careless or hostile step can leave: folders that only their owner may enter, links out of the run's folder.
write_workflow litter <<'END'
steps:
  - id: litter
    unit: {User: nobody}
    run: |
      mkdir -p mine/closed
      echo x >mine/closed/file
      ln -s /srv/keep link
      ln -s /srv/keep/file mine/link
      ln -s .. mine/closed/up
      chmod 0500 mine/closed
END
write_workflow wait <<'END'
steps:
  - {id: wait, run: "until test -e /var/tmp/go-on; do sleep 0.05; done"}
  - {id: after, command: [touch, /var/tmp/after]}
END
write_workflow fails <<'END'
steps:
  - {id: maybe, run: "test -e /var/tmp/mended"}
END
host_exec pawl reload

section "a run whose retention is over goes with its folder, and no link in there is followed"
litter=$(id_of "$(host_exec pawl run litter --detach)")
host_exec pawl wait "$litter"
open=$(id_of "$(host_exec pawl run wait --detach)")
host_exec test -d "$runs/$litter/work/mine/closed"
look
assert_equal "the default keeps both" "$(printf '%s\n' "$litter" "$open" | sort | paste -sd' ')" "$(known)"
configure 'retention: 1s'
sleep 1.1
look
only_open() { [[ $(known) == "$open" ]]; }
wait_until 20 "the run is removed" only_open
wait_until 20 "its folder is removed" gone "$runs/$litter"
nothing_left() { [[ -z $(host_exec ls -A "$runs/.removed") ]]; }
wait_until 20 "what was in it is removed" nothing_left
assert_equal "what a link leads to" kept "$(host_exec cat /srv/keep/file)"
assert_status "a run that is not there" 4 host_exec pawl status "$litter"

section "what is mounted in there is not crossed"
mounted=$(id_of "$(host_exec pawl run litter --detach)")
host_exec pawl wait "$mounted"
# Of the same file system, so that the device's number says nothing.
host_exec sh -c 'mkdir "$1/m" && mount --bind /srv/keep "$1/m"' sh "$runs/$mounted/work"
sleep 1.1
look
wait_until 20 "the run is removed" only_open
failed() { [[ $(host_exec systemctl is-failed pawl-clean.service) == failed ]]; }
wait_until 20 "the cleaner says that it could not" failed
assert_equal "what is mounted" kept "$(host_exec cat /srv/keep/file)"
host_exec umount "$runs/.removed/$mounted/work/m"
look
wait_until 20 "once it is unmounted all of it goes" nothing_left
assert_equal "what was mounted" kept "$(host_exec cat /srv/keep/file)"

section "a copy of the state folder restores on another host"
configure 'retention: forever'
host_exec pawl reload
failed_run=$(id_of "$(host_exec pawl run fails --detach)")
assert_status "pawl wait" 1 host_exec pawl wait "$failed_run"
host_exec sh -c 'systemctl stop pawld.socket pawld.service && tar -C /var/lib -cpf /root/pawl.tar pawl && systemctl start pawld.socket pawld.service'
host_exec touch /var/tmp/go-on
assert_status "the step went on meanwhile" 0 host_exec pawl wait "$open"
host_exec rm /var/tmp/after
# Another boot is another host, as far as systemd knows.
host_kill
host_resume
host_exec sh -c 'systemctl stop pawld.socket pawld.service && rm -rf /var/lib/pawl && tar -C /var/lib -xpf /root/pawl.tar && systemctl start pawld.socket pawld.service'
assert_equal "pawl ps --all" "$(printf '%s\n' "$failed_run" "$open" | sort | paste -sd' ')" "$(known)"
is_stopped() { [[ $(host_exec pawl status "$open" -o json | json "d['state'] + ' ' + d['steps'][0]['state']") == "stopped interrupted" ]]; }
wait_until 10 "what was going on was interrupted" is_stopped
gone /var/tmp/after || fail "the run went on by itself"
host_exec touch /var/tmp/mended
host_exec pawl retry "$failed_run" --detach
assert_status "a retry of what had ended" 0 host_exec pawl wait "$failed_run"
host_exec pawl resume "$open" --detach
assert_status "and a resume of what had not" 0 host_exec pawl wait "$open"
status_text() { host_exec systemctl show -p StatusText --value pawld; }
assert_equal "nothing is missing" Idle "$(status_text)"

section "pawl prune removes what somebody says"
# Both have ended; the one that was retried began first and ended first.
newest=$(host_exec pawl run hello --detach)
assert_status "pawl wait" 0 host_exec pawl wait "$newest"
assert_equal "what would go" "fails-$failed_run 2" \
  "$(host_exec pawl prune --keep 1 --dry-run -o json | json 'd["runs"][0] + " " + str(d["count"])')"
assert_equal "nothing has" 3 "$(host_exec pawl ps --all -o json | json 'len(d)')"
assert_equal "what is younger than an hour" "0 runs removed" "$(host_exec pawl prune --older-than 1h)"
assert_equal "what has gone" "2 runs removed" "$(host_exec pawl prune --keep 1)"
assert_equal "what is left" "$(id_of "$newest")" "$(known)"
assert_contains "the audit" "prune" "$(host_exec pawl audit)"
assert_status "an age that is none" 2 host_exec pawl prune --older-than soon
assert_contains "what one is" "'soon' is no time span such as 12h or 7d" "$output"
