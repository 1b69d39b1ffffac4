#!/usr/bin/env bash
# What a person sees and presses: pawl in a terminal of a given size (tmux), keys in, screens out, and the screens held
# against those that somebody has looked at.
source "$(dirname "$0")/../lib.sh"

fixtures=$(cd "$system_tests/../Fixtures/screens" && pwd)
host_start
install_deb
sh() { host_exec bash -c "$1"; }

# A terminal of a size, with a shell in it that says how its command ended.
open_pane() {
  pane=$1
  host_exec env -u TMUX LANG=C.UTF-8 LC_ALL=C.UTF-8 tmux -f /dev/null new-session -d -s "$1" -x "$2" -y "$3" \
    "trap : INT; $4; echo \"status \$?\"; exec sleep infinity"
}
screen() { host_exec env LC_ALL=C.UTF-8 tmux capture-pane -p -t "$pane" "$@"; }
keys() { host_exec tmux send-keys -t "$pane" "$@"; }
has() { grep -qE -- "$1" <<<"$(screen)"; }
lacks() { ! has "$1"; }
shows() { wait_until 15 "the screen '$pane' to show '$1'" has "$1"; }
hides() { wait_until 15 "the screen '$pane' to hide '$1'" lacks "$1"; }
cursor() { host_exec tmux display-message -p -t "$pane" '#{cursor_flag}'; }
modes() { sh "stty -a -F \$(tmux display-message -p -t $pane '#{pane_tty}') | grep -oE -- '-?(icanon|echo)\b' | tr '\n' ' '"; }

# Times and names of runs are not the same twice.
masked() {
  sed -E 's/-[0-9a-hjkmnp-tv-z]{8}\b/-ID/g; s/[0-9]{2}:[0-9]{2}:[0-9]{2}/CLOCK/g; s/\b([0-9]+(\.[0-9]+)?(ms|min|s|h)( [0-9]+(min|s))?)\b/TIME/g; s/TIME +/TIME /g; s/ +$//'
}
assert_screen() {
  local now
  now=$(screen | masked)
  if [[ ${PAWL_WRITE_SCREENS:-} ]]; then echo "$now" >"$PAWL_WRITE_SCREENS/$1.txt"; return; fi
  diff -u "$fixtures/$1.txt" <(echo "$now") || fail "the screen '$1' is another one"
}

# shellcheck source=/dev/null
source "$(dirname "$0")/workflows.sh"
write_workflow timed <<'END'
variables: {seconds: 1}
steps:
  - {id: nap, command: [sleep, "${seconds}"]}
  - {id: after, command: ['true']}
END
write_workflow asks <<'END'
variables:
  mode: {enum: [create, cleanup], required: true, description: What to do}
  count: {type: integer, min: 1, max: 9, required: true}
steps:
  - {id: tell, run: 'echo "$MODE $COUNT" >/var/tmp/told', env: {MODE: "${mode}", COUNT: "${count}"}}
END
host_exec pawl reload

section "a run of twelve steps in its middle, wide and narrow, and in another size"
open_pane wide 100 30 'pawl run twelve'
shows '│ compiling unit5\.c'
shows '│ loading c'
shows 'load +.*\[4/5\]'
shows 'compile +.* 40 %'
assert_screen twelve
run=$(host_exec pawl status @last -o json | json 'd["run"]')
assert_equal "the first line begins with the run's name" "$run" "$(screen | head -n 1 | cut -d' ' -f1)"
assert_equal "the cursor" 0 "$(cursor)"
assert_equal "its progress as JSON" 40 "$(host_exec pawl status "$run" -o json | json '[s["progress"] for s in d["steps"] if s["id"] == "compile"][0]')"
assert_contains "its progress in words" "40 %" "$(host_exec pawl status "$run")"
assert_contains "the last lines of a run that goes on" "compile: compiling unit5.c" "$(host_exec pawl status "$run")"
host_exec tmux resize-window -t wide -x 60 -y 12
shows '^ +and [0-9]+ waiting'
assert_screen twelve-smaller
open_pane narrow 60 24 "NO_COLOR=1 pawl attach $run"
shows 'load +.*\[4/5\]'
shows '│ compiling unit5\.c'
shows '│ loading c'
assert_screen twelve-narrow
assert_equal "colours with NO_COLOR" "" "$(screen -e | grep -oE $'\e\\[[0-9;]*m' | head -n 1)"
assert_match "colours without" $'\e\\[' "$(pane=wide; screen -e)"

section "a pawld that goes away is waited for"
host_exec systemctl stop pawld.socket pawld.service
shows 'waiting for pawld'
host_exec systemctl start pawld.socket
hides 'waiting for pawld'

section "^C asks: to go on, to leave it at the key and at a second ^C, to cancel"
keys C-c
shows '\^C: l leave it running, c cancel the run, g go on'
keys g
hides '\^C: l leave'
keys C-c
shows '\^C: l leave'
keys l
shows '^status 130'
shows "run $run goes on"
assert_equal "the cursor" 1 "$(cursor)"
assert_equal "the terminal" "icanon echo " "$(modes)"
pane=wide
keys C-c
shows '\^C: l leave'
keys C-c
shows '^status 130'
assert_equal "the run" running "$(host_exec pawl status "$run" -o json | json 'd["state"]')"
open_pane cancels 80 24 "pawl attach $run"
shows 'compile'
keys C-c
shows '\^C: l leave'
keys c
shows '^status 3'
assert_equal "the run" cancelled "$(host_exec pawl status "$run" -o json | json 'd["state"]')"
assert_equal "the cursor" 1 "$(cursor)"

section "who ends pawl by a signal finds the terminal as it was, and the run going on"
open_pane ended 80 24 'pawl run twelve'
shows 'compile +.* 40 %'
run=$(host_exec pawl status @last -o json | json 'd["run"]')
sh 'pkill -TERM -x -t "$(tmux display-message -p -t ended "#{pane_tty}" | cut -d/ -f3-)" pawl'
shows '^status 143|Terminated'
assert_equal "the cursor" 1 "$(cursor)"
assert_equal "the terminal" "icanon echo " "$(modes)"
assert_equal "the run" running "$(host_exec pawl status "$run" -o json | json 'd["state"]')"
host_exec pawl cancel "$run" >/dev/null

section "behind a shell it draws nothing, and in front again it draws and asks"
host_exec env -u TMUX LANG=C.UTF-8 LC_ALL=C.UTF-8 tmux -f /dev/null new-session -d -s shell -x 80 -y 24 "PS1='ready> ' bash --norc -i"
pane=shell
shows '^ready>'
keys 'pawl run twelve &' Enter
shows 'twelve-[0-9a-z]+ running'
run=$(host_exec pawl status @last -o json | json 'd["run"]')
keys 'echo "still $((40 + 2))"' Enter
shows '^still 42'
lacks '25 %' || fail "it draws behind the shell: $(screen)"
assert_equal "the cursor" 1 "$(cursor)"
keys fg Enter
shows 'compile +.* 40 %'
keys C-c
shows '\^C: l leave'
keys g
hides '\^C: l leave'
keys C-z
shows 'Stopped'
assert_equal "the cursor" 1 "$(cursor)"
keys fg Enter
shows '25 %'
keys C-c
shows '\^C: l leave'
keys c
shows "^run $run cancelled"
keys 'echo "and now $((40 + 3))"' Enter
shows '^and now 43'

section "a line of wide characters takes one line"
write_workflow wide <<'END'
steps:
  - id: tell
    run: |
      for n in $(seq 3); do printf '\rdone %d %%' "$n"; done; echo
      echo '项目 中文 😀 中文中文中文中文中文中文中文中文中文中文中文中文中文中文中文中文中文'
      printf '\033[31mred\033[0m\n'
      read -r _ </var/tmp/go
END
host_exec pawl reload -q
open_pane characters 60 12 'pawl run wide'
shows '│ red'
assert_equal "lines of the picture" 5 "$(screen | grep -c .)"
assert_contains "what was written over is what it was at last" "│ done 3 %" "$(screen)"
assert_match "what does not fit is cut" '│ 项目 中文 😀 .*…$' "$(screen | grep 项目)"
host_exec pawl cancel @last -q

section "a failed run shows what failed, its last lines and what to do next"
open_pane failed 90 40 'pawl run broken'
shows '^status 1'
assert_screen failed

section "five hundred steps in 24 lines"
open_pane many 80 24 'pawl run many'
shows 's39 .*exit status 4'
shows '│ writing'
shows '\[39/500\]'
shows 'and 4[0-9][0-9] waiting, 38 succeeded'
assert_screen many
keys C-c
shows '\^C: l leave'
keys c
shows '^status 3'

section "a pipe, and a terminal that can only print, have a line for each change"
host_exec pawl run broken >"$scratch/pipe" || true
masked <"$scratch/pipe" >"$scratch/masked"
if [[ ${PAWL_WRITE_SCREENS:-} ]]; then cp "$scratch/masked" "$PAWL_WRITE_SCREENS/pipe.txt"; fi
diff -u "$fixtures/pipe.txt" "$scratch/masked" || fail "the pipe is another one"
open_pane dumb 80 24 'TERM=dumb pawl run broken'
shows '^status 1'
assert_contains "a line for a change" "step 'second' running" "$(screen)"

section "how long a run will take is told once its workflow has run, and not before"
host_exec pawl run timed >/dev/null
open_pane timed 80 24 'pawl run timed seconds=30'
shows '\[0/2\] 0 % .*about [0-9]+m?s left'
shows 'nap .*~[0-9]+m?s left'
assert_match "pawl ps" $'LEFT\n.*running +0/2 +[0-9]+m?s +[0-9]+m?s' "$(host_exec pawl ps)"
assert_equal "as JSON" True "$(host_exec pawl ps -o json | json 'str(0 <= d[0]["seconds_left"] < 5)')"
assert_contains "pawl status" "left" "$(host_exec pawl status @last | grep Progress)"
host_exec pawl cancel @last >/dev/null
assert_match "pawl status without a run" "Host: memory [0-9]+ %, .*disk [0-9]+ %" "$(host_exec pawl status | tr '\n' ' ')"

section "what is missing is asked for, and checked at once"
open_pane asks 80 24 'pawl run asks'
shows '2\) cleanup'
keys 3 Enter
shows "variable 'mode' must be one of create, cleanup, not '3'"
keys 2 Enter
shows 'count \(integer, 1 to 9\):'
keys 12 Enter
shows "variable 'count' "
keys 7 Enter
shows '^status 0'
assert_equal "told" "cleanup 7" "$(host_exec cat /var/tmp/told)"
assert_status "without a terminal" 2 sh 'pawl run asks </dev/null'
assert_contains "it names them" "variable 'mode' is required" "$output"
assert_contains "it names them" "variable 'count' is required" "$output"
