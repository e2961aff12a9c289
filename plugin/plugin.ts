import { dirname, join } from 'node:path'
import type { Writable } from 'node:stream'
import { receivedCounter } from './analysis/received'
import { PLUGIN, resetsChart } from './charts/resets'
import { startClock, type Time } from './clock'
import { loadConfig } from './config/load'
import type { Log } from './log'
import { chartWriter } from './netdata/chart'
import { output } from './netdata/output'
import { openSource } from './sources/open'

/** What the plugin gets from the process it runs in. */
export interface Surroundings {
  /** Seconds between collections that Netdata asked for. */
  readonly interval: number
  readonly env: NodeJS.ProcessEnv
  readonly platform: NodeJS.Platform
  /** The plugin's own file: what is installed with it is found from there when Netdata does not say. */
  readonly program: string
  readonly stdout: Writable
  readonly time: Time
  readonly log: Log
}

/** Where the configuration files are: the stock one, and the user's where Netdata says. */
export function configPaths(env: NodeJS.ProcessEnv, program: string): { stock: string; user?: string } {
  const stockDir = env.NETDATA_STOCK_CONFIG_DIR || join(dirname(program), '..', 'conf.d')
  const stock = join(stockDir, 'tcp_resets.conf')
  const userDir = env.NETDATA_USER_CONFIG_DIR
  return userDir ? { stock, user: join(userDir, 'tcp_resets.conf') } : { stock }
}

/**
 * Publishes the host's TCP resets until Netdata is gone.
 *
 * @returns when stdout was closed
 * @throws where this system can't be measured at all
 */
export async function runPlugin(surroundings: Surroundings): Promise<void> {
  const { interval, env, platform, program, stdout, time, log } = surroundings
  const paths = configPaths(env, program)
  const { config, faults } = await loadConfig(paths.stock, paths.user, interval)
  for (const fault of faults) log.error(fault)

  const source = openSource(platform, env.NETDATA_HOST_PREFIX ?? '')
  const received = receivedCounter()
  const resets = chartWriter(resetsChart(source.name), PLUGIN, config.update_every)

  await new Promise<void>(gone => {
    const out = output(stdout, gone)

    const tick = (): void => {
      const ready = out.ready()
      log.fault('stdout', ready ? undefined : 'Netdata does not read; nothing is collected until it does')
      if (!ready) return
      const { counters, fault } = source.read()
      log.fault(`source ${source.name}`, fault)
      out.write(resets({ sent: counters.OutRsts, received: received(counters) }, time.monotonic()))
    }

    log.debug(`collecting every ${config.update_every} s`)
    tick()
    startClock(config.update_every, tick, time)
  })
}
