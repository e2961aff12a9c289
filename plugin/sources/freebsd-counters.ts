import { attempt } from '../attempt'
import { parseU64 } from './u64'

/** Where netstat(1) shows a counter: below `tcp` in its JSON, and on a line of its text. */
interface Place {
  readonly json: readonly string[]
  readonly text: RegExp
}

/**
 * The counters that are read, in the spelling of `struct tcpstat` (sys/netinet/tcp_var.h), and where
 * usr.bin/netstat/inet.c prints them. Both forms have been the same since FreeBSD 11, but for
 * tcps_progdrops, which is new; what else releases add, rename or move (cookies, ECN, TIME-WAIT, states) is not among
 * them. The text says "1 drop" but "2 drops".
 */
const PLACES = {
  /** Connects that this host started. */
  tcps_connattempt: { json: ['connection-requests'], text: /^\t(\d+) connection requests?$/gm },
  tcps_accepts: { json: ['connections-accepts'], text: /^\t(\d+) connection accepts?$/gm },
  /** Connections dropped before their SYN was answered: refused connects, connect timeouts. */
  tcps_conndrops: {
    json: ['embryonic-connections-dropped'],
    text: /^\t(\d+) embryonic connections? dropped$/gm,
  },
  /** Connections dropped after that, by this host or by a reset of the peer. */
  tcps_drops: {
    json: ['connection-drops'],
    text: /^\t\d+ connections? closed \(including (\d+) drops?\)$/gm,
  },
  tcps_timeoutdrop: {
    json: ['connections-dropped-by-retransmit-timeout'],
    text: /^\t\t(\d+) connections? dropped by rexmit timeout$/gm,
  },
  tcps_persistdrop: {
    json: ['connections-dropped-by-persist-timeout'],
    text: /^\t\t(\d+) connections? dropped by persist timeout$/gm,
  },
  /** Keepalives that were not answered, and connects that took longer than net.inet.tcp.keepinit. */
  tcps_keepdrops: {
    json: ['connections-dropped-by-keepalives'],
    text: /^\t\t(\d+) connections? dropped by keepalive$/gm,
  },
  /** Transfers that did not get on (TCP_MAXUNACKTIME); FreeBSD 14 and later, and off unless it is asked for. */
  tcps_progdrops: {
    json: ['connections-dropped-due-to-progress-time'],
    text: /^\t(\d+) connections? dropped due to exceeding progress time$/gm,
  },
  /** Data for a connection that was closed here: each was answered with a reset. */
  tcps_rcvafterclose: {
    json: ['received-after-close-packets'],
    text: /^\t\t(\d+) packets? received after close$/gm,
  },
  /** Half-open connections that a reset ended. They have no connection block yet, so no drop counts them. */
  tcps_sc_reset: { json: ['syncache', 'reset'], text: /^\t\t(\d+) reset$/gm },
  /** Resets that arrived and were ignored: in the window but not exactly expected, or for no half-open connection. */
  tcps_badrst: {
    json: ['ignored-in-window-resets'],
    text: /^\t(\d+) ignored RSTs in the windows?$/gm,
  },
  /** Handshakes that were finished and found the accept queue full. */
  tcps_listendrop: { json: ['listen-queue-overflows'], text: /^\t(\d+) listen queue overflows?$/gm },
} as const satisfies Record<string, Place>

export type FreebsdCounter = keyof typeof PLACES
export const FREEBSD_COUNTERS = Object.keys(PLACES) as FreebsdCounter[]
/** Those that every release prints, so that one which is missing is a fault. */
export const PRINTED_ALWAYS = FREEBSD_COUNTERS.filter(name => name !== 'tcps_progdrops')

type Counters = Partial<Record<FreebsdCounter, bigint>>

/**
 * The counters in what `netstat -s -p tcp` printed, as JSON or as text. One that is not there, is there twice (in
 * text), or is no u64 is left out: absent is not 0.
 *
 * @returns undefined where it begins as JSON and is none, or not of TCP
 */
export function parseNetstat(output: string): Counters | undefined {
  return /^\s*\{/.test(output) ? parseJson(output) : pick(name => inText(output, PLACES[name].text))
}

function parseJson(output: string): Counters | undefined {
  const tcp = at(jsonOfStrings(output), ['statistics', 'tcp'])
  if (tcp === undefined) return undefined
  return pick(name => {
    const digits = at(tcp, PLACES[name].json)
    return typeof digits === 'string' ? digits : undefined
  })
}

/**
 * JSON with every number as the string of its digits: JSON.parse makes doubles of numbers, which are wrong above 2^53.
 *
 * @returns undefined where it is no JSON
 */
function jsonOfStrings(text: string): unknown {
  // A string is matched as a whole, so that digits inside one are left alone.
  const quoted = text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, token =>
    token.startsWith('"') ? token : `"${token}"`,
  )
  return attempt(() => JSON.parse(quoted))
}

function at(value: unknown, path: readonly string[]): unknown {
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

function inText(output: string, line: RegExp): string | undefined {
  const matches = [...output.matchAll(line)]
  return matches.length === 1 ? matches[0]?.[1] : undefined
}

function pick(digitsOf: (name: FreebsdCounter) => string | undefined): Counters {
  const counters: Counters = {}
  for (const name of FREEBSD_COUNTERS) {
    const value = parseU64(digitsOf(name) ?? '')
    if (value !== undefined) counters[name] = value
  }
  return counters
}
