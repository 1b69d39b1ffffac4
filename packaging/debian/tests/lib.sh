# What the tests of the installed package share; to be sourced.
set -eu

fail() {
    echo "FAILED: $*"
    exit 1
}

# equal WHAT EXPECTED ACTUAL
equal() { [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"; }

# contains WHAT NEEDLE TEXT
contains() { case "$3" in *"$2"*) ;; *) fail "$1: no '$2' in: $3" ;; esac; }

# refused COMMAND...: fails, and leaves what it said in $said.
refused() {
    if said=$("$@" 2>&1); then fail "$* was not refused: $said"; fi
}

# workflow NAME: what is on stdin becomes a workflow, which pawld knows.
workflow() {
    cat >"/etc/pawl/workflows/$1.yaml"
    pawl reload
}

# reached WHAT COMMAND...: waits until COMMAND succeeds.
reached() {
    what=$1
    shift
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 300 ] || fail "$what: not within 30 s ($*)"
        sleep 0.1
    done
}

# repacked VERSION: a package of what is installed, under another version; its path is in $deb.
repacked() {
    tree=$AUTOPKGTEST_TMP/pawl-$1
    deb=$tree.deb
    mkdir -p "$tree/DEBIAN"
    # A folder that is a link is the host's.
    dpkg-query -L pawl | while read -r path; do
        [ "$path" = /. ] || { [ -L "$path" ] && [ -d "$path" ]; } || echo "${path#/}"
    done | tar -C / --no-recursion -T - -c | tar -C "$tree" -x
    dpkg-query -W -f 'Package: pawl\nVersion: NEW\nArchitecture: ${Architecture}\nMaintainer: ${Maintainer}\nDepends: ${Depends}\nDescription: ${Description}\n' pawl |
        sed "s/^Version: NEW$/Version: $1/" >"$tree/DEBIAN/control"
    for part in preinst postinst prerm postrm triggers; do
        if [ -e "/var/lib/dpkg/info/pawl.$part" ]; then cp "/var/lib/dpkg/info/pawl.$part" "$tree/DEBIAN/$part"; fi
    done
    dpkg-query -W -f '${Conffiles}\n' pawl | awk '{print $1}' | grep . >"$tree/DEBIAN/conffiles"
    dpkg-deb --root-owner-group -Znone -b "$tree" "$deb" >/dev/null
    rm -rf "$tree"
}

installed() { dpkg-query -W -f '${Version}' pawl; }
