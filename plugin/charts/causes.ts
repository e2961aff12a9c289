import { CAUSES } from '../analysis/causes'
import type { ChartDefinition } from '../netdata/chart'
import { type ChartNamespace, OWN_NAMESPACE } from './resets'

/**
 * Resets sent by one network namespace, by cause.
 *
 * @param source the name of the source of the numbers
 */
export function causesChart(
  source: string,
  { suffix, labels, received = 'estimated' }: ChartNamespace = OWN_NAMESPACE,
): ChartDefinition {
  return {
    type: 'ipv4',
    id: `tcp_reset_causes${suffix}`,
    title: 'TCP resets sent by cause, IPv4 and IPv6 together (other: no counter tells)',
    units: 'resets/s',
    family: 'tcp',
    context: 'ipv4.tcp_reset_causes',
    style: 'stacked',
    priority: 5232,
    module: source,
    dimensions: CAUSES.map(id => ({ id, algorithm: 'incremental' })),
    labels: { ...labels, source, received },
  }
}
