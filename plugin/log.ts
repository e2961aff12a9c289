import { writeSync } from 'node:fs'
import { oneLine } from './message'

/** syslog's levels under the names that Netdata gives its plugins in NETDATA_LOG_LEVEL, most urgent first. */
const LEVELS = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug'] as const
type Level = (typeof LEVELS)[number]

export interface Log {
  error(message: string): void
  warning(message: string): void
  info(message: string): void
  debug(message: string): void
  /**
   * A fault that may last. Written once when it starts and once when it ends, however often this is called.
   *
   * @param what what it is that works or does not
   * @param fault what is wrong now; undefined when all is well
   */
  fault(what: string, fault: string | undefined): void
}

/**
 * The log, one line an entry, on stderr: the agent adds it to its own log.
 *
 * @param env NETDATA_LOG_LEVEL (default `info`); NETDATA_DEBUG_FLAGS other than zero means `debug`
 * @param write where the lines go
 */
export function createLog(env: NodeJS.ProcessEnv, write: (line: string) => void = toStderr): Log {
  const least = LEVELS.indexOf(levelOf(env))
  const faults = new Map<string, string>()
  const log = (level: Level, message: string): void => {
    if (LEVELS.indexOf(level) > least) return
    write(`${timestamp(new Date())} tcp_resets.plugin ${level.toUpperCase()}: ${oneLine(message)}\n`)
  }
  return {
    error: message => log('error', message),
    warning: message => log('warning', message),
    info: message => log('info', message),
    debug: message => log('debug', message),
    fault(what, fault) {
      const had = faults.has(what)
      if (fault !== undefined && !had) {
        faults.set(what, fault)
        log('error', `${what}: ${fault}`)
      } else if (fault === undefined && had) {
        faults.delete(what)
        log('notice', `${what}: works again`)
      }
    },
  }
}

/** RFC 3339, by hand: toISOString() makes Node load its calendars, 1 MB for a process that writes one line. */
function timestamp(time: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0')
  const date = [time.getUTCFullYear(), two(time.getUTCMonth() + 1), two(time.getUTCDate())]
  const clock = [time.getUTCHours(), time.getUTCMinutes(), time.getUTCSeconds()]
  return `${date.join('-')}T${clock.map(two).join(':')}Z`
}

function levelOf(env: NodeJS.ProcessEnv): Level {
  if (Number(env.NETDATA_DEBUG_FLAGS ?? 0) > 0) return 'debug'
  return LEVELS.find(level => level === env.NETDATA_LOG_LEVEL?.toLowerCase()) ?? 'info'
}

function toStderr(line: string): void {
  try {
    writeSync(2, line)
  } catch {
    // A full disk or a closed log must not stop the measuring, and there is nowhere left to say so.
  }
}
