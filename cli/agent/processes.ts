import type { Connection } from './ask'

/** What is asked about the processes of this machine. What this user may not see is not there. */
export interface Processes {
  /** All processes that have the other end of a connection of ours open. */
  atOtherEnd(connection: Connection): number[]
  /** All processes that have a Unix socket of this path open. */
  atSocket(path: string): number[]
  /** All that may run a program of this name; `runs` tells whether they do. */
  named(name: string): { readonly pid: number; readonly parent: number; readonly args: readonly string[] }[]
  /** The process that runs a program and descends from another. */
  descendantRunning(program: string, ancestor: number): number | undefined
  /**
   * Whether it runs one of these programs, the very file, which only root can change, and sees the machine as we do.
   * That alone proves nothing: whoever starts a program can have it do anything (LD_PRELOAD, a debugger).
   */
  runs(pid: number, programs: readonly string[]): boolean
  /** Whether the service manager of the system started it, as a service that only root sets up. */
  isService(pid: number, name: string): boolean
  /** Whether a path is the same directory for a process and for us. */
  seesSame(pid: number, path: string): boolean
  /** User and group that a process runs as. */
  ownerOf(pid: number): { readonly uid: number; readonly gid: number } | undefined
}
