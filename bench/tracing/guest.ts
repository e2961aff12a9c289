/** What runs as root in the booted kernel: the load of load.py without a grant, and with each kind of it. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Instructions of each, and kB of memory that the grant takes. */
export interface Cost {
  readonly segment: number
  readonly reset: number
  readonly memory: number
}

const SEGMENTS = 20_000
const RESETS = 5000
const GRANTS: Readonly<Record<string, readonly string[]>> = {
  'no grant': [],
  'the two tracepoints': ['grant', '--tracepoints-only'],
  'the dynamic events': ['grant'],
}

const free = (): number => Number(/^MemFree: +(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1])

function run(program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program}: ${stderr}`)
  return stdout
}

const costs = Object.entries(GRANTS).map(([name, grant]) => {
  const before = free()
  if (grant.length > 0) run('tcp-resets', ...grant)
  const memory = before - free()
  const cost = JSON.parse(run('/usr/bin/python3', '-B', '/test/load.py', `${SEGMENTS}`, `${RESETS}`))
  run('tcp-resets', 'revoke')
  return [name, { ...cost, memory }]
})
console.log(`REPORT ${JSON.stringify(Object.fromEntries(costs))}`)
