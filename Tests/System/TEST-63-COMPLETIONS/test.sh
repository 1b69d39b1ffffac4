#!/usr/bin/env bash
# Tab in bash, zsh and fish offers verbs, options, and the names of workflows, runs and steps that there are.
source "$(dirname "$0")/../lib.sh"
source "$(dirname "$0")/../attack.sh"

host_start
install_deb
workflow zebra <<'END'
steps: [{id: stripes, command: [echo, stripes]}]
END
host_exec pawl run zebra
run=$(host_exec pawl ps --all -o json | jq -r '.[0].run')
first=${run%???}

# Each: LINE, and what is among the words offered for its last word.
cases=("pawl stat|status" "pawl run zeb|zebra" "pawl logs --foll|--follow" "pawl status zebra-|$run" "pawl logs $run str|stripes" "pawl wait $first|$run")

section "bash"
cat >"$scratch/in-bash" <<'END'
source /usr/share/bash-completion/completions/pawl
COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9
read -r -a COMP_WORDS <<<"$1"
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
name=$(complete -p pawl | sed 's/.*-F \([^ ]*\).*/\1/')
"$name" pawl "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
END
host_copy "$scratch/in-bash" /root
for entry in "${cases[@]}"; do
  offered=$(host_exec bash -O extglob -O progcomp /root/in-bash "${entry%|*}" | sed 's/ *$//')
  grep -qxF -- "${entry#*|}" <<<"$offered" || fail "bash offers for '${entry%|*}': $offered"
done

section "zsh and fish"
# Each at a terminal of its own: what it has made of the line after Tab.
cat >"$scratch/at-a-terminal" <<'END'
zmodload zsh/zpty
case $1 in
  zsh)
    zpty shell zsh -f -i
    zpty -w shell 'PS1=; stty cols 200; autoload -Uz compinit && compinit -u; echo rea""dy' ;;
  fish)
    zpty shell env TERM=xterm fish --private
    zpty -w shell 'function fish_prompt; end; stty cols 200; echo rea""dy' ;;
esac
zpty -r shell line '*ready*' || exit 1
zpty -w -n shell "$2"$'\t'
zpty -r shell line "*$3*" || exit 1
print -r -- "$line"
zpty -d shell
END
host_copy "$scratch/at-a-terminal" /root
for entry in "${cases[@]}"; do
  for shell in zsh fish; do
    assert_status "$shell and '${entry%|*}'" 0 host_exec timeout 30 zsh /root/at-a-terminal "$shell" "${entry%|*}" "${entry#*|}"
  done
done

section "without pawld nothing is offered, and nobody waits"
host_exec systemctl stop pawld.socket pawld.service
offered=$(host_exec timeout 10 bash -O extglob -O progcomp /root/in-bash "pawl run zeb")
assert_equal "offered" "" "$offered"
