import { freebsdReleases, MISMATCH_ADVICE, mismatchOf } from '../../plugin/sources/freebsd-release'
import type { Agent } from '../agent/find'
import { type Finding, good, unknown, wrong } from './finding'

/** Whether FreeBSD's netstat can be believed: it has to be of its kernel's release. */
export function checkRelease(_agent: Agent, platform: NodeJS.Platform): Finding[] {
  if (platform !== 'freebsd') return []
  const releases = freebsdReleases(process.env.PATH ?? '')
  const { kernel, userland } = releases
  if (Number.isNaN(kernel) || Number.isNaN(userland)) {
    return [unknown('release', 'uname -K and uname -U do not say whether netstat is of the kernel’s release')]
  }
  const mismatch = mismatchOf(releases)
  if (mismatch !== undefined) return [wrong('release', mismatch, MISMATCH_ADVICE)]
  return [
    good('release', `kernel and programs are of one release (uname -K: ${kernel}, uname -U: ${userland})`),
  ]
}
