import type { ChartDefinition } from '../netdata/chart'

/** The id that Netdata and its configuration know the plugin by. */
export const PLUGIN = 'tcp_resets'

/**
 * Resets sent and received of one network namespace.
 *
 * @param source the name of the source of the numbers
 */
export function resetsChart(source: string): ChartDefinition {
  return {
    type: 'ipv4',
    id: 'tcp_resets',
    title: 'TCP resets, IPv4 and IPv6 together (received is an estimate)',
    units: 'resets/s',
    family: 'tcp',
    context: 'ipv4.tcp_resets',
    style: 'line',
    // Right behind Netdata's own TCP charts in the same section.
    priority: 5231,
    module: source,
    dimensions: [
      { id: 'sent', algorithm: 'incremental' },
      { id: 'received', algorithm: 'incremental' },
    ],
    labels: { namespace: 'host', source, received: 'estimated' },
  }
}
