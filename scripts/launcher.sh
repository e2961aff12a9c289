#!/bin/sh
':' /*
# To sh all of this is a program that looks for Node; to JavaScript it is a string and a comment.
# Only what sh has built in: there may be nothing else on PATH.
unset NODE_OPTIONS # what other programs of this machine are given (--import, --require) is not for this one
# One arena for all of Node's threads, and giving back what is free, has glibc take 0.6 MB less of private memory.
export MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=65536
why="there is no node or nodejs on PATH ($PATH)"
# The Node that came with this, or that the installation named, goes before those on PATH, if it runs here at all.
for node in "$0.node" "$(command -v node)" "$(command -v nodejs)"; do
  [ -x "$node" ] || continue
  said=$({ "$node" --version; exit; } 2>&1) && {
    # --interrupt-budget: the optimizing compiler is 3.8 MB of resident memory, and what runs once a second has no use for
    # it. With a hundred times Node's own budget only a flood or a thousand namespaces start it. Later versions count otherwise.
    case $said in v18.* | v20.*) late=@LATE@ ;; *) late= ;; esac
    # --max-semi-space-size: in a flood, Node would rather take 30 MB more than collect its short-lived garbage now.
    exec "$node" --max-semi-space-size=1 $late "$0" "$@"
  }
  why="$node does not run here:"
  for musl in /lib/ld-musl-*; do [ ! -e "$musl" ] || said=musl; done
  case $said in
    musl) why="$why this system has musl, and that is built for glibc. Install the system's own (apk add nodejs)" ;;
    *GLIBC_*) why="$why it needs a newer glibc than this system's. Install a Node.js that is built for it" ;;
    '' | *format* | *'syntax error'* | *[Ff]ault*)
      why="$why it is for another kind of processor, or cut short. Get the one for this machine" ;;
    *) why="$why ${said%%'
'*}" ;;
  esac
done
echo "@NAME@ needs Node.js 18 or later, and $why" >&2
printf '@FAREWELL@'
exit 1
*/
