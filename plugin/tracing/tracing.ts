import type { Time } from '../clock'
import type { Config } from '../config/config'
import type { Collector } from '../host/collector'
import type { Log } from '../log'
import { type FunctionCalls, functionCalls, functionLine } from '../netdata/function'
import type { Output } from '../netdata/output'
import { portOwners } from '../sources/port-owners'
import { serviceNames } from '../sources/services'
import { tracingCollector } from './collector'
import { tcpResetsFunction } from './function'

/**
 * The second layer of the plugin: the kernel's trace, its charts, and the table that the agent can ask for from when there
 * is something to tell.
 *
 * @param prefix where the host's root is mounted, `''` for `/`
 */
export function traceLayer(
  { update_every, tracing }: Config,
  prefix: string,
  out: Output,
  time: Time,
  log: Log,
): { collector: Collector; calls: FunctionCalls } {
  let offered = !tracing.function
  const collector = tracingCollector(tracing.directory, update_every, time, log, () => {
    if (!offered) out.write(functionLine(table))
    offered = true
  })
  const table = tcpResetsFunction(
    collector.details,
    portOwners(prefix),
    serviceNames(`${prefix}/etc/services`),
    time,
    tracing.function_for,
  )
  return { collector, calls: functionCalls(tracing.function ? [table] : [], out, time.monotonic, log) }
}
