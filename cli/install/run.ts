import { spawnSync } from 'node:child_process'

/**
 * Runs a command of the system.
 *
 * @returns what went wrong, for a person
 */
export function run(command: readonly string[], env: NodeJS.ProcessEnv = {}): string | undefined {
  const [program = '', ...args] = command
  const { status, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  return status === 0 ? undefined : `${command.join(' ')}: ${error?.message ?? stderr.trim()}`
}
