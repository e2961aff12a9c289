import { spawnSync } from 'node:child_process'
import { root } from './build'

/**
 * When the sources were last changed, in Unix seconds, so that they always make the same packages: what SOURCE_DATE_EPOCH
 * says, else the last commit; now where git does not tell.
 */
export function sourceTime(): number {
  const { stdout } = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' })
  return Number(process.env.SOURCE_DATE_EPOCH) || Number(stdout) || Math.floor(Date.now() / 1000)
}
