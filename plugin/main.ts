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

// What Netdata starts. The only place that ends the process.

const { env, platform } = process

/**
 * Signals that are sent to all of the agent's processes and mean only the agent: SIGUSR2 has it read its alarms again. As
 * with SIGHUP, which log rotation sends, no agent starts a plugin again that one of them ended. At SIGUSR1 Node would
 * open the port of its debugger.
 */
const NOT_FOR_US = ['SIGUSR1', 'SIGUSR2'] as const
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
  const end = (): never => {
    if (!existsSync(program)) tell(NOT_MISSED)
    process.exit(0)
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  process.on('SIGHUP', () => log.info('SIGHUP: going on; the configuration is read at the start'))
  for (const signal of NOT_FOR_US) process.on(signal, () => {})
  // The agent keeps its end of stdin open for as long as it lives, and asks for functions on it.
  const stdin = isDevNull(0) ? undefined : process.stdin
  stdin?.on('end', end).on('error', end).resume()
  await runPlugin({ interval, env, platform, program, stdout: process.stdout, stdin, time: systemTime, log })
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
