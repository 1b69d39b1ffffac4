#!/usr/bin/env bash
# Real chaos: for PAWL_CHAOS_MINUTES a host has at least 24 steps in flight that end in every way there is, while pawld is
# killed, stopped, held and upgraded, systemd and its bus are restarted, the disk fills up and the host itself is lost, at
# moments that a seed picks. The steps leave marks outside of pawl, and `judge`, which knows nothing of pawl but its
# words, holds these against what pawl says.
#
# `Tests/System/chaos` runs it for long. A loss of the host here does not lose what the kernel had not written yet: the
# kernel lives on. Only a power cut of a machine shows that.
if [[ ! ${PAWL_CHAOS_MOUNTS:-} ]]; then
  # The disk that fills up is a bounded tmpfs of this namespace, seen by the host over all of its boots: it goes with the
  # last process that uses it, however this ends.
  exec env PAWL_CHAOS_MOUNTS=yes PAWL_TEST_HOST=box unshare --mount --propagation private bash "$0" "$@"
fi
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

here=$(cd "$(dirname "$0")" && pwd)
seed=${PAWL_TEST_SEED:-$RANDOM}
minutes=${PAWL_CHAOS_MINUTES:-1}
seconds=$(awk "BEGIN { print int($minutes * 60) }")
echo "seed: $seed (PAWL_TEST_SEED), $minutes minutes (PAWL_CHAOS_MINUTES)"
RANDOM=$seed
evidence=$(realpath "$system_tests/../..")/.build/system/chaos-$seed
rm -rf "$evidence"
mkdir -p "$evidence" "$scratch/state"
mount -t tmpfs -o "size=$((256 + 24 * seconds / 60))m,mode=0711" tmpfs "$scratch/state"
admin=""
trap 'status=$?; [[ ! $admin ]] || kill "$admin" 2>/dev/null || true; keep_evidence; umount -l "$scratch/state" || true; (exit $status); at_end' EXIT

# keep_evidence: what a person needs who looks for the cause.
keep_evidence() {
  host_exec journalctl -q --no-pager -o short-precise -u pawld.service -u pawld.socket -u pawl-shutdown.service -u init.scope \
    >"$evidence/journal" 2>/dev/null || true
  cp "$scratch/state"/pawl.db* "$evidence/" 2>/dev/null || true
}

# note WORD...: a line for the judge.
note() { echo "$EPOCHREALTIME $*" >>"$evidence/actions"; }
# quietly COMMAND...: what fails under attack fails.
quietly() { "$@" >/dev/null 2>&1 </dev/null || true; }
pause() { sleep "$(awk "BEGIN { print ($1 + $RANDOM % ($2 - $1)) / 1000 }")"; }
boot_id() { host_exec cat /proc/sys/kernel/random/boot_id; }

section "a host whose steps leave marks"
source "$system_tests/root-packages"
make_base_root
export PAWL_TEST_ROOT=${PAWL_TEST_ROOT:-$(realpath "$system_tests/../..")/.build/root}
host_start --bind "$scratch/state:/var/lib/pawl"
# A journal that a boot does not take along, and little patience with what does not heed SIGTERM.
host_exec mkdir -p /var/log/journal /etc/systemd/system.conf.d
host_exec sh -c 'printf "[Manager]\nDefaultTimeoutStopSec=3s\n" >/etc/systemd/system.conf.d/chaos.conf'
host_exec systemctl restart systemd-journald.service
host_exec systemctl daemon-reexec
install_deb
host_copy "$here/step" /srv/chaos
host_exec sh -c 'mkdir /srv/chaos/done && : >/srv/chaos/marks && chmod 0666 /srv/chaos/marks'
"$here/workflows" "$seed" 14 "$evidence"
install_workflow "$evidence"/c*.yaml
host_exec pawl reload
dpkg-deb -R "${PAWL_TEST_DEB:?}" "$scratch/package"

# newer_package: a package of the next version, whose pawld is another file.
version=0
newer_package() {
  version=$((version + 1))
  sed -i "s/^Version: .*/Version: 1:$version/" "$scratch/package/DEBIAN/control"
  echo "$version" >>"$scratch/package/usr/libexec/pawl/pawld"
  dpkg-deb --root-owner-group -Znone -b "$scratch/package" "$scratch/pawl_newer.deb" >/dev/null
  host_copy "$scratch/pawl_newer.deb" /root
}

attack() {
  local what=$1 boot
  case $what in
    kill) ! kill_pawld || note SIGKILL ;;
    term) ! kill_pawld TERM || note SIGTERM ;;
    burst)
      # RestartSec= is 100 ms: these meet a pawld that has begun a moment ago.
      for _ in {1..4}; do
        ! kill_pawld || note SIGKILL in a burst
        pause 60 300
      done ;;
    restart) quietly host_exec systemctl restart pawld.service; note restart ;;
    stop) quietly host_exec systemctl stop pawld.service; pause 100 2500; quietly host_exec systemctl start pawld.service; note stop and start ;;
    socket)
      quietly host_exec systemctl stop pawld.socket pawld.service
      pause 100 1500
      quietly host_exec systemctl start pawld.socket pawld.service
      note stop and start with the socket ;;
    reload) quietly host_exec systemctl reload pawld.service; note reload ;;
    daemon-reload | daemon-reexec) quietly host_exec systemctl "$what"; note "$what" ;;
    dbus) quietly host_exec systemctl restart dbus.service; note restart of dbus ;;
    hold) hold "0.$((RANDOM % 9 + 1))" ;;
    hold-long) hold 10 & attacks+=($!) ;;
    upgrade)
      newer_package
      # In the background: what else comes may meet dpkg in the middle of it, but for the loss of the host, after which
      # a half unpacked package would be dpkg's to mend.
      upgrade & attacks+=($!) ;;
    full)
      note full
      # What it holds by now is all it may hold; it may hold more the next moment.
      until mount -o "remount,size=$(df --output=used -k "$scratch/state" | tail -n 1 | tr -d ' ')k" "$scratch/state" 2>/dev/null; do :; done
      pause 1500 4000
      ! kill_pawld || note SIGKILL on a full disk
      pause 300 1500
      mount -o "remount,size=$((256 + 24 * seconds / 60))m" "$scratch/state"
      note room ;;
    reboot | power)
      wait_for_attacks
      boot=$(boot_id)
      if [[ $what == reboot ]]; then
        note loss reboot "$boot"
        host_reboot
      else
        note loss "power-cut" "$boot"
        host_kill
        host_resume
      fi
      [[ $(boot_id) != "$boot" ]] || fail "the host has not booted" ;;
  esac
}
# What was begun in the background has ended.
attacks=()
wait_for_attacks() {
  ((${#attacks[@]} == 0)) || wait "${attacks[@]}" || true
  attacks=()
}
hold() {
  local held
  held=$(host_exec sh -c 'p=$(systemctl show -P MainPID pawld.service); [ "$p" -gt 0 ] && kill -STOP "$p" && sleep "$1" && kill -CONT "$p" && echo held' sh "$1" 2>/dev/null) || true
  [[ $held != held ]] || note "SIGSTOP for $([[ $1 == 10 ]] && echo '10 s' || echo 'less than 1 s')"
}
upgrade() {
  local log=$scratch/upgrade.log
  if host_exec env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends /root/pawl_newer.deb >"$log" 2>&1; then
    note upgrade
  else
    note upgrade that failed
    cat "$log" >>"$evidence/upgrades-failed"
  fi
}

section "the attack"
printf '%s\n' {kill,kill,kill,kill,kill,kill,kill,kill,term,term,term,burst,burst,restart,restart,stop,socket,reload} \
  {daemon-reload,daemon-reload,daemon-reexec,daemon-reexec,dbus,hold,hold,hold-long,upgrade,full,reboot,power} >"$scratch/deck"
note begin
"$here/admin" "$seed" "$harness" "$host" "$evidence" >"$scratch/admin.log" 2>&1 &
admin=$!
in_flight() { (($(tail -n 5 "$evidence/actions" | awk '$2 == "flight" { n = $3 } END { print n + 0 }') >= 24)); }
wait_until 60 "24 steps are in flight" in_flight
deadline=$((SECONDS + seconds)) decks=0
# Each kind comes in every deck, in an order of its own; a short attack is one deck whatever its length.
while ((SECONDS < deadline || decks == 0)); do
  while IFS= read -r event; do
    ((SECONDS < deadline || decks == 0)) || break
    echo "$((SECONDS - deadline + seconds)) s: $event"
    kill -0 "$admin" 2>/dev/null || fail "the admin has died: $(cat "$scratch/admin.log")"
    pause 50 1200
    attack "$event"
  done < <(for _ in $(seq "$(wc -l <"$scratch/deck")"); do echo "$RANDOM"; done | paste -d' ' - "$scratch/deck" | sort -n | cut -d' ' -f2)
  decks=$((decks + 1))
done
wait_for_attacks
note end

section "the runs end"
host_exec systemctl start pawld.socket pawld.service
touch "$evidence/stop"
wait "$admin" || { echo "$(cat "$scratch/admin.log")"; echo "LOST: runs that do not end"; lost=yes; }
admin=""

section "the judgement"
left() {
  host_exec systemctl list-units --all --plain --no-legend 'pawl-step-*' 'pawl-*.slice' | grep -v '^pawl\.slice'
  host_exec pgrep -af '/srv/chaos/step|^sleep 600'
  host_exec find /sys/fs/cgroup/ -type d -name 'pawl-*' ! -name 'pawl-shutdown.service' ! -name 'pawl-test-*'
}
# A slice goes a moment after its run.
gone() { [[ ! $(left) ]]; }
for _ in {1..100}; do ! gone || break; sleep 0.1; done
left >"$evidence/left" || true
host_exec cat /srv/chaos/marks >"$evidence/marks"
host_exec pawl ps --all --output json >"$evidence/ps.json"
host_exec sh -c 'pawl ps --all --output json | tr "," "\n" | sed -n "s/.*\"run\" *: *\"\([^\"]*\)\".*/\1/p" | while read -r run; do pawl status "$run" --output json | tr "\n" " "; echo; done' >"$evidence/runs.jsonl"
for receipt in "$scratch"/state/runs/*/*/result.json; do
  [[ ! -e $receipt ]] || printf '{"path": "%s", "receipt": %s}\n' "$receipt" "$(<"$receipt")"
done >"$evidence/receipts.jsonl"
keep_evidence
"$here/judge" "$evidence" || fail "see the evidence in ${evidence#"$PWD"/}"
[[ ! ${lost:-} ]] || fail "not all runs ended; see the evidence in ${evidence#"$PWD"/}"
! grep -h 'upgrade that failed' "$evidence/actions" || fail "an upgrade failed; see ${evidence#"$PWD"/}/upgrades-failed"
assert_equal "pawld" active "$(host_exec systemctl is-active pawld.service || true)"
section "the judge"
"$here/doctor" "$evidence"
[[ ${PAWL_CHAOS_KEEP:-} ]] || rm -rf "$evidence"
trap at_end EXIT
umount -l "$scratch/state"
