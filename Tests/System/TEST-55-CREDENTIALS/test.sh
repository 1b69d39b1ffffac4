#!/usr/bin/env bash
# A secret is a credential: its step can read it, plain or encrypted, as a file or in a variable, whoever the step runs as;
# and it is nowhere else, while the step runs and after it.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

host_start
install_deb
on_host() { host_exec bash -c "$1"; }
step() { field_of "$1" ".steps[] | select(.id == \"$2\") | $3"; }
hash_of() { printf %s "$1" | sha256sum | cut -d' ' -f1; }
secret() { echo "secret-$(tr -d - </proc/sys/kernel/random/uuid)"; }
# put FOLDER NAME: what is on stdin becomes a credential. A secret is never an argument: /proc would show it.
put() { host_exec sh -c 'install -d -m 0700 "$1" && install -m 0600 /dev/stdin "$1/$2"' sh "$1" "$2"; }
seal() { host_exec sh -c 'install -d -m 0700 /etc/credstore.encrypted && systemd-creds encrypt --quiet --with-key=host --name="$1" - "/etc/credstore.encrypted/${2:-$1}"' sh "$@"; }

section "what is relied on: a path that is not there fails a unit, where 252 passes over a name"
host_exec systemd-creds setup
host_exec systemd-creds --version | head -n 1
assert_status "a path" 243 host_exec systemd-run --wait --quiet -p LoadCredential=x:/etc/credstore/nowhere /bin/true

plain=$(secret) sealed=$(secret) volatile=$(secret) shipped=$(secret)
printf %s "$plain" | put /etc/credstore plain
printf %s "$volatile" | put /run/credstore volatile
printf %s "$shipped" | put /usr/lib/credstore shipped
printf %s "$sealed" | seal sealed
printf '"; touch /srv/y #$(touch /srv/y)`touch /srv/y`\n\n' >"$scratch/odd"
put /etc/credstore odd <"$scratch/odd"
host_exec useradd --system worker
host_exec touch /root/patterns
host_exec chmod 0600 /root/patterns
printf '%s\n' "$plain" "$sealed" "$volatile" "$shipped" | host_exec tee /root/patterns >/dev/null
host_copy "$(dirname "$0")/search" /root

section "every kind of step reads it, in every form"
variables=$(
  cat <<END
variables:
  hash: {default: {plain: $(hash_of "$plain"), sealed: $(hash_of "$sealed"), volatile: $(hash_of "$volatile"), shipped: $(hash_of "$shipped")}}
  odd: $(sha256sum "$scratch/odd" | cut -d' ' -f1)
END
)
{
  cat <<END
$variables
max_parallel: 20
credentials: [plain, sealed]
env: {CHECK: /srv/check}
steps:
  - {id: file, depends_on: [], command: [/srv/check, file]}
  - {id: script, depends_on: [], run: 'exec "\$CHECK" file'}
  - {id: all-stores, depends_on: [], credentials: [volatile, shipped], command: [/srv/check, file, volatile, shipped]}
  - {id: user, depends_on: [], command: [/srv/check, file], unit: {User: worker}}
  - {id: strict, depends_on: [], command: [/srv/check, file], unit: {DynamicUser: true, ProtectSystem: strict, PrivateTmp: true, ProtectHome: true, NoNewPrivileges: true}}
  - {id: map, depends_on: [], command: [/srv/check, map], credentials: &map {plain: PLAIN, sealed: SEALED, odd: ODD}}
  - {id: map-script, depends_on: [], run: 'exec "\$CHECK" map', credentials: *map}
  - {id: map-user, depends_on: [], command: [/srv/check, map], credentials: *map, unit: {User: worker, PrivateTmp: true}}
  - {id: map-strict, depends_on: [], run: 'exec "\$CHECK" map', credentials: *map, unit: {DynamicUser: true, ProtectSystem: strict, PrivateTmp: true, ProtectHome: true, NoNewPrivileges: true}}
  - id: map-asks
    depends_on: []
    command: [/srv/check, map]
    credentials: *map
    unit: {User: worker, ProtectSystem: strict}
    done_when: [{command: [/srv/check, asked]}, {run: '"\$CHECK" asked'}]
    timeout: 60s
  - {id: map-waits, depends_on: [], credentials: *map, done_when: {command: [/srv/check, asked], interval: 100ms}, timeout: 60s}
  - {id: map-items, depends_on: [], foreach: [a, b], command: [/srv/check, map, "\${item}"], credentials: *map}
  - {id: map-again, depends_on: [], run: '[[ \$PAWL_ATTEMPT == 2 ]] && exec "\$CHECK" map', credentials: *map, retry_policy: {max_retries: 1, initial_delay: 0s}}
  - id: undone
    depends_on: []
    command: ["true"]
    undo: {command: [/srv/check, map], credentials: *map}
on_exit:
  - {id: handler, command: [/srv/check, map], credentials: *map}
END
} >"$scratch/kinds.yaml"
cat >"$scratch/serves.yaml" <<END
$variables
credentials: {plain: PLAIN, sealed: SEALED, odd: ODD}
steps:
  - {id: named, service: served, command: [/srv/check, serve], done_when: {command: [/srv/check, ready], interval: 100ms}, unit: {User: worker, ProtectSystem: strict}, timeout: 30s}
  - {id: own, service: true, run: 'exec /srv/check serve', done_when: {run: '/srv/check ready', interval: 100ms}, timeout: 30s}
  - {id: files, service: true, credentials: {plain: , sealed: , odd: }, command: [/srv/check, file-serve], unit: {DynamicUser: true}, timeout: 30s}
  - {id: again, service: served, command: [/srv/check, serve], done_when: {command: [/srv/check, ready], interval: 100ms}, unit: {User: worker, ProtectSystem: strict}, timeout: 30s}
END
# `file`: reads the files; `map`: has the variables besides; `asked`: the same, as a probe that holds once the work is done;
# `serve`, `file-serve` and `ready`: the same as a service, and what asks for it.
cat >"$scratch/check" <<'END'
#!/bin/bash
set -euo pipefail
form=$1
shift
want() { grep -oP "\"$1\":\"\\K[0-9a-f]{64}" <<<"$hash"; }
for name in plain sealed "$@"; do
  [[ $name != [ab] ]] || continue
  [[ $(sha256sum <"$CREDENTIALS_DIRECTORY/$name") == "$(want "$name")  -" ]] || { echo "$name is another"; exit 3; }
done
if [[ $form == file* ]]; then
  [[ ! ${PLAIN+set}${SEALED+set} ]] || { echo "a variable is set"; exit 4; }
else
  for name in plain sealed; do
    variable=${name^^}
    [[ $(printf %s "${!variable}" | sha256sum) == "$(want "$name")  -" ]] || { echo "$variable is another"; exit 5; }
  done
  [[ $(printf %s "$ODD" | sha256sum) == "$odd  -" ]] || { echo "ODD is not byte for byte"; exit 6; }
fi
# Others' are out of sight, at least for who is not root.
if ((EUID != 0)); then
  for file in /run/credentials/*/*; do
    [[ $file == "$CREDENTIALS_DIRECTORY"/* || ! -r $file ]] || { echo "$file can be read"; exit 7; }
  done
fi
case $form in
  *serve) exec sleep 600 ;;
  ready) exit ;;
esac
if [[ $form == asked ]]; then
  [[ -e /srv/go ]]
  exit
fi
until [[ -e /srv/go ]]; do sleep 0.1; done
END
host_copy "$scratch/check" /srv
host_exec chmod 0755 /srv/check
install_workflow "$scratch/kinds.yaml" "$scratch/serves.yaml"
host_exec pawl reload
assert_status "services" 0 host_exec pawl run serves
assert_equal "again" skipped "$(step @last again .state)"
assert_equal "it stays" active "$(host_exec systemctl is-active served.service)"
run=$(started kinds)
programs='n=0; for p in /proc/[0-9]*; do [[ $(tr "\0" " " <$p/cmdline) == "/bin/bash /srv/check "* ]] && ((++n)); done 2>/dev/null; echo $n'
all_run() { (($(on_host "$programs") >= 13)); }
wait_until 60 "the steps have begun" all_run
assert_equal "steps that run" 14 "$(host_exec systemctl list-units --plain --no-legend 'pawl-step-*' | wc -l)"

# where FORM: which of the places where a secret was found are not those where it belongs.
strangers() {
  grep -vE -e '^/etc/credstore/plain$' -e '^/run/credstore/volatile$' -e '^/usr/lib/credstore/shipped$' \
    -e "^/run/credentials/pawl-step-${run##*-}\.[^/]*/(plain|sealed|volatile|shipped)\$" \
    -e '^in (pawl-step-[^:]*): (/run/credentials/\1/(plain|sealed)|/run/credstore/volatile)$' \
    -e "^/proc/environ of (bash|sleep|sha256sum|sed|grep) in pawl-step-${run##*-}\.map-[a-z.0-9]*service\$" \
    -e "^/proc/environ of (bash|sleep|sha256sum|sed|grep) in pawl-step-${run##*-}\.map\.1\.service\$" \
    -e '^(in served.service: )?/run/credentials/served.service/(plain|sealed)$' -e '^in served.service: /run/credstore/volatile$' \
    -e '^in served.service: /run/pawl/services/served.service/credentials/(plain|sealed)$' \
    -e '^/proc/environ of sleep in served.service$' "$1" || true
}
search() {
  section "the search: $1"
  host_exec timeout 200 bash /root/search /root/patterns >"$scratch/found" 2>"$scratch/searched" || fail "the search has not come to its end: $(cat "$scratch/searched")"
  cat "$scratch/searched"
  sed 's/^/found: /' "$scratch/found"
  assert_equal "places where a secret does not belong" "" "$(strangers "$scratch/found")"
}
search "while the steps run"
# The search does find: where the secrets are to be they are.
for place in /etc/credstore/plain "/run/credentials/pawl-step-${run##*-}.file.1.service/sealed" \
  "/proc/environ of bash in pawl-step-${run##*-}.map.1.service" "/proc/environ of bash in pawl-step-${run##*-}.map-asks.1.service" \
  "/proc/environ of sleep in served.service" "in pawl-step-${run##*-}.map-strict.1.service: /run/credentials/pawl-step-${run##*-}.map-strict.1.service/plain"; do
  grep -qxF "$place" "$scratch/found" || fail "the search has not found $place"
done
# The wait of done_when is pawl-step's: it hands the secret on and has it in no environment of its own.
assert_equal "pawl-step's own" "" "$(grep '/proc/environ of pawl' "$scratch/found" || true)"

section "over a reload, a reexecution and the death of pawld"
host_exec systemctl daemon-reload
kill_pawld
host_exec systemctl daemon-reexec
search "after them"
host_exec touch /srv/go
assert_status "the run" 0 host_exec timeout 60 pawl wait "$run"
for name in file script all-stores user strict map map-script map-user map-strict map-waits map-again handler; do
  assert_equal "$name" succeeded "$(step "$run" $name .state)"
done
assert_match "asked" "succeeded|skipped" "$(step "$run" map-asks .state)"
assert_equal "attempts" 2 "$(step "$run" map-again '.attempts | length')"
assert_status "undo" 0 host_exec pawl undo "$run"
assert_status "nothing was run" 1 host_exec test -e /srv/y
host_exec systemctl stop served.service
assert_nothing_left
assert_equal "credentials left" "" "$(on_host 'ls /run/credentials 2>/dev/null | grep -E "pawl|served" || true')"
search "after the run, and after it was taken back"
assert_equal "where they are" "/etc/credstore/plain /run/credstore/volatile /usr/lib/credstore/shipped" "$(paste -sd' ' "$scratch/found")"

section "the search finds what is no credential"
marker=$(secret)
workflow leak <<END
steps: [{id: leak, env: {LEAK: $marker}, run: 'echo "\$LEAK"; touch /srv/leaks; exec sleep 300'}]
END
printf '%s\n' "$marker" | host_exec tee /root/marker >/dev/null
leak=$(started leak)
wait_until 20 "it runs" host_exec test -e /srv/leaks
logged() { on_host "pawl logs $leak | grep -q secret-"; }
wait_until 20 "it is in the log" logged
host_exec bash /root/search /root/marker >"$scratch/found" 2>/dev/null
sed 's/^/found: /' "$scratch/found"
for place in '/etc/pawl/workflows/leak.yaml' '/var/lib/pawl/pawl.db.*' '/run/systemd/transient/pawl-step-.*' '/proc/environ of sleep in pawl-step-.*' \
  'systemctl show of every unit' 'systemctl cat of the steps' 'every property of .* on the bus' 'the journal' 'the socket: logs of .*'; do
  grep -qxE "$place" "$scratch/found" || fail "the search has not found it in $place"
done
host_exec pawl cancel "$leak"
host_exec rm /root/marker

section "missing or there more than once: a fault by name, and nothing has run"
printf x | put /etc/credstore twice
printf x | seal twice
printf x | put /etc/credstore two-folders
printf x | put /usr/lib/credstore two-folders
host_exec mkdir /etc/credstore/folder
workflow faults <<'END'
max_parallel: 9
steps:
  - {id: missing, depends_on: [], run: touch /srv/ran, credentials: [plain, no-such], continue_on_failure: true}
  - {id: missing-map, depends_on: [], run: touch /srv/ran, credentials: {no-such: X, nor-this: Y}}
  - {id: twice, depends_on: [], run: touch /srv/ran, credentials: [twice]}
  - {id: two-folders, depends_on: [], run: touch /srv/ran, credentials: {two-folders: X}}
  - {id: folder, depends_on: [], run: touch /srv/ran, credentials: [folder]}
END
assert_status "faults" 1 host_exec pawl run faults
assert_contains "missing" "there is no credential 'no-such': it belongs into /etc/credstore/no-such, or encrypted by" "$(step @last missing .reason)"
assert_contains "both" "there is no credential 'nor-this'" "$(step @last missing-map .reason)"
assert_equal "twice" "credential 'twice' is there more than once, as /etc/credstore/twice and /etc/credstore.encrypted/twice: remove what is not meant" "$(step @last twice .reason)"
assert_equal "two folders" "credential 'two-folders' is there more than once, as /etc/credstore/two-folders and /usr/lib/credstore/two-folders: remove what is not meant" "$(step @last two-folders .reason)"
assert_equal "a folder" "credential 'folder': /etc/credstore/folder is no regular file" "$(step @last folder .reason)"
assert_status "none has run" 1 host_exec test -e /srv/ran
id=$(field_of @last .id)
for name in missing missing-map twice two-folders folder; do
  assert_equal "$name: no unit" "" "$(on_host "journalctl -q -o cat UNIT=pawl-step-$id.$name.1.service; systemctl list-units --all --no-legend 'pawl-step-$id.$name.*'")"
done

section "one that comes later is found by the next attempt"
workflow later <<'END'
steps:
  - {id: later, command: [test, -e, "/proc/self/environ"], credentials: {later: LATER}, retry_policy: {max_retries: 200, initial_delay: 100ms, backoff_type: fixed}}
END
later=$(started later)
tried() { (($(step "$later" later '.attempts | length') > 1)); }
wait_until 20 "it has failed once" tried
printf x | put /etc/credstore later
assert_status "later" 0 host_exec timeout 60 pawl wait "$later"

section "what cannot be a variable, and what cannot be decrypted"
printf 'geheim\0geheim' | put /etc/credstore nul
head -c 200000 /dev/zero | tr '\0' g | put /etc/credstore large
printf 'geheim' | put /etc/credstore.encrypted garbage
printf 'geheim' | seal other renamed
printf 'geheim\n' | put /etc/credstore line
workflow values <<'END'
max_parallel: 9
steps:
  - {id: nul, depends_on: [], run: touch /srv/ran, credentials: {nul: X}}
  - {id: nul-asks, depends_on: [], run: touch /srv/ran, credentials: {nul: X}, done_when: {file: /nonexistent}, unit: {User: worker}}
  - {id: large, depends_on: [], run: touch /srv/ran, credentials: {large: X}}
  - {id: as-files, depends_on: [], run: 'cmp <(head -c 200000 /dev/zero | tr "\0" g) "$CREDENTIALS_DIRECTORY/large"; (($(stat -c %s "$CREDENTIALS_DIRECTORY/nul") == 13))', credentials: [large, nul]}
  - {id: garbage, depends_on: [], run: touch /srv/ran, credentials: [garbage]}
  - {id: renamed, depends_on: [], run: touch /srv/ran, credentials: {renamed: X}}
  - {id: line, depends_on: [], run: '((${#X} == 7))', credentials: {line: X}}
  - {id: no-program, depends_on: [], command: [no-such-program], credentials: {line: X}}
  - {id: status, depends_on: [], run: exit 7, credentials: {line: X}}
  - {id: signal, depends_on: [], run: 'kill -SEGV $$', credentials: {line: X}}
END
assert_status "values" 1 host_exec pawl run values
assert_equal "NUL" "credential 'nul' has a NUL byte in it, which no variable can hold, X neither: its program can only read it at \$CREDENTIALS_DIRECTORY/nul" "$(step @last nul .reason)"
assert_equal "NUL with a probe" "$(step @last nul .reason)" "$(step @last nul-asks .reason)"
assert_contains "large" "credential 'large' is too large for the variable X, which holds 131069 bytes" "$(step @last large .reason)"
assert_equal "as files" succeeded "$(step @last as-files .state)"
for name in garbage renamed; do
  assert_contains "$name" "243/CREDENTIALS: systemd could not load or decrypt its credentials" "$(step @last $name .reason)"
done
assert_equal "a newline stays" succeeded "$(step @last line .state)"
assert_equal "no program" "'no-such-program' cannot be executed: No such file or directory" "$(step @last no-program .reason)"
assert_equal "its own status" 7 "$(step @last status .exit_code)"
assert_equal "its own signal" SEGV "$(step @last signal '.attempts[-1].signal')"
assert_status "none has run" 1 host_exec test -e /srv/ran
assert_equal "what is said of them" "" "$(on_host 'journalctl -a -o export | grep -a geheim | head; pawl status @last -o json | grep geheim')"

section "a strict check names each that is put into the environment"
assert_status "as ever" 0 host_exec pawl check values
assert_status "strict" 2 host_exec pawl check --strict values
assert_contains "strict" "/etc/pawl/workflows/values.yaml:3:66: warning: credential 'nul' is put into the environment, as 'X'" "$output"
assert_equal "each" 8 "$(grep -c ': warning: credential ' <<<"$output")"
assert_status "as files" 0 host_exec sh -c "printf 'steps: [{id: a, run: echo, credentials: [plain]}]\n' >/root/as-files.yaml && pawl check --strict /root/as-files.yaml"
