import type { Machine } from './machine'

/** What tells two states of a machine apart, less what the agent, dpkg and systemd write of their own. */
export const filesOf = (machine: Machine): string =>
  machine.must(`find /etc /usr /opt /root /var/lib -xdev \\( -path /var/lib/netdata -o -path /var/lib/dpkg \\
    -o -path /var/lib/systemd -o -path /etc/netdata/.environment -o -name '*.cache' \\) -prune -o -printf '%p %y %l %m %u:%g\\n' | sort`)
