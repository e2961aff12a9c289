# shellcheck shell=bash
# What the plugin reads, as a module of charts.d.plugin: the kernel's counters of resets as they are. It starts no process.

resets_update_every=
resets_names='OutRsts AttemptFails'
resets_causes='EstabResets EmbryonicRsts TCPAbortOnData TCPAbortOnClose TCPAbortOnMemory TCPAbortOnTimeout TCPAbortOnLinger TCPAbortFailed'
declare -A resets_found

resets_read() {
  local line lines at header=() values=()
  mapfile -t lines < "$1"
  for line in "${lines[@]}"; do
    [[ $line == "$2 "* ]] || continue
    if [ ${#header[@]} -eq 0 ]; then header=($line); else values=($line); fi
  done
  for at in "${!header[@]}"; do resets_found[${header[at]}]=${values[at]}; done
}

resets_get() {
  resets_read /proc/net/snmp Tcp: && resets_read /proc/net/netstat TcpExt:
}

resets_check() {
  resets_get
}

resets_create() {
  local name
  echo "CHART bench.resets '' 'resets' 'resets/s' tcp bench.resets line 1 $resets_update_every '' '' resets"
  for name in $resets_names; do echo "DIMENSION $name '' incremental 1 1"; done
  echo "CHART bench.causes '' 'causes' 'resets/s' tcp bench.causes line 2 $resets_update_every '' '' resets"
  for name in $resets_causes; do echo "DIMENSION $name '' incremental 1 1"; done
}

resets_update() {
  resets_get || return 1
  local name text="BEGIN bench.resets $1"
  for name in $resets_names; do text+=$'\n'"SET $name = ${resets_found[$name]}"; done
  text+=$'\nEND\n'"BEGIN bench.causes $1"
  for name in $resets_causes; do text+=$'\n'"SET $name = ${resets_found[$name]}"; done
  echo "$text"$'\nEND'
}
