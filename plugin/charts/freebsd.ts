import type { ChartDefinition } from '../netdata/chart'
import { resetsChart } from './resets'

/**
 * Resets received of a FreeBSD system. There is no dimension `sent`: FreeBSD counts only some causes of those, and a
 * part of them under that name would look like all.
 *
 * @param source the name of the source of the numbers
 */
export function freebsdResetsChart(source: string): ChartDefinition {
  const chart = resetsChart(source)
  return {
    ...chart,
    title:
      'TCP resets received, IPv4 and IPv6 together (an estimate; FreeBSD counts those sent only in part)',
    dimensions: chart.dimensions.filter(({ id }) => id === 'received'),
  }
}

/**
 * What FreeBSD counts about resets. Unlike on Linux the ones sent are not parts of a whole: nothing counts resets
 * to closed ports, to unknown connections, or of programs that abort. An overflow is not proof of a reset.
 *
 * @param source the name of the source of the numbers
 */
export function freebsdCausesChart(source: string): ChartDefinition {
  return {
    type: 'ipv4',
    id: 'tcp_reset_causes',
    title:
      'TCP resets that FreeBSD counts: received half open or ignored; sent for data after a close and at timeouts; full listen queues',
    units: 'resets/s',
    family: 'tcp',
    context: 'ipv4.tcp_reset_causes',
    style: 'line',
    priority: 5232,
    module: source,
    dimensions: [
      { id: 'received_half_open', algorithm: 'incremental' },
      { id: 'received_ignored', algorithm: 'incremental' },
      // Draws a reset each, unless net.inet.tcp.syncache.rst_on_sock_fail is 0.
      { id: 'listen_overflow', algorithm: 'incremental' },
      { id: 'sent_after_close', algorithm: 'incremental' },
      { id: 'sent_persist_timeout', algorithm: 'incremental' },
      { id: 'sent_timeout_at_least', algorithm: 'incremental' },
    ],
    labels: { namespace: 'host', source, received: 'estimated' },
  }
}
