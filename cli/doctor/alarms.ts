import { readFileSync, statSync } from 'node:fs'
import { alarmNames, askAlarms, isOnResets, WATCH } from '../agent/api'
import type { Agent } from '../agent/find'
import { healthFile } from '../agent/layout'
import { alarmsOff } from '../agent/off'
import { healthFileFor } from '../install/health-form'
import { type Finding, good, note, unknown, wrong } from './finding'
import { notYet } from './not-yet'
import { putAgain } from './put-again'

const RELOAD = 'netdatacli reload-health (or kill -USR2 of the agent)'

/** Whether the agent has the alarms of our file, and nobody else's on the same resets. */
export async function checkAlarms(agent: Agent, platform: NodeJS.Platform): Promise<Finding[]> {
  const { conf, layout, url } = agent
  if (conf === undefined) return [unknown('alarms', 'the agent does not run')]
  const off = alarmsOff(agent)
  if (off !== undefined) return [note('alarms', off)]
  const file = healthFile(layout)
  const alarms = await askAlarms(url)
  if (alarms === undefined) return [unknown('alarms', 'the agent does not say which alarms it has')]
  // A pipe would be waited for.
  if (!statSync(file, { throwIfNoEntry: false })?.isFile())
    return [wrong('alarms', `no ${file}`, putAgain(agent))]

  const text = readFileSync(file, 'utf8')
  const names = alarmNames(text, platform)
  const ours = alarms.filter(isOnResets)
  const loaded = new Set(ours.filter(({ source }) => source.includes(file)).map(({ name }) => name))
  const missing = names.filter(name => !loaded.has(name))
  const others = ours.filter(({ name, source }) => names.includes(name) && !source.includes(file))
  const twice = alarms.filter(
    ({ name, chart }) => /_tcp_resets_(sent|received)$/.test(name) && /tcphandshake/.test(chart),
  )
  const list = (found: typeof alarms): string =>
    [...new Set(found.map(({ name, chart, source }) => `${name} on ${chart} (${source})`))].join(', ')
  const findings: Finding[] = []
  if (others.length > 0) {
    findings.push(wrong('alarms', `from another file: ${list(others)}`, `remove them there, then: ${RELOAD}`))
  }
  if (twice.length > 0) {
    findings.push(wrong('alarms', `raised twice: also ${list(twice)}`, `remove them there, then: ${RELOAD}`))
  }
  const lost = missing.filter(name => !others.some(other => other.name === name))
  const early = notYet(agent)
  if (lost.length > 0 && early !== undefined) {
    findings.push(note('alarms', `not yet loaded from ${file}: ${lost.join(', ')}; ${early}`))
  } else if (lost.length > 0) {
    const advice = lost.includes(WATCH)
      ? `${RELOAD}; ${WATCH} needs the agent's own chart netdata.uptime`
      : RELOAD
    findings.push(wrong('alarms', `not loaded from ${file}: ${lost.join(', ')}`, advice))
  }
  const raised = ours.filter(({ status }) => status === 'WARNING' || status === 'CRITICAL')
  if (findings.length > 0) return findings
  const state =
    raised.length === 0
      ? 'none raised'
      : `raised: ${raised.map(({ name, chart }) => `${name} on ${chart}`).join(', ')}`
  const form = healthFileFor(layout.stockConf)[1]
  const isNew = /^ *summary:/m.test(text)
  return [
    good('alarms', `${loaded.size} loaded from ${file}, each once; ${state}`),
    ...((form === '1.43') === isNew
      ? []
      : [
          note(
            'alarms',
            `${file} is written for ${isNew ? 'newer' : 'older'} agents than this one`,
            putAgain(agent),
          ),
        ]),
  ]
}
