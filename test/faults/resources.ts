import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** What a process holds. */
export interface Resources {
  /** Without that of the walk over all processes, which is open most of the time and sometimes not. */
  readonly descriptors: number
  readonly threads: number
  readonly children: number
  /** Resident, in kB. */
  readonly memory: number
}

/** @throws where there is no such process */
export function resourcesOf(pid: number): Resources {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const number = (key: string): number => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1])
  return {
    descriptors: openFiles(pid).filter(path => path !== '/proc').length,
    threads: number('Threads'),
    children: childrenOf(pid).length,
    memory: number('VmRSS'),
  }
}

/** What its descriptors are of; empty for one that was closed meanwhile. */
function openFiles(pid: number): string[] {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder).map(fd => {
    try {
      return readlinkSync(`${folder}/${fd}`)
    } catch {
      return ''
    }
  })
}

/** The processes whose parent it is. */
function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(id => id > 0 && parentOf(id) === pid)
}

function parentOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined // it has just ended
  }
}

/** Whether a process is there and has not ended: one that init has yet to reap has no command line any more. */
export function runs(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`).length > 0
  } catch {
    return false
  }
}
