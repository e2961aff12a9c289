import { spawnSync } from 'node:child_process'
import { findProgram } from './find-program'

/** What uname(1) says of the kernel and of the programs around it, each as __FreeBSD_version; NaN where it says nothing. */
export interface FreebsdReleases {
  readonly kernel: number
  readonly userland: number
}

/**
 * Asks `uname -K` and `uname -U`. They differ in a jail, and between installing a kernel and the programs for it.
 *
 * @param path PATH, where uname is looked for
 */
export function freebsdReleases(path: string): FreebsdReleases {
  const uname = findProgram('uname', path)
  const ask = (option: string): number => {
    if (uname === undefined) return Number.NaN
    // Nothing of the environment around: UNAME_K and UNAME_U, for two, change what it says.
    const options = { env: { LC_ALL: 'C' }, cwd: '/', encoding: 'utf8', timeout: 5_000 } as const
    const { status, stdout } = spawnSync(uname, [option], options)
    return status === 0 && /^\d{6,7}$/.test(stdout.trim()) ? Number(stdout) : Number.NaN
  }
  return { kernel: ask('-K'), userland: ask('-U') }
}

/**
 * Why netstat(1) can't be believed here. It copies `struct tcpstat` as the kernel has it and reads it as the release
 * that netstat is of has it. That differs from one major release to another: an older netstat gets nothing, and a newer
 * one shows a counter under the name of the next, without a word.
 *
 * @returns undefined where both are of one major release, or where one is not known
 */
export function mismatchOf({ kernel, userland }: FreebsdReleases): string | undefined {
  const [of, on] = [major(userland), major(kernel)]
  if (Number.isNaN(of) || Number.isNaN(on) || of === on) return undefined
  return (
    `the kernel is of FreeBSD ${on} (uname -K: ${kernel}), netstat of FreeBSD ${of} (uname -U: ${userland}): ` +
    `it would ${of < on ? 'get no numbers' : 'show wrong numbers'}`
  )
}

export const MISMATCH_ADVICE = 'bring kernel and programs (of the jail) to one release, then restart Netdata'

/** sys/sys/param.h: 1302001 is 13.2. */
function major(version: number): number {
  return Math.floor(version / 100_000)
}
