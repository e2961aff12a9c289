import { existsSync, fstatSync, statSync, writeSync } from 'node:fs'
import { version } from '../package.json'
import { systemTime } from './clock'
import { checkConfig } from './config/check'
import { NOT_MISSED } from './last-measured'
import { createLog } from './log'
import { messageOf } from './message'
import { DISABLE } from './netdata/output'
import { parseOptions, USAGE } from './options'
import { runPlugin } from './plugin'
import { usualMemory } from './usual-memory'

// What Netdata starts. The only place that ends the process.

const { env, platform } = process

// Signals. The agent restarts a plugin that ends by itself, and gives up for good on one that a signal ended. So every
// signal whose default action ends a process is handled, unless Node can't, or the signal means a fault in the program.

/** What people and limits end a process with. At its limit of CPU time (SIGXCPU), a new process has all of that again. */
const ENDS = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGXCPU'] as const
/**
 * Not for us. Some are sent to all processes of the agent and mean only the agent: SIGUSR2 has it read its alarms again. At
 * SIGUSR1 Node would open the port of its debugger.
 */
const PASSES = [
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGVTALRM',
  'SIGPROF',
  'SIGIO',
  'SIGPWR',
  'SIGSTKFLT',
] as const
/** What log rotation sends to all processes of the agent, and a person who has changed the configuration. */
const REREAD = 'SIGHUP'

const program = __filename
const log = createLog(env)

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2), env.NETDATA_UPDATE_EVERY)
  if (options.command === 'run') return run(options.interval)
  if (options.command === 'check-config') return checkConfig(options.file, env, program)
  writeSync(1, options.command === 'version' ? `${version}\n` : USAGE)
  return 0
}

async function run(interval: number): Promise<number> {
  const usual = usualMemory(env.NETDATA_CACHE_DIR, log)
  const end = (): never => {
    if (existsSync(program)) usual.save()
    else {
      tell(NOT_MISSED)
      usual.forget()
    }
    process.exit(0)
  }
  for (const signal of ENDS) process.on(signal, end)
  for (const signal of PASSES) process.on(signal, () => {})
  const onReread = (reread: () => void): unknown => process.on(REREAD, reread)
  // The agent keeps its end of stdin open for as long as it lives, and asks for functions on it.
  const stdin = isDevNull(0) ? undefined : process.stdin
  stdin?.on('end', end).on('error', end).resume()
  await runPlugin({
    interval,
    env,
    platform,
    program,
    stdout: process.stdout,
    stdin,
    onReread,
    time: systemTime,
    usual,
    log,
  })
  usual.save()
  return 0
}

function tell(text: string): void {
  try {
    writeSync(1, text)
  } catch {
    // Nobody is there to be told.
  }
}

/** Started by hand or by a script with no stdin, there is no agent whose end could be noticed. */
function isDevNull(fd: number): boolean {
  const stat = fstatSync(fd)
  return stat.isCharacterDevice() && stat.rdev === statSync('/dev/null').rdev
}

main().then(
  code => process.exit(code),
  thrown => {
    log.error(messageOf(thrown))
    tell(DISABLE)
    process.exit(1)
  },
)
