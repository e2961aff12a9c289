import type { ChartDefinition } from '../netdata/chart'

/**
 * What became of the network namespaces that were found.
 *
 * @param source the name of the source of the numbers
 */
export function namespacesChart(source: string): ChartDefinition {
  return {
    type: 'ipv4',
    id: 'tcp_resets_namespaces',
    title: 'Network namespaces whose TCP resets are measured',
    units: 'namespaces',
    family: 'tcp',
    context: 'ipv4.tcp_resets_namespaces',
    style: 'stacked',
    priority: 5239,
    module: source,
    dimensions: [
      { id: 'own_chart', algorithm: 'absolute' },
      // Above the maximum: together in the chart ipv4.tcp_resets_others.
      { id: 'summed', algorithm: 'absolute' },
      { id: 'excluded', algorithm: 'absolute' },
      // Too young to get a chart yet.
      { id: 'new', algorithm: 'absolute' },
    ],
    labels: { source },
  }
}
