import type { Time } from '../clock'
import type { Config } from '../config/config'
import { inSlices } from '../in-slices'
import type { Log } from '../log'
import { type FunctionDefinition, functionDelLine, functionLine } from '../netdata/function'
import type { Output } from '../netdata/output'
import { portOwners } from '../sources/port-owners'
import { serviceNames } from '../sources/services'
import { type Tracing, tracingCollector } from './collector'
import { tcpResetsFunction } from './function'

/** What the trace has to know of the rest. */
export interface Around {
  /** Whether the agent knows functions that go. */
  readonly canTakeBack: boolean
  /** Names a network namespace, by the inode of its `net/stat`. */
  readonly containerOf: (namespace: number) => string
  /** Whether there may be another network namespace than the plugin's own. */
  readonly mayHaveOthers: () => boolean
}

/** Milliseconds for the search of who holds which port: half of what a caller is patient. */
const PATIENCE_MS = 5000

export interface TraceLayer extends Pick<Tracing, 'collect' | 'counted'> {
  /** The table that the agent can ask for; undefined where it is turned off. */
  readonly table: FunctionDefinition | undefined
  /** Takes all of it back from the agent. */
  stop(): void
}

/**
 * The kernel's trace of resets: its charts, and the table, which the agent is offered for as long as there is something to
 * show.
 *
 * @param root where the host's root is mounted, `''` for `/`
 */
export function traceLayer(
  { update_every, tracing }: Config,
  root: string,
  out: Output,
  time: Time,
  log: Log,
  { canTakeBack, containerOf, mayHaveOthers }: Around,
): TraceLayer {
  let offered = false
  const offer = (isThere: boolean): void => {
    if (!tracing.function || isThere === offered || (!isThere && !canTakeBack)) return
    offered = isThere
    out.write(isThere ? functionLine(table) : functionDelLine(table))
  }
  const collector = tracingCollector(tracing.directory, update_every, time, log, offer, containerOf)
  const search = portOwners(root, { mayHaveOthers, patience: PATIENCE_MS })
  const table = tcpResetsFunction(
    collector.details,
    wanted => inSlices(search(wanted)),
    serviceNames(`${root}/etc/services`),
    time,
    tracing.function_for,
  )
  return {
    table: tracing.function ? table : undefined,
    collect: collector.collect,
    counted: collector.counted,
    stop() {
      out.write(collector.retire())
      offer(false)
    },
  }
}
