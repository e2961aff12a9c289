import type { Agent } from './find'
import { saysYes } from './netdata-conf'

// What an agent is not to have, or not to tell, by its own configuration: no fault, and nothing to wait for. Children of
// a Parent are often so.

/** Why there is no data to be seen, for a person; undefined where there should be. */
export function dataOff({ conf, silence }: Agent): string | undefined {
  if (silence !== undefined) return `can't be asked: ${silence}`
  // 2 has another word for it.
  const key = ['mode', 'db'].find(key => conf?.get('db')?.get(key) === 'none')
  return key && `none is kept: netdata.conf, [db]: ${key} = none`
}

/** The same of alarms, which stand on data. */
export function alarmsOff(agent: Agent): string | undefined {
  if (saysYes(agent.conf, 'health', 'enabled') === false)
    return 'off: netdata.conf, [health]: enabled = no. Install on the Parent too, to have the alarms there'
  return dataOff(agent)
}
