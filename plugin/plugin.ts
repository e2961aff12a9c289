import type { Readable, Writable } from 'node:stream'
import { startClock, type Time } from './clock'
import { loadConfig } from './config/load'
import { configPaths } from './config/paths'
import { openHost } from './host/host'
import { intervalText, lastMeasured } from './last-measured'
import type { Log } from './log'
import { namespacesCollector } from './namespaces/collector'
import { sliced } from './namespaces/slices'
import { output } from './netdata/output'
import { withSignOfLife } from './sign-of-life'

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
  readonly time: Time
  readonly log: Log
}

/**
 * Publishes the host's TCP resets until Netdata is gone.
 *
 * @returns when stdout was closed
 * @throws where this system can't be measured at all
 */
export async function runPlugin(surroundings: Surroundings): Promise<void> {
  const { interval, env, platform, program, stdout, stdin, time, log } = surroundings
  const paths = configPaths(env, program)
  const { config, faults } = await loadConfig(paths.stock, paths.user, interval)
  for (const fault of faults) log.error(fault)

  const host = await openHost(platform, env, config.update_every, log)
  const measured = lastMeasured(config.update_every, time)
  const root = env.NETDATA_HOST_PREFIX ?? ''
  const namespaces = platform === 'linux' ? namespacesCollector(root, config, time.monotonic, log) : undefined
  // Loaded only here: what has no use costs no memory.
  const withTrace = platform === 'linux' && config.tracing.enabled
  const { traceLayer } = withTrace ? await import('./tracing/tracing') : {}

  await new Promise<void>(gone => {
    const out = withSignOfLife(output(stdout, gone), intervalText(config.update_every), time)
    const runSliced = sliced(time.monotonic, out.write, log)
    const trace = traceLayer?.(config, root, out, time, log)
    if (trace !== undefined) stdin?.on('data', trace.calls.read)

    const publish = (): void => {
      const now = time.monotonic()
      const counted = host.collect(now)
      out.write(counted + measured(counted, now) + (trace?.collector.collect(now) ?? ''))
      trace?.calls.flush()
      if (namespaces !== undefined) runSliced(namespaces.collect())
    }
    const tick = (): void => {
      const ready = out.ready()
      log.fault('stdout', ready ? undefined : 'Netdata does not read; nothing is collected until it does')
      if (!ready) return
      // A host that takes a while has the whole tick wait for it: its time is then the time of the reading, and
      // everything still is one write.
      if (host.start === undefined) publish()
      else host.start(publish)
    }

    log.debug(`collecting every ${config.update_every} s`)
    tick()
    startClock(config.update_every, tick, time)
  })
}
