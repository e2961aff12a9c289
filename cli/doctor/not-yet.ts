import { statSync } from 'node:fs'
import { attempt } from '../../plugin/attempt'
import { pluginFile } from '../agent/control'
import type { Agent } from '../agent/find'

/** As agents have it, unless their configuration says otherwise. */
const LOOKS_EVERY_S = 60
/** To start, and to have a first value. */
const MARGIN_S = 10

/**
 * Why there may be nothing of the plugin yet: it was put there just now.
 *
 * @returns undefined where it has had its time
 */
export function notYet(agent: Agent): string | undefined {
  const every = Number(agent.conf?.get('plugins')?.get('check for new plugins every')) || LOOKS_EVERY_S
  return putJustNow(pluginFile(agent), every)
}

/** The same for one whose configuration is not known. */
export function putJustNow(plugin: string, every = LOOKS_EVERY_S): string | undefined {
  const put = attempt(() => statSync(plugin).ctimeMs)
  if (put === undefined) return undefined
  const age = Math.max(0, Math.floor((Date.now() - put) / 1000))
  return age > every + MARGIN_S
    ? undefined
    : `the plugin was put there ${age} s ago, and Netdata looks for new ones every ${every} s`
}
