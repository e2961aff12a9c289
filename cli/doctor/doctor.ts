import { messageOf } from '../../plugin/message'
import { type Agent, findAgent } from '../agent/find'
import type { Where } from '../agent/where'
import { checkAgent, checkEnabled, checkRunning } from './agent'
import { checkAlarms } from './alarms'
import { checkBoot } from './boot'
import { checkConfiguration } from './configuration'
import { checkContainer } from './container'
import { checkData } from './data'
import { checkFiles } from './files'
import { type Finding, reportOf, wrong } from './finding'
import { checkGuides } from './guides'
import { checkInto } from './into'
import { checkKernel } from './kernel'
import { checkNamespaces } from './namespaces'
import { checkNode } from './node'
import { checkRecording } from './recording'
import { checkRelease } from './release'
import { checkTracing } from './tracing'

type Check = (agent: Agent, platform: NodeJS.Platform) => Promise<Finding[]> | Finding[]

/** Each check depends only on those before it: the first that is wrong is the one to fix. */
const CHECKS: readonly Check[] = [
  checkAgent,
  checkBoot,
  checkRelease,
  checkFiles,
  checkNode,
  checkConfiguration,
  checkEnabled,
  checkRunning,
  checkData,
  checkAlarms,
  checkGuides,
  checkTracing,
  checkRecording,
  checkContainer,
  checkNamespaces,
  checkKernel,
]

/**
 * Checks an installation, as its user and as the agent's.
 *
 * @param into what a container has, instead of this machine
 * @returns whether nothing is wrong
 * @throws where `into` is nothing that a container could have
 */
export async function doctor(
  where: Where,
  into: string | undefined,
  json: boolean,
  say: (line: string) => void,
): Promise<boolean> {
  const findings = into === undefined ? await checkAll(where) : checkInto(into, where.prefix, where.platform)
  const ok = findings.every(({ status }) => status !== 'wrong')
  say(json ? JSON.stringify({ ok, findings }, undefined, 2) : reportOf(findings))
  return ok
}

function checkAll(where: Where): Promise<Finding[]> {
  return findAgent(where).then(
    async agent => {
      const found = []
      for (const check of CHECKS) found.push(...(await check(agent, where.platform)))
      return found
    },
    thrown => [wrong('netdata', messageOf(thrown), 'install Netdata, then: tcp-resets install')],
  )
}
