import { spawnSync } from 'node:child_process'

/** Who the agent runs as. */
export interface User {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** A user of this machine by name or id. */
export function findUser(nameOrId: string): User | undefined {
  const numbers = ['-un', '-u', '-g'].map(option =>
    spawnSync('id', [option, '--', nameOrId], { encoding: 'utf8' }).stdout?.trim(),
  )
  const [name, uid, gid] = numbers
  return name && uid && gid ? { name, uid: Number(uid), gid: Number(gid) } : undefined
}

/** Whether this process can do things as that user: as root, or because it is that user. */
export function canActAs(user: User): boolean {
  return process.getuid?.() === 0 || process.getuid?.() === user.uid
}

export interface Outcome {
  /** Undefined where it could not be started or had to be ended. */
  readonly status: number | undefined
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a command as the agent would: its user, its PATH, nothing else of this environment; for 10 s at most. On that PATH
 * may be programs of the agent's user. They get a session of their own, so that they can't type into root's terminal
 * (ioctl_tty(2), TIOCSTI).
 */
export function runAs(user: User, path: string, command: readonly string[]): Outcome {
  const [program = '', ...args] = command
  const options = {
    cwd: '/',
    env: { PATH: path, LC_ALL: 'C' },
    encoding: 'utf8',
    timeout: 10_000,
    killSignal: 'SIGKILL',
    detached: true, // setsid(2); spawnSync takes it as spawn does, which its types do not know
    ...(process.getuid?.() === 0 ? { uid: user.uid, gid: user.gid } : {}),
  } as const
  const { status, stdout, stderr, error } = spawnSync(program, args, options)
  return { status: status ?? undefined, stdout: stdout ?? '', stderr: error ? error.message : stderr }
}
