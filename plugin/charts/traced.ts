import type { ChartDefinition } from '../netdata/chart'

// What the kernel's trace says of all network namespaces together. They never mean the same as the charts of one
// namespace's counters.

const common = {
  type: 'ipv4',
  units: 'resets/s',
  family: 'tcp',
  style: 'line',
  module: 'tracefs',
} as const

const labels = (isWhole: boolean): ChartDefinition['labels'] => ({
  namespace: 'all',
  source: 'tracefs',
  received: isWhole ? 'counted' : 'traced',
})

/** The dimensions that are there from the start. */
export const TRACED = ['ipv4_sent', 'ipv4_received', 'ipv6_sent', 'ipv6_received'] as const

/**
 * Every reset that the kernel traces, by direction and family. What no one could read the family of is in `sent` and
 * `received`, which appear when there is such a reset.
 *
 * @param isWhole whether every reset is traced, by dynamic events
 * @param hasReasons whether this kernel names reasons: then its tracepoint tells also of those sent without a socket
 */
export function tracedChart(isWhole: boolean, hasReasons: boolean): ChartDefinition {
  const missing = hasReasons
    ? ' (received: only those that ended a connection)'
    : ' (this kernel traces none from closed ports or TIME_WAIT; received: only those that ended a connection)'
  return {
    ...common,
    labels: labels(isWhole),
    id: 'tcp_resets_traced',
    title: `TCP resets traced in the kernel, all namespaces${isWhole ? '' : missing}`,
    context: 'ipv4.tcp_resets_traced',
    priority: 5233,
    dimensions: TRACED.map(id => ({ id, algorithm: 'incremental' })),
    grows: true,
  }
}

/**
 * Resets sent, by why: the reasons in the kernel's own words, or the state of the socket where it names none. A
 * dimension appears with the first reset of its kind.
 *
 * @param isWhole whether every reset is traced, by dynamic events
 * @param hasReasons whether this kernel names reasons
 */
export function reasonsChart(isWhole: boolean, hasReasons: boolean): ChartDefinition {
  const missing = isWhole ? '' : ', and traces none from closed ports or TIME_WAIT'
  return {
    ...common,
    labels: labels(isWhole),
    id: 'tcp_reset_reasons',
    title: hasReasons
      ? 'Why TCP resets were sent, in the words of the kernel, all namespaces'
      : `TCP resets sent by socket state, all namespaces (this kernel names no reasons${missing})`,
    context: 'ipv4.tcp_reset_reasons',
    priority: 5234,
    style: 'stacked',
    dimensions: [],
    grows: true,
  }
}
