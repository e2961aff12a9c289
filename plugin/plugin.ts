import { configPaths } from './config/paths'
import { openSettings } from './config/settings'
import { measuring } from './measuring'
import { messageOf } from './message'
import { agentKnows } from './netdata/agent-knows'
import { configurationAnswers, configurationLine } from './netdata/configuration'
import { functionCalls } from './netdata/function'
import { output } from './netdata/output'
import type { Surroundings } from './surroundings'

/** What the agent knows the configuration by. */
const SETTINGS = 'tcp_resets:settings'

/**
 * Publishes the host's TCP resets until Netdata is gone.
 *
 * @returns when stdout was closed
 * @throws where this system can't be measured at all
 */
export function runPlugin(surroundings: Surroundings): Promise<void> {
  const { interval, env, program, stdout, stdin, onReread, time, log } = surroundings
  const paths = configPaths(env, program)
  const isConfigurable = agentKnows(env.NETDATA_VERSION).configuration

  return new Promise((gone, failed) => {
    const out = output(stdout, gone)
    const measured = measuring(surroundings, out, () => calls.flush())
    const settings = openSettings(paths, interval, log, measured.apply)
    const settingsAnswers = configurationAnswers(SETTINGS, settings)
    const find = (name: string) => {
      if (name === 'config') return isConfigurable ? settingsAnswers : undefined
      return measured.answersOf(name)
    }
    const calls = functionCalls(find, out, time.monotonic, log)
    stdin?.on('data', calls.read)

    onReread(() => {
      settings.read().then(
        () => log.info('the configuration was read again'),
        error => log.error(`the configuration stays as it was: ${messageOf(error)}`),
      )
    })
    settings.read().then(() => {
      if (isConfigurable) out.write(configurationLine(SETTINGS, paths.user ?? paths.stock))
    }, failed)
  })
}
