import type { Log } from '../log'
import type { ConfigurationActions, Updated } from '../netdata/configuration'
import type { Config, PartialConfig } from './config'
import { differing } from './differing'
import { form } from './generated/form'
import { loadConfig, over } from './load'
import { parsePayload } from './payload'

/** The configuration in use: what the files say, and over that, key by key, what was set on the dashboard. */
export interface Settings extends ConfigurationActions {
  /** Reads the files, or reads them again. What is wrong with them is logged. */
  read(): Promise<void>
}

/**
 * @param interval seconds that Netdata asked for: the lower bound of `update_every`
 * @param apply takes a configuration into use; where it rejects, nothing has changed
 */
export function openSettings(
  paths: { readonly stock: string; readonly user?: string },
  interval: number,
  log: Log,
  apply: (config: Config) => Promise<void>,
): Settings {
  let files: Config | undefined
  let set: PartialConfig = {}
  let config: Config | undefined
  let last: Promise<unknown> = Promise.resolve()

  /** One change after the other, in the order they were asked for. */
  const inTurn = <T>(change: () => Promise<T>): Promise<T> => {
    const changed = last.then(change)
    last = changed.catch(() => {})
    return changed
  }

  const use = async (nextFiles: Config, nextSet: PartialConfig): Promise<void> => {
    const next = over(nextFiles, nextSet)
    await apply({ ...next, update_every: Math.max(next.update_every, interval) })
    files = nextFiles
    set = nextSet
    config = next
  }

  const read = async (): Promise<void> => {
    const loaded = await loadConfig(paths.stock, paths.user, files)
    for (const fault of loaded.faults) log.error(fault)
    await use(loaded.config, set)
  }

  const update = async (payload: string): Promise<Updated> => {
    const parsed = await parsePayload(payload)
    if (typeof parsed === 'string') {
      log.error(`settings of the dashboard: ${parsed}; nothing was changed`)
      return { fault: parsed }
    }
    if (files === undefined) throw new Error('not started yet')
    await use(files, parsed)
    const keys = differing(files, over(files, parsed))
    const won =
      keys.length === 0
        ? 'they are the same as in the files'
        : `they override the files in ${keys.join(', ')}`
    log.info(`the settings of the dashboard are in use; ${won}`)
    return {}
  }

  return {
    read: () => inTurn(read),
    schema: () => form,
    get: () => JSON.stringify(config),
    update: payload => inTurn(() => update(payload)),
    async userconfig(payload) {
      const parsed = await parsePayload(payload)
      if (typeof parsed === 'string') return { fault: parsed }
      const { fileText } = await import('./file-text')
      return { text: fileText(parsed) }
    },
  }
}
