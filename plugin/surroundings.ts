import type { Readable, Writable } from 'node:stream'
import type { Time } from './clock'
import type { Log } from './log'
import type { UsualMemory } from './usual-memory'

/** What the plugin gets from the process it runs in. */
export interface Surroundings {
  /** Seconds between collections that Netdata asked for. */
  readonly interval: number
  readonly env: NodeJS.ProcessEnv
  readonly platform: NodeJS.Platform
  /** The plugin's own file: what is installed with it is found from there when Netdata does not say. */
  readonly program: string
  readonly stdout: Writable & { readonly fd: number }
  /** What the agent asks; absent where there is no agent. */
  readonly stdin?: Readable | undefined
  /** Calls `reread` whenever the configuration is to be read again. */
  readonly onReread: (reread: () => void) => unknown
  readonly time: Time
  readonly usual: UsualMemory
  readonly log: Log
}
