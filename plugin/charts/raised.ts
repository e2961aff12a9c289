import type { ChartDefinition } from '../netdata/chart'

/** What a chart of raised resets is of. */
export interface RaisedOf {
  /** Added to the chart's id. */
  readonly suffix: string
  /** The value of its label. */
  readonly namespace: string
}

/** All other network namespaces of the node but those that ring alone. */
export const ALL_OTHERS: RaisedOf = { suffix: '', namespace: 'all others' }

/**
 * In how many network namespaces resets are raised now, for the alarms that speak for them.
 *
 * @param source the name of the source of the numbers
 */
export function raisedChart(source: string, { suffix, namespace } = ALL_OTHERS): ChartDefinition {
  return {
    type: 'ipv4',
    id: `tcp_reset_raised${suffix}`,
    title: 'Containers and other network namespaces with raised TCP resets',
    units: 'namespaces',
    family: 'tcp',
    context: 'ipv4.tcp_reset_raised',
    style: 'stacked',
    priority: 5238,
    module: source,
    dimensions: [
      { id: 'burst', algorithm: 'absolute' },
      { id: 'flood', algorithm: 'absolute' },
      // Raised for the first time in a while, when others were for some minutes already.
      { id: 'joined', algorithm: 'absolute' },
    ],
    labels: { namespace, source, most: 'none', joined: 'none' },
  }
}
