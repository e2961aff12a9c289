import type { ChartDefinition } from '../netdata/chart'
import { resetsChart } from './resets'

/**
 * Resets received of a FreeBSD system. There is no dimension `sent`: nothing in FreeBSD counts those, and a 0 would
 * say that none were.
 *
 * @param source the name of the source of the numbers
 */
export function freebsdResetsChart(source: string): ChartDefinition {
  const chart = resetsChart(source)
  return {
    ...chart,
    title: 'TCP resets received, IPv4 and IPv6 together (an estimate; FreeBSD counts none that it sends)',
    dimensions: chart.dimensions.filter(({ id }) => id === 'received'),
  }
}

/**
 * What FreeBSD counts exactly about resets. Unlike on Linux these are not the parts of the resets sent: those have no
 * count that they could be parts of. The names say what was received; an overflow is not proof of a reset.
 *
 * @param source the name of the source of the numbers
 */
export function freebsdCausesChart(source: string): ChartDefinition {
  return {
    type: 'ipv4',
    id: 'tcp_reset_causes',
    title:
      'TCP resets with a counter of their own (FreeBSD): received while half open, received and ignored; full listen queues',
    units: 'resets/s',
    family: 'tcp',
    context: 'ipv4.tcp_reset_causes',
    style: 'line',
    priority: 5232,
    module: source,
    dimensions: [
      { id: 'received_half_open', algorithm: 'incremental' },
      { id: 'received_ignored', algorithm: 'incremental' },
      // Draws a reset each, unless net.inet.tcp.syncache.rst_on_sock_fail is 0 or net.inet.icmp.icmplim is reached.
      { id: 'listen_overflow', algorithm: 'incremental' },
    ],
    labels: { namespace: 'host', source, received: 'estimated' },
  }
}
