import { readOnce } from '../sources/kept-file'
import { type LinuxCounter, tcpSource } from '../sources/linux'
import { rowParser } from '../sources/mib'
import type { Source } from '../sources/source'
import type { Namespace } from './find'

// Its files are opened, read and closed every time: a descriptor that stays open would keep a namespace from being freed.

/** Every segment moves one of the last two; a connection that is opened moves one of the others. */
const TRAFFIC = ['ActiveOpens', 'PassiveOpens', 'InSegs', 'OutSegs'] as const
const parseTraffic = rowParser('Tcp', TRAFFIC)

/**
 * The TCP counters of another network namespace, through any of its processes.
 *
 * Where all of its processes have ended there are no counters, and `namespace.processes` is empty. That is no fault,
 * and what else could be wrong is the same in the plugin's own namespace, where it is reported.
 *
 * @param proc where procfs is mounted
 */
export function foreignSource(proc: string, namespace: Namespace): Source<LinuxCounter> {
  const close = (): void => {}
  const netstat = (): string => readOnce(`${proc}/${namespace.processes[0]?.pid}/net/netstat`)
  const source = tcpSource(
    { path: `net/snmp of ${namespace.inode}`, read: () => readSnmp(proc, namespace), close },
    { path: `net/netstat of ${namespace.inode}`, read: netstat, close },
  )
  return { ...source, read: () => ({ counters: source.read().counters }) }
}

/**
 * Whether a network namespace ever had TCP traffic: many services have one of their own only to have no network.
 *
 * @returns false as well where all of its processes have ended, and `namespace.processes` is empty then
 */
export function hadTraffic(proc: string, namespace: Namespace): boolean {
  try {
    const row = parseTraffic(readSnmp(proc, namespace))?.row
    // What can't be told is not taken for silence.
    return TRAFFIC.some(name => row?.[name] !== 0n)
  } catch {
    return false
  }
}

/** Drops processes that have ended. @throws where all of them have */
function readSnmp(proc: string, namespace: Namespace): string {
  for (;;) {
    const first = namespace.processes[0]
    if (first === undefined) throw new Error('all of its processes have ended')
    try {
      // The inode: by now the id can be another process's.
      return readOnce(`${proc}/${first.pid}/net/snmp`, namespace.inode)
    } catch {
      namespace.processes.shift()
    }
  }
}
