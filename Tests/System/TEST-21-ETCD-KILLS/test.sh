#!/usr/bin/env bash
# The etcd cluster of the examples, brought up while pawld is killed 20 times: what stands in the end is a cluster that
# an inspection from outside of pawl accepts.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

seed=${PAWL_TEST_SEED:-$RANDOM}
echo "seed: $seed (PAWL_TEST_SEED)"
RANDOM=$seed
kills=20
top=$(cd "$system_tests/../.." && pwd)

host_start
host_exec sh -c 'command -v etcd && command -v etcdctl && command -v openssl' >/dev/null || skip "etcd is not installed"
install_deb
install_workflow "$top"/etc/pawl/workflows/examples/etcd-cluster.yaml
host_exec pawl reload

section "a first run that is cancelled half-way, with its members"
run=$(host_exec pawl run etcd-cluster --detach)
wait_until 60 "keys are being loaded" host_exec sh -c 'systemctl list-units --plain "pawl-step-*.load.*" | grep -q running'
assert_status "pawl cancel" 0 host_exec pawl cancel "$run"
assert_equal "members left" "" "$(host_exec systemctl list-units --all --plain --no-legend 'etcd-n*')"
authority=$(host_exec sha256sum /srv/etcd-cluster/pki/ca.crt)

section "the attack"
host_exec pawl run etcd-cluster >"$scratch/follower" 2>&1 &
follower=$!
wait_until 10 "the run has begun" grep -q "step 'fresh' running" "$scratch/follower"
run=$(sed -n '1s/ .*//p' "$scratch/follower")
killed=0
# Spread over the run: so many of its steps end between two kills. The pauses are short enough for a machine on which pawld takes
# twice as long to start.
while ((killed < kills)) && kill -0 "$follower" 2>/dev/null; do
  sleep "0.$(printf %03d $((RANDOM % 170 + 20)))"
  kill_pawld || continue
  killed=$((killed + 1))
  case $killed in
    6 | 14) host_exec systemctl daemon-reload & ;;
    10) host_exec systemctl daemon-reexec & ;;
  esac
done
echo "$killed kills"
assert_equal "kills before the run had ended" $kills "$killed"
status=0
wait "$follower" || status=$?
cat "$scratch/follower"
assert_equal "the follower's exit status" 0 "$status"
assert_equal "the run" succeeded "$(field_of "$run" .state)"
# What the half-done first run had made by then is done.
assert_equal "steps that did not succeed" "" "$(steps_of "$run" | awk '$2 != "succeeded" && !($1 ~ /^(ca|certificate)$/ && $2 == "skipped")')"
# No step of it fails when all is well, so a second attempt would be pawld's doing; but those that say so may.
steps_of "$run" | awk '$4 > 1 { print "more than one attempt: " $0 }'

assert_equal "the certification authority" "$authority" "$(host_exec sha256sum /srv/etcd-cluster/pki/ca.crt)"

section "the inspection"
cat >"$scratch/inspect" <<'E2'
set -uo pipefail
pki=/srv/etcd-cluster/pki backup=/srv/etcd-cluster/backup.db
export ETCDCTL_API=3 ETCDCTL_CACERT=$pki/ca.crt ETCDCTL_CERT=$pki/client.crt ETCDCTL_KEY=$pki/client.key
members=(https://127.0.0.1:12379 https://127.0.0.1:22379 https://127.0.0.1:32379)
all=$(IFS=,; echo "${members[*]}")
ask() { ETCDCTL_ENDPOINTS=$1 etcdctl --command-timeout=10s "${@:2}"; }
bad=0
wrong() { echo "WRONG: $*"; bad=1; }

# Members, each asked by itself: one that has lost touch would say what it remembers.
for member in "${members[@]}"; do
  list=$(ask "$member" member list)
  for name in n1 n2 n3; do grep -q "^[0-9a-f]*, started, $name, " <<<"$list" || wrong "$member does not know $name as started"; done
  (($(wc -l <<<"$list") == 3)) || wrong "$member knows other members too: $list"
  ask "$member" endpoint health >/dev/null 2>&1 || wrong "$member is not healthy"
done
for name in n1 n2 n3; do [[ $(systemctl is-active etcd-$name.service) == active ]] || wrong "etcd-$name.service does not run"; done
status=$(ask "$all" endpoint status -w fields)
[[ $(grep '"Leader"' <<<"$status" | sort -u | wc -l) == 1 && $(grep -c '"Leader"' <<<"$status") == 3 ]] ||
  wrong "no leader that all three agree upon: $status"

# Keys, all that were loaded and each with its value, through the member that was replaced.
ask "${members[2]}" get wl/key/ --prefix | paste - - | sort >/tmp/have
for ((i = 1; i <= 300; i++)); do printf 'wl/key/%d\tvalue-%d\n' "$i" "$i"; done | sort >/tmp/want
cmp -s /tmp/have /tmp/want || wrong "keys: $(diff /tmp/want /tmp/have | head -n 5)"
[[ $(ask "${members[2]}" get wl/token --print-value-only) =~ ^[0-9a-f]{32}$ ]] || wrong "no token"
[[ $(ask "$all" endpoint hashkv -w fields | grep '"Hash"' | sort | uniq -c | awk '{ print $1 }') == 3 ]] || wrong "the members' hashes differ"

# The snapshot: restored, it gives the keys back.
rm -rf /tmp/restored
if etcdctl snapshot restore "$backup" --data-dir /tmp/restored >/dev/null 2>&1; then
  total=$(etcdctl snapshot status "$backup" -w json | sed -n 's/.*"totalKey":\([0-9]*\).*/\1/p')
  ((total >= 300)) || wrong "the snapshot has ${total:-no} keys"
else
  wrong "the snapshot cannot be restored"
fi

# Access: not without a certificate, not with one of another authority, not in plain text.
for member in "${members[@]}"; do
  env -u ETCDCTL_CERT -u ETCDCTL_KEY ETCDCTL_ENDPOINTS="$member" etcdctl --command-timeout=2s get x >/dev/null 2>&1 &&
    wrong "$member answers without a certificate"
  ETCDCTL_ENDPOINTS=${member/https/http} etcdctl --command-timeout=2s get x >/dev/null 2>&1 && wrong "$member answers in plain text"
done
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj /CN=stranger -days 1 \
  -keyout /tmp/stranger.key -out /tmp/stranger.crt 2>/dev/null
ETCDCTL_CERT=/tmp/stranger.crt ETCDCTL_KEY=/tmp/stranger.key ETCDCTL_ENDPOINTS=${members[0]} \
  etcdctl --command-timeout=2s get x >/dev/null 2>&1 && wrong "a certificate of another authority is good enough"
[[ $(stat -c %a "$pki") == 700 ]] || wrong "$pki has mode $(stat -c %a "$pki")"
find "$pki" -name '*.key' -perm /077 | grep . && wrong "a private key that others can read"
exit $bad
E2
host_copy "$scratch/inspect" /root
host_exec bash /root/inspect || fail "the cluster is not as it should be"
[[ -z ${PAWL_TEST_ETCD_CHECK:-} ]] || { host_copy "$PAWL_TEST_ETCD_CHECK" /root && host_exec bash "/root/$(basename "$PAWL_TEST_ETCD_CHECK")"; } ||
  fail "$PAWL_TEST_ETCD_CHECK does not accept the cluster"

section "all of it goes again"
assert_status "pawl undo" 0 host_exec timeout 60 pawl undo "$run"
assert_equal "members left" "" "$(host_exec systemctl list-units --all --plain --no-legend 'etcd-n*')"
host_exec test ! -e /srv/etcd-cluster/data || fail "data left"
assert_nothing_left
