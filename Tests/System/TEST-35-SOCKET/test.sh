#!/usr/bin/env bash
# The socket is open to everybody: who may act does, and nobody else can do harm there.
source "$(dirname "$0")/../lib.sh"

host_start
install_deb
host_exec useradd --system --groups pawl member
host_exec useradd --system stranger
as() { local user=$1; shift; host_exec setpriv --reuid "$user" --regid "$user" --init-groups "$@"; }
pid() { host_exec systemctl show -p MainPID --value pawld; }
descriptors() { host_exec sh -c "ls /proc/$(pid)/fd | wc -l"; }
write_workflow talk <<'END'
steps:
  - {id: talk, run: "seq 60000; sleep 300"}
END
host_exec pawl reload
# client.pl MODE [COUNT]: what no client of ours would do.
cat >"$scratch/client.pl" <<'END'
use strict; use warnings; use IO::Socket::UNIX; $| = 1; $SIG{PIPE} = 'IGNORE';
my ($mode, @rest) = @ARGV;
sub conn { return IO::Socket::UNIX->new(Peer => '/run/pawl/pawl.sock') }
sub answer { my $s = shift; local $/ = "\0"; my $line = <$s>; chop $line if defined $line; return $line // '(closed)' }
if ($mode eq 'send') { my $s = conn() or die "no connection: $!"; print $s $_, "\0" for @rest; $s->flush; print answer($s), "\n" for @rest; }
elsif ($mode eq 'raw') { my $s = conn() or die "no connection: $!"; print $s $rest[0] x $rest[1]; $s->flush; $s->shutdown(1); print answer($s), "\n"; }
elsif ($mode eq 'half') { my $s = conn(); print $s '{"method":"org.varlink'; $s->flush; sleep 60; }
elsif ($mode eq 'deaf') { my @s = map { my $s = conn() or die; print $s "$rest[1]\0"; $s->flush; $s } 1 .. $rest[0]; print "sent\n"; sleep 60; }
elsif ($mode eq 'hold') { my (@s, $refused); for (1 .. $rest[0]) { my $s = conn() or last; push @s, $s }
  my $ok = 0; for my $s (@s) { print $s "{\"method\":\"org.varlink.service.GetInfo\"}\0"; $s->flush; my $a = answer($s); if ($a =~ /vendor/) { $ok++ } else { $refused //= $a } } print "$ok $refused\n"; sleep($rest[1] // 0); }
elsif ($mode eq 'loop') { for (1 .. $rest[0]) { my $s = conn() or die "no connection: $!"; print $s "{\"method\":\"org.varlink.service.GetInfo\"}\0" if $_ % 3; $s->flush; answer($s) if $_ % 3 == 1; } print "done\n"; }
END
host_copy "$scratch/client.pl" /var/tmp
host_exec chmod 0644 /var/tmp/client.pl
client() { host_exec timeout 20 perl /var/tmp/client.pl "$@"; }

section "who may"
assert_status "a member of the group" 0 as member pawl run hello
assert_status "a member of the group" 0 as member pawl logs @last
assert_status "a member of the group" 0 as member pawl reload
for verb in "run hello" ps list status "status @last" "logs @last" "cancel @last" reload "wait @last" "retry @last" "resume @last"; do
  # shellcheck disable=SC2086
  assert_status "a stranger's pawl $verb" 6 as stranger pawl $verb
  assert_contains "what the stranger is told" "group 'pawl'" "$output"
done
assert_status "a stranger's pawl check" 0 as stranger pawl check hello
assert_contains "what every client may ask" '"vendor"' "$(as stranger perl /var/tmp/client.pl send '{"method":"org.varlink.service.GetInfo"}')"
assert_contains "the interface" "method StartRun" "$(as stranger perl /var/tmp/client.pl send '{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"io.pawl.Manager"}}')"

section "garbage gets an error, and the next call an answer"
for call in 'not json' '[]' '{}' '{"method":3}' '{"method":"x"}' '{"method":"io.pawl.Manager.StartRun","parameters":3}'; do
  assert_contains "$call" '"error":"' "$(client send "$call")"
done
assert_contains "an unknown interface" org.varlink.service.InterfaceNotFound "$(client send '{"method":"a.b.C"}')"
assert_contains "an unknown method" org.varlink.service.MethodNotFound "$(client send '{"method":"io.pawl.Manager.Nothing"}')"
assert_contains "a missing parameter" org.varlink.service.InvalidParameter "$(client send '{"method":"io.pawl.Manager.StartRun"}')"
assert_contains "the connection goes on after an error" '"vendor"' "$(client send '{"method":"a.b.C"}' '{"method":"org.varlink.service.GetInfo"}' | tail -n 1)"
deep=$(printf '[%.0s' $(seq 20000))
assert_match "nested too deep" '"error":"|closed' "$(client send "{\"method\":\"io.pawl.Manager.StartRun\",\"parameters\":$deep")"
for noise in 'x:70000000' '\xff\xfe:1000000'; do
  assert_match "noise without an end" '"error":"|closed' "$(client raw "${noise%:*}" "${noise#*:}" || true)"
  assert_status "pawl ps meanwhile" 0 host_exec timeout 5 pawl ps
done
assert_match "nothing but ends" '"error":"|closed' "$(client raw '{}' 300000 || true)"
host_exec timeout 20 perl -e 'use IO::Socket::UNIX; $SIG{PIPE}="IGNORE"; for (1..20) { my $s = IO::Socket::UNIX->new(Peer => "/run/pawl/pawl.sock") or die; print $s "\0" x 1000000; }' &
flood=$!
for round in 1 2 3; do assert_status "pawl ps during a flood of ends" 0 host_exec timeout 5 pawl ps; done
wait "$flood" || true
assert_equal "pawld was not restarted by any of it" 0 "$(host_exec systemctl show -p NRestarts --value pawld)"

section "clients that do not read"
run=$(host_exec pawl run talk --detach)
wait_until 10 "the output" host_exec sh -c "[ \$(pawl logs $run talk | wc -l) = 60000 ]"
before=$(descriptors)
client deaf 40 "{\"method\":\"io.pawl.Manager.ReadLogs\",\"more\":true,\"parameters\":{\"run\":\"$run\",\"follow\":true}}" >"$scratch/deaf" &
deaf=$!
client deaf 40 "{\"method\":\"io.pawl.Manager.WatchRun\",\"more\":true,\"parameters\":{\"run\":\"$run\"}}" >/dev/null &
watchers=$!
client half & half=$!
wait_until 10 "the questions" grep -q sent "$scratch/deaf"
for round in 1 2 3 4 5; do assert_status "pawl ps" 0 host_exec timeout 5 pawl ps; done
assert_status "pawl run hello" 0 host_exec timeout 10 pawl run hello
assert_equal "what a reader gets" 60000 "$(host_exec timeout 20 pawl logs "$run" talk | wc -l)"
memory=$(host_exec sh -c "awk '/^VmRSS/ {print \$2}' /proc/$(pid)/status")
((memory < 200000)) || fail "pawld has $memory kB for clients that do not read"
host_exec pkill -f '[c]lient.pl' || true
wait "$deaf" "$watchers" "$half" 2>/dev/null || true
given_back() { (($(descriptors) <= before + 2)); }
wait_until 10 "the descriptors to be given back" given_back

section "so many connections for one user, and no more"
as stranger timeout 30 perl /var/tmp/client.pl hold 100 3 >"$scratch/held" & holder=$!
wait_until 10 "the connections" test -s "$scratch/held"
assert_match "answered and refused" '^64 .*"error":"' "$(cat "$scratch/held")"
assert_status "a member meanwhile" 0 as member timeout 5 pawl ps
assert_status "root meanwhile" 0 host_exec timeout 5 pawl ps
host_exec pkill -f '[c]lient.pl' || true
wait "$holder" || true
assert_status "the stranger afterwards" 6 as stranger timeout 5 pawl ps

section "a thousand connections leave nothing behind"
before=$(descriptors)
assert_equal "the loop" "done" "$(client loop 1000)"
wait_until 10 "the descriptors to be given back" given_back
assert_equal "pawld was not restarted by any of it" 0 "$(host_exec systemctl show -p NRestarts --value pawld)"
assert_status "cancel" 0 host_exec pawl cancel "$run"

section "nobody at home"
host_exec systemctl stop pawld.socket pawld.service
for verb in ps "run hello" "logs @last" "wait @last" reload; do
  # shellcheck disable=SC2086
  assert_status "pawl $verb without pawld" 5 host_exec timeout 60 pawl $verb
  assert_equal "lines said by pawl $verb" 1 "$(wc -l <<<"$output")"
  assert_contains "pawl $verb" "pawld" "$output"
done
host_exec systemctl start pawld.service
assert_status "pawl ps" 0 host_exec pawl ps
