import { readOnce } from '../sources/kept-file'
import { type LinuxCounter, tcpSource } from '../sources/linux'
import type { Source } from '../sources/source'
import type { Namespace } from './find'

/**
 * The TCP counters of another network namespace, through any of its processes. Its files are opened, read and closed
 * every time: a descriptor that stays open would keep the namespace from being freed.
 *
 * Where all of its processes have ended there are no counters, and `namespace.processes` is empty. That is no fault,
 * and what else could be wrong is the same in the plugin's own namespace, where it is reported.
 *
 * @param proc where procfs is mounted
 */
export function foreignSource(proc: string, namespace: Namespace): Source<LinuxCounter> {
  const pathOf = (file: string): string => `${proc}/${namespace.processes[0]?.pid}/net/${file}`
  const close = (): void => {}

  const source = tcpSource(
    {
      path: `net/snmp of ${namespace.inode}`,
      read() {
        while (namespace.processes.length > 0) {
          try {
            // The inode: by now the id can be another process's.
            return readOnce(pathOf('snmp'), namespace.inode)
          } catch {
            namespace.processes.shift()
          }
        }
        throw new Error('all of its processes have ended')
      },
      close,
    },
    { path: `net/netstat of ${namespace.inode}`, read: () => readOnce(pathOf('netstat')), close },
  )
  return { ...source, read: () => ({ counters: source.read().counters }) }
}
