# shellcheck shell=bash
# Runs that stand still where somebody wants to look at them, for TEST-73 and for `make screens`. To be sourced where there are
# `sh COMMAND` and `write_workflow NAME`; a writer of one of the FIFOs lets a run go on.
sh 'mkfifo /var/tmp/go /var/tmp/gate /var/tmp/third; mkdir -p /etc/pawl/workflows'
write_workflow twelve <<'END'
max_parallel: 8
steps:
  - {id: fetch, run: 'echo fetched'}
  - {id: verify, run: 'echo verified'}
  - {id: unpack, run: 'echo unpacked'}
  - id: compile
    depends_on: [unpack]
    run: |
      printf 'compiling unit%d.c\n' 1 2 3 4 5
      echo progress=40 >>"$PAWL_OUTPUT"
      read -r _ </var/tmp/go
  - id: load
    depends_on: [unpack]
    foreach: [a, b, c, d, e]
    env: {ITEM: "${item}"}
    run: 'if [ "$ITEM" = c ]; then echo "loading $ITEM"; read -r _ </var/tmp/gate; fi'
  - {id: link, depends_on: [compile], run: 'true'}
  - {id: test, run: 'true'}
  - {id: package, run: 'true'}
  - {id: sign, run: 'true'}
  - {id: upload, run: 'true'}
  - {id: announce, run: 'true'}
  - {id: tidy, run: 'true'}
END
write_workflow broken <<'END'
steps:
  - {id: first, run: 'true'}
  - {id: second, run: 'for n in $(seq 30); do echo "line $n"; done; exit 3'}
  - {id: third, run: 'true'}
END
{ echo 'max_parallel: 5'; echo 'steps:'
  for n in $(seq 500); do
    case $n in
      40) echo "  - {id: s$n, depends_on: [], run: 'echo writing; read -r _ </var/tmp/third'}" ;;
      39) echo "  - {id: s$n, depends_on: [], run: 'echo no such disk; exit 4'}" ;;
      *) ((n < 40)) && echo "  - {id: s$n, depends_on: [], command: ['true']}" || echo "  - {id: s$n, depends_on: [s40], command: ['true']}" ;;
    esac
  done; } | write_workflow many
