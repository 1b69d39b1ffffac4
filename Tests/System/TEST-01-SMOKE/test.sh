#!/usr/bin/env bash
# From nothing to a workflow that ran, and back to nothing: install, run, purge on a clean Debian 12.
source "$(dirname "$0")/../lib.sh"

# Every file of the host but what apt, dpkg and the journal keep about their own work.
list_files() {
  host_exec find / \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /run/log -o -path /run/systemd \
    -o -path /run/lock -o -path /run/user -o -path /root -o -path /var/log -o -path /var/cache -o -path /var/lib/apt \
    -o -path /var/lib/dpkg -o -path /var/lib/systemd/timers -o -path /var/tmp \) -prune -o -print | sort
}

host_start
list_files >"$scratch/before"

section "install, without a network"
install_deb
assert_equal "pawld after the installation" active "$(host_exec systemctl is-active pawld.service)"
assert_equal "the socket" active "$(host_exec systemctl is-active pawld.socket)"
assert_equal "enabled for the next boot" enabled "$(host_exec systemctl is-enabled pawld.service)"
assert_equal "the socket's mode" 666 "$(host_exec stat -c %a /run/pawl/pawl.sock)"
assert_equal "the mark of the shutdown" active "$(host_exec systemctl is-active pawl-shutdown.service)"
assert_contains "the group" "pawl:" "$(host_exec getent group pawl)"

section "the hello workflow"
assert_status "pawl run hello" 0 host_exec pawl run hello
echo "$output"
assert_status "pawl run hello name=Debian" 0 host_exec pawl run hello name=Debian
wait_until 10 "the output in the journal" host_exec sh -c 'journalctl -q PAWL_WORKFLOW=hello | grep -q "Hello, Debian!"'
assert_contains "the first run's output" "Hello, world!" "$(host_exec journalctl -q -o cat PAWL_WORKFLOW=hello)"

section "manual pages"
for page in pawl.1 pawld.8 pawl.config.5 pawl.workflow.5; do
  host_exec sh -c "man -l /usr/share/man/man${page##*.}/$page.gz >/dev/null" || fail "no readable manual page $page"
done

section "remove keeps the history, purge keeps nothing"
host_exec apt-get remove -y -qq -o Dpkg::Use-Pty=0 pawl
host_exec test -e /var/lib/pawl/pawl.db || fail "a mere removal took the run history"
assert_equal "pawld after the removal" inactive "$(host_exec systemctl is-active pawld.service || true)"
host_exec apt-get purge -y -qq -o Dpkg::Use-Pty=0 pawl
list_files >"$scratch/after"
diff "$scratch/before" "$scratch/after" || fail "purge did not leave the host as it was"
assert_equal "units left" "" "$(host_exec systemctl list-units --all --no-legend 'pawl*.service' 'pawl*.socket')"
