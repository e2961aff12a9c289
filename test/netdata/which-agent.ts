import { execFileSync } from 'node:child_process'
import { findNetdata } from '../../scripts/private-agent'

/** What kind of Netdata is installed: `1`, from before 2, or `2`, from there on; undefined where there is none. */
export function whichAgent(): '1' | '2' | undefined {
  const netdata = findNetdata()
  if (netdata === undefined) return undefined
  const said = execFileSync(netdata.binary, ['-V'], { encoding: 'utf8' })
  return /v(\d+)\./.exec(said)?.[1] === '1' ? '1' : '2'
}

/** Why a test that needs an agent from 2 on can't be run; false where it can. */
export const noAgentSince2: string | false =
  whichAgent() !== '2' && 'needs an agent from 2 on: see NETDATA_PREFIX in CONTRIBUTING.md'
