#!/usr/bin/env bash
# The package as an admin meets it: its own tests, a downgrade and a removal that are refused with a reason, and a purge
# that leaves nothing but what the admin has written.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

debian=$system_tests/../../packaging/debian
apt=(env DEBIAN_FRONTEND=noninteractive apt-get -y -qq -o Dpkg::Use-Pty=0 --allow-downgrades --no-install-recommends)

# Every file of the host but what apt, dpkg and the journal keep about their own work, and whatever has our name.
list_files() {
  host_exec find / \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /run/log -o -path /run/systemd \
    -o -path /run/lock -o -path /run/user -o -path /root -o -path /srv -o -path /var/log -o -path /var/cache -o -path /var/lib/apt \
    -o -path /var/lib/dpkg -o -path /var/tmp \) -prune -o -print >"$scratch/list"
  # systemd's notes on journal fields of units that are gone are its own.
  host_exec find /run/systemd /var/log \( -path /var/log/journal -o -path /run/systemd/units \) -prune -o -name '*pawl*' -print >>"$scratch/list"
  sort "$scratch/list"
}

host_start
list_files >"$scratch/before"
install_deb
version=$(host_exec dpkg-query -W -f '${Version}' pawl)

section "the package's own tests"
host_copy "$debian" /root
mapfile -t tests < <(sed -n 's/^Tests: //p' "$debian/tests/control" | tr ',' '\n' | tr -d ' ')
assert_contains "the tests" removal "${tests[*]}"
for test in "${tests[@]}"; do
  host_exec sh -c 'cd /root && mkdir -p /var/tmp/adt && AUTOPKGTEST_TMP=/var/tmp/adt debian/tests/$1 && rm -rf /var/tmp/adt' sh "$test" ||
    fail "the package's own test '$test'"
  # The last one removes it.
  [[ $test == "${tests[-1]}" ]] || host_exec test -x /usr/bin/pawl
done
list_files >"$scratch/after"
diff "$scratch/before" "$scratch/after" || fail "the tests did not leave the host as it was"

section "an older package is refused while there is a newer one's history, and a run goes on"
dpkg-deb -R "${PAWL_TEST_DEB:?}" "$scratch/package"
sed -i "s/^Version: .*/Version: 9.9/" "$scratch/package/DEBIAN/control"
dpkg-deb --root-owner-group -Znone -b "$scratch/package" "$scratch/pawl_9.9.deb" >/dev/null
host_copy "$scratch/pawl_9.9.deb" /root
older=/root/$(basename "$PAWL_TEST_DEB")
host_exec "${apt[@]}" install /root/pawl_9.9.deb
workflow long <<E2
steps:
  - id: long
    run: |
      echo "long \$PAWL_ATTEMPT" >>$marks
      until test -e /srv/go-on; do sleep 0.1; done
E2
run=$(started long)
wait_until 10 "the step runs" marked long
unit=pawl-step-${run##*-}.long.1.service
pid=$(host_exec systemctl show -P MainPID "$unit")
assert_status "apt install of an older one" 100 host_exec "${apt[@]}" install "$older"
assert_contains "what is said" "pawl: not installed: pawl $version is older than pawl 9.9, which has written the run history" "$output"
assert_equal "the version" "9.9 install ok installed" "$(host_exec dpkg-query -W -f '${Version} ${Status}' pawl)"
assert_equal "dpkg's audit" "" "$(host_exec dpkg --audit)"
wait_until 20 "pawld is up" host_exec systemctl is-active -q pawld.service
assert_equal "the step" "$pid" "$(host_exec systemctl show -P MainPID "$unit")"

section "a removal is refused while a run is active, and names it"
former=$(main_pid)
assert_status "apt remove" 100 host_exec "${apt[@]}" remove pawl
assert_contains "what is said" "pawl: not removed: a removal ends the steps of runs half-way, and these runs are active:
  $run (running)
Wait for each with 'pawl wait RUN', or end it with 'pawl cancel RUN', and remove pawl then." "$output"
assert_equal "dpkg's audit" "" "$(host_exec dpkg --audit)"
assert_equal "pawld" "$former" "$(main_pid)"
host_exec systemctl stop pawld.socket pawld.service
assert_status "apt remove without pawld" 100 host_exec "${apt[@]}" remove pawl
assert_contains "what is said" "  ${run##*-} ($unit)" "$output"
host_exec systemctl start pawld.socket pawld.service
assert_equal "the step" "$pid" "$(host_exec systemctl show -P MainPID "$unit")"
assert_status "apt purge" 100 host_exec "${apt[@]}" purge pawl
host_exec touch /srv/go-on
assert_status "pawl wait" 0 host_exec timeout 60 pawl wait "$run"
printf '%s 1\n' long | assert_marks

section "after a removal the history is there, an older package is refused still, and without the history it is not"
host_exec "${apt[@]}" remove pawl
assert_status "apt install of an older one" 100 host_exec "${apt[@]}" install "$older"
assert_contains "what to do" "  apt-get remove pawl
  mv /var/lib/pawl /var/lib/pawl.9.9
  apt-get install pawl=$version" "$output"
host_exec mv /var/lib/pawl /var/lib/pawl.9.9
host_exec "${apt[@]}" install "$older"
assert_equal "the version" "$version" "$(host_exec dpkg-query -W -f '${Version}' pawl)"
assert_equal "runs" "[]" "$(host_exec pawl ps --all -o json)"

section "a purge leaves what the admin has written, and nothing else"
# All that there can be of pawl: schedules with stamps, enabled workflows, a service of a run, a log file, drop-ins.
workflow scheduled <<E2
schedule: "2099-01-01"
steps: [{id: nothing, command: ["true"]}]
E2
workflow serves <<E2
steps:
  - {id: serves, service: true, command: [sleep, infinity]}
  - {id: fails, run: exit 1}
E2
host_exec sh -c 'mkdir -p /etc/systemd/system && printf "[Timer]\nOnCalendar=daily\nPersistent=yes\n[Install]\nWantedBy=timers.target\n" >/etc/systemd/system/pawl@hello.timer
  printf "log_target: file\n" >/etc/pawl/config.yaml.d/log.yaml
  printf "name: admin\n" >/etc/pawl/run.d/hello.yaml
  systemctl daemon-reload
  systemctl start pawl@hello.timer
  systemctl enable -q pawl@hello.service'
host_exec pawl reload
assert_status "a run with a service that fails" 1 host_exec pawl run serves
host_exec pawl run --detach serves >/dev/null || true
# As after a boot.
host_exec systemctl start pawl-boot.target
host_exec systemctl start pawl@hello.service
host_exec sh -c 'for run in $(pawl ps | sed 1d | cut -d" " -f1); do pawl wait "$run" || true; done'
for made in /var/lib/pawl/pawl.db /var/lib/systemd/timers/stamp-pawl@hello.timer /etc/systemd/system/pawl-boot.target.wants/pawl@hello.service /run/systemd/transient/pawl@scheduled.timer; do
  host_exec test -e $made || fail "there is no $made"
done
assert_match "the catalog" pawld "$(host_exec journalctl --list-catalog)"
host_exec sh -c 'systemctl stop pawl@hello.timer && rm /etc/systemd/system/pawl@hello.timer'
host_exec "${apt[@]}" purge pawl
host_exec rm -rf /var/lib/pawl.9.9
assert_equal "units" "" "$(host_exec systemctl list-units --all --plain --no-legend 'pawl*')"
[[ $(host_exec journalctl --list-catalog) != *pawl* ]] || fail "the catalog has entries of pawl's"
list_files >"$scratch/after"
assert_equal "what is left" "/etc/pawl
/etc/pawl/config.yaml.d
/etc/pawl/config.yaml.d/log.yaml
/etc/pawl/run.d
/etc/pawl/run.d/hello.yaml
/etc/pawl/workflows
/etc/pawl/workflows/long.yaml
/etc/pawl/workflows/scheduled.yaml
/etc/pawl/workflows/serves.yaml" "$(diff "$scratch/before" "$scratch/after" | sed -n 's/^[<>] //p')"
