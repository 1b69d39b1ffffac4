# shellcheck shell=bash
# What the benchmarks share: a throwaway host of their own with the package on it, and medians. To be sourced.
#
#   bench_host NAME FILE...    boots a clean Debian 12, installs .build/deb/pawl_*.deb there and copies FILEs to /root
#   on_host COMMAND...         runs COMMAND on it
#   median                     of the numbers on stdin
#   $work                      a folder on this machine; it goes with the benchmark
benchmarks=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$benchmarks/../.." && pwd)
harness=$top/Tests/System/harness
export PAWL_TEST_HOST=box PAWL_TEST_OWNER=$$

die() { echo "bench: $*" >&2; exit 1; }
((EUID == 0)) || die "needs root"
work=$(mktemp -d)
bench_name=""
trap '[[ ! $bench_name ]] || "$harness" stop "$bench_name" || true; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

on_host() { "$harness" exec "$bench_name" -- "$@"; }

# compile NAME: NAME.c beside this file becomes $work/NAME.
compile() {
  local flags
  read -r -a flags < <(pkg-config --cflags --libs libsystemd sqlite3)
  cc -O2 -Wall -Wextra -Werror -o "$work/$1" "$benchmarks/$1.c" "${flags[@]}"
}

bench_host() {
  local name=$1 debs=("$top"/.build/deb/pawl_*.deb)
  shift
  [[ -e ${debs[0]} ]] || die "there is no .build/deb/pawl_*.deb to measure: make deb"
  ((${#debs[@]} == 1)) || die "there is more than one package in .build/deb: remove the old one"
  deb=${debs[0]}
  # shellcheck source=/dev/null
  source "$top/Tests/System/root-packages"
  make_base_root
  bench_name=$name
  "$harness" start "$name" --root "$top/.build/root"
  "$harness" copy "$name" "$deb" "$@" /root
  on_host env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "/root/${deb##*/}" \
    >"$work/install.log" 2>&1 || { cat "$work/install.log" >&2; die "the package could not be installed"; }
}

median() {
  sort -n | awk '{a[NR] = $1} END {if (NR) print (NR % 2) ? a[(NR + 1) / 2] : (a[NR / 2] + a[NR / 2 + 1]) / 2}'
}
