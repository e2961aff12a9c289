import type { Counted } from './analysis/received'
import { startClock } from './clock'
import type { Config } from './config/config'
import { hostOpener, type OpenHost } from './host/host'
import { intervalText, lastMeasured } from './last-measured'
import { namespacesCollector } from './namespaces/collector'
import { containerNames } from './namespaces/container-of'
import { sliceRunner } from './namespaces/slices'
import { agentKnows } from './netdata/agent-knows'
import type { FunctionAnswers } from './netdata/function'
import type { Output } from './netdata/output'
import { offerRecordings } from './recording/offer'
import { renewed } from './renewed'
import { withSignOfLife } from './sign-of-life'
import type { Surroundings } from './surroundings'

/** Everything that is measured, as the configuration of the moment has it. */
export interface Measuring {
  /**
   * Takes a configuration into use: what it changes is made anew, and the rest goes on.
   *
   * @throws where this system can't be measured (any more); nothing has changed then
   */
  apply(config: Config): Promise<void>
  /** What answers for a table; undefined where there is none of that name. */
  answersOf(name: string): FunctionAnswers | undefined
}

/** @param onTick called after each tick that was written */
export function measuring(
  { env, platform, time, usual, log }: Pick<Surroundings, 'env' | 'platform' | 'time' | 'usual' | 'log'>,
  plainOut: Output,
  onTick: () => void,
): Measuring {
  const root = env.NETDATA_HOST_PREFIX ?? ''
  const { functionDel } = agentKnows(env.NETDATA_VERSION)
  let openHost: OpenHost | undefined
  let tracing: typeof import('./tracing/tracing') | undefined
  let every: number | undefined
  let stopClock = (): void => {}
  const out = withSignOfLife(plainOut, () => (every === undefined ? '' : intervalText(every)), time)

  const countReceived = (statInode: number): Counted | undefined => trace.now?.counted(statInode)
  const around = {
    canTakeBack: functionDel,
    containerOf: containerNames(root, inode => namespaces.now?.nameOf(inode)),
    mayHaveOthers: () => namespaces.now?.mayHaveSome() ?? true,
  }

  const host = renewed(
    ({ update_every }) => update_every,
    ({ update_every }) => {
      const collector = openHost?.(update_every)
      if (collector === undefined) return undefined
      const measured = lastMeasured(update_every, time)
      return {
        start: collector.start,
        collect(now: number) {
          const counted = collector.collect(now)
          return counted + measured(counted, now)
        },
        stop: collector.close,
      }
    },
  )
  const namespaces = renewed(
    ({ update_every, namespaces }) => [update_every, namespaces],
    config => {
      const collector =
        platform === 'linux' && namespacesCollector(root, config, time.monotonic, usual, log, countReceived)
      if (!collector) return undefined
      let stopped = false
      const take = (text: string): void => {
        if (!stopped) out.write(text)
      }
      const run = sliceRunner(time.monotonic, take, log)
      return {
        collect(now: number) {
          if (collector.isDue(now)) run(collector.collect())
        },
        nameOf: collector.nameOf,
        mayHaveSome: collector.mayHaveSome,
        stop() {
          stopped = true
          out.write(collector.retire())
        },
      }
    },
  )
  const trace = renewed(
    ({ update_every, tracing }) => [update_every, tracing],
    config =>
      config.tracing.enabled ? tracing?.traceLayer(config, root, out, time, log, around) : undefined,
  )

  const recordings = renewed(
    ({ tracing }) => [tracing.function, tracing.function_for],
    ({ tracing }) => offerRecordings(tracing, out, time, functionDel),
  )

  const measure = (): void => {
    const measured = host.now
    if (measured === undefined) return
    const publish = (): void => {
      if (measured !== host.now) return
      const now = time.monotonic()
      // First, because the others take what it has counted.
      const traced = trace.now?.collect(now) ?? ''
      out.write(measured.collect(now) + traced)
      onTick()
      usual.tick(now)
      namespaces.now?.collect(now)
      recordings.now?.check(now)
    }
    // A host that takes a while has the whole tick wait for it: its time is then the time of the reading, and
    // everything still is one write.
    if (measured.start === undefined) publish()
    else measured.start(publish)
  }
  const tick = (): void => {
    const ready = out.ready()
    log.fault(
      'stdout',
      ready ? undefined : 'Netdata does not read what the plugin writes; nothing is collected until it does',
    )
    if (ready) measure()
  }

  return {
    async apply(config) {
      openHost ??= await hostOpener(platform, env, usual, log, countReceived)
      // Loaded only here: what has no use costs no memory.
      if (platform === 'linux' && config.tracing.enabled) tracing ??= await import('./tracing/tracing')
      const swaps = [host, namespaces, trace, recordings].map(layer => layer.prepare(config))
      for (const swap of swaps) swap()
      if (config.update_every === every) return
      every = config.update_every
      stopClock()
      log.debug(`collecting every ${every} s`)
      // Right after all that was taken back: a reader that has not come to the end of that yet is no fault.
      measure()
      stopClock = startClock(every, tick, time)
    },
    answersOf(name) {
      if (name === 'tcp-resets') return trace.now?.table?.answer
      return name === 'tcp-resets-recordings' ? recordings.now?.answer : undefined
    },
  }
}
