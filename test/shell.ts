import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

/** Of a service, so that nothing of the one who runs the tests is found. */
export const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** A shell command that succeeds where the doctor finds nothing wrong, and nothing that is still to come. */
export const ALL_WELL = `report=$(tcp-resets doctor) && ! echo "$report" | grep ' yet'`

export interface Result {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs shell commands somewhere else. */
export interface Shell {
  /** For 170 s at most. */
  sh(script: string): Result
  /** The same where it has to succeed; gives stdout. */
  must(script: string): string
  /** Waits until a shell command succeeds. */
  until(what: string, script: string, seconds?: number): Promise<void>
}

/**
 * @param enter the options of nsenter(1) that lead there
 * @param env besides the usual
 */
export function shellIn(enter: () => readonly string[], env: NodeJS.ProcessEnv = {}): Shell {
  const sh = (script: string): Result => {
    const { status, stdout, stderr } = spawnSync('nsenter', [...enter(), 'sh', '-c', script], {
      env: { PATH, HOME: '/root', DO_NOT_TRACK: '1', ...env },
      encoding: 'utf8',
      timeout: 170_000,
    })
    return { status, stdout, stderr }
  }
  return {
    sh,
    must(script) {
      const { status, stdout, stderr } = sh(script)
      if (status !== 0) throw new Error(`${script}: ended with ${status}\n${stdout}\n${stderr}`)
      return stdout
    },
    async until(what, script, seconds = 60) {
      for (const deadline = Date.now() + seconds * 1000; ; await sleep(200)) {
        const { status, stdout, stderr } = sh(script)
        if (status === 0) return
        if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}\n${stdout}${stderr}`)
      }
    },
  }
}
