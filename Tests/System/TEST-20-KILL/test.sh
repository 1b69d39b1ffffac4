#!/usr/bin/env bash
# 60 steps whose exit statuses are known, while pawld is killed at 40 moments that nobody chose, and systemd reloads,
# executes itself anew and loses its bus among them: nothing is lost, nothing runs twice, and who follows the run learns
# its outcome.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

seed=${PAWL_TEST_SEED:-$RANDOM}
echo "seed: $seed (PAWL_TEST_SEED)"
RANDOM=$seed
kills=40

host_start
install_deb

# Each third step waits for the two before it, whatever became of them. The last one's failure is the run's.
{
  printf 'name: Storm\nmax_parallel: 8\nsteps:\n'
  for n in {1..60}; do
    id=$(printf 's%02d' "$n")
    code=$((RANDOM % 4))
    ((n < 60)) || code=3
    echo "  - id: $id"
    if ((n % 3)); then
      echo "    depends_on: []"
    else
      printf '    depends_on: [s%02d, s%02d]\n' $((n - 2)) $((n - 1))
    fi
    ((n == 60)) || echo "    continue_on_failure: true"
    echo "    run: |"
    echo "      echo \"$id \$PAWL_ATTEMPT\" >>$marks"
    echo "      sleep $((2 + RANDOM % 4)).$((RANDOM % 10))"
    echo "      exit $code"
    echo "$id $( ((code)) && echo failed || echo succeeded) $code 1" >>"$scratch/truth"
  done
} | workflow storm

section "the attack"
host_exec pawl run storm >"$scratch/follower" 2>&1 &
follower=$!
wait_until 10 "the first step runs" marked s01
killed=0 missed=0
while ((killed < kills)); do
  pause=$((RANDOM % 460 + 20))
  sleep "0.$(printf %03d $pause)"
  if kill_pawld; then
    killed=$((killed + 1))
  else
    missed=$((missed + 1))
    ((missed < 40)) || fail "pawld was not there in $missed of $((missed + killed)) moments"
    continue
  fi
  case $killed in
    5 | 12 | 19 | 33) host_exec systemctl daemon-reload & ;;
    8 | 22 | 36) host_exec systemctl daemon-reexec & ;;
    10 | 28) host_exec systemctl restart dbus.service & ;;
    15) host_exec systemctl restart pawld.service ;;
    30) kill_pawld TERM || true ;;
  esac
done
run=$(sed -n '1s/ .*//p' "$scratch/follower")
done_steps=$(field_of "$run" .steps_done 2>/dev/null || host_exec pawl ps --all --output json | jq '.[0].steps_done')
echo "$killed kills, $missed moments without a pawld; $done_steps steps had ended by then"
((done_steps < 60)) || fail "the run had ended before the last kill"

section "the truth"
status=0
wait "$follower" || status=$?
cat "$scratch/follower"
assert_equal "the follower's exit status" 1 "$status"
assert_steps "$run" <"$scratch/truth"
for n in {1..60}; do printf 's%02d 1\n' "$n"; done | assert_marks
assert_equal "the run" "failed 60 step 's60' failed" "$(field_of "$run" '"\(.state) \(.steps_done) \(.reason)"')"
assert_status "pawl wait, afterwards" 1 host_exec pawl wait "$run"
assert_nothing_left
