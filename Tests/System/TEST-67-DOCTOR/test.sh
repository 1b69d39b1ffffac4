#!/usr/bin/env bash
# pawl doctor: on a clean host nothing is an error, and each thing that is wrong is found and mended by the command that it gives.
source "$(dirname "$0")/../lib.sh"

host_start
install_deb
on_host() { host_exec bash -c "$1"; }
finding() { (host_exec pawl doctor -o json || true) | jq -c ".[] | select(.check == \"$1\") | $2"; }

section "a clean host"
assert_status "doctor" 0 host_exec pawl doctor
assert_contains "it answers" "answers, version" "$output"
assert_equal "nothing is an error" 0 "$(host_exec pawl doctor -o json | jq 'map(select(.state == "error")) | length')"

# broken CHECK COMMAND: breaks something by COMMAND, sees it found, and has it mended as told.
broken() {
  local check=$1 mend
  on_host "$2"
  assert_status "after '$2'" 1 host_exec pawl doctor
  assert_equal "after '$2'" '"error"' "$(finding "$check" .state)"
  mend=$(finding "$check" .mend | jq -r .)
  [[ ${3:-} != without ]] || return 0
  on_host "$mend"
  assert_equal "after '$mend'" '"ok"' "$(finding "$check" .state)"
}
section "what it gives mends what it finds"
broken units "systemctl disable pawld.service"
broken units "systemctl disable pawld.service; systemctl mask pawld.socket"
broken state "chmod 0777 /var/lib/pawl"
broken state "rm -r /run/pawl/step; mv /var/lib/pawl/runs /root/runs"
broken state "chmod 0644 /var/lib/pawl/pawl.db"
broken workflows "chmod 0666 /usr/lib/pawl/workflows/hello.yaml"
broken workflows "chown games /etc/pawl"
broken credentials "mkdir -p /etc/credstore; chmod 0755 /etc/credstore"
broken recorder "chmod 0777 /usr/libexec/pawl/pawl-record"
broken step-units "mkdir -p /etc/systemd/system/pawl-step-.service.d; echo >/etc/systemd/system/pawl-step-.service.d/10-record.conf"
broken machine-id "cp /etc/machine-id /run/id; echo uninitialized >/etc/machine-id" without
on_host 'cat /run/id >/etc/machine-id'
broken pawld "systemctl stop pawld.socket pawld.service"
broken journal 'mkdir -p /etc/systemd/journald.conf.d; printf "[Journal]\nStorage=none\n" >/etc/systemd/journald.conf.d/x.conf'

section "drop-ins of somebody else's for all services"
broken step-units 'mkdir -p /etc/systemd/system/service.d; printf "[Service]\nKillMode=process\n" >/etc/systemd/system/service.d/x.conf' without
assert_contains "it names the file and the line" "service.d/x.conf says 'KillMode=process'" "$(finding step-units .message)"

section "somebody who may not see"
on_host 'useradd --no-create-home mallory'
assert_contains "what mallory sees of pawld" "may not do that" "$(host_exec runuser -u mallory pawl doctor 2>&1 || true)"
