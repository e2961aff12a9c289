import { spawnSync } from 'node:child_process'

/** What a command and its children took. */
export interface Spent {
  /** Seconds, user and system. */
  readonly cpu: number
  /** Bytes of the process that had most of them in memory. */
  readonly memory: number
}

/** Node does not tell what its children took; Python asks the kernel (getrusage). */
const MEASURE = `import resource, subprocess, sys
subprocess.run(["sh", "-c", sys.argv[1], "sh", sys.argv[2]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)`

/** Runs a line of sh with a file as `$1`. */
export function spentOn(command: string, file: string): Spent {
  const { stdout, status } = spawnSync('python3', ['-c', MEASURE, command, file], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`could not measure ${command}`)
  const [cpu = 0, memory = 0] = stdout.trim().split(' ').map(Number)
  return { cpu, memory }
}
