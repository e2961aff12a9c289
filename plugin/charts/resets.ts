import type { ChartDefinition } from '../netdata/chart'

/** The id that Netdata and its configuration know the plugin by. */
export const PLUGIN = 'tcp_resets'

/** Which network namespace a chart is of. */
export interface ChartNamespace {
  /** Added to the chart's id: nothing for the namespace of the agent, or `_` and a name that no other has. */
  readonly suffix: string
  readonly labels: { readonly namespace: string } & Readonly<Record<string, string>>
  /** How it is known what it receives: `estimated` where absent. */
  readonly received?: 'estimated' | 'counted'
}

/** The namespace that the agent itself runs in: the host's, unless it runs in a container. */
export const OWN_NAMESPACE: ChartNamespace = { suffix: '', labels: { namespace: 'host' } }

/**
 * Resets sent and received of one network namespace.
 *
 * @param source the name of the source of the numbers
 */
export function resetsChart(
  source: string,
  { suffix, labels, received = 'estimated' }: ChartNamespace = OWN_NAMESPACE,
): ChartDefinition {
  return {
    type: 'ipv4',
    id: `tcp_resets${suffix}`,
    // Told of each chart alone: a container's resets are not among the host's.
    title: `TCP resets of one network namespace, IPv4 and IPv6 together${received === 'counted' ? '' : ' (received is an estimate)'}`,
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
    labels: { ...labels, source, received },
  }
}
