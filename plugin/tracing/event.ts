import type { EventFormat } from './format'
import { taskOf } from './task'

export const DIRECTIONS = ['sent', 'received'] as const
export type Direction = (typeof DIRECTIONS)[number]

/** One reset, as its trace event tells of it. What the kernel does not say is absent. */
export interface ResetEvent {
  readonly direction: Direction
  /** The network namespace, as the inode of its `net/stat`. Only where the grant has the dynamic events. */
  readonly namespace?: number | undefined
  /** Why it was sent, in the kernel's spelling. Only for sent ones, and not on every kernel. */
  readonly reason?: string | undefined
  /** The TCP state of the socket, in the kernel's spelling; `UNKNOWN` where there was no socket. */
  readonly state?: string | undefined
  readonly family?: 'IPv4' | 'IPv6' | undefined
  readonly localAddress?: string | undefined
  readonly localPort: number
  readonly peer?: string | undefined
  readonly peerPort?: number | undefined
  /** Whether it is certain that TCP took no notice of a received one. */
  readonly ignored?: true | undefined
  /** The process that sent it. Only where the event was caught while that process itself was at it. */
  readonly task?: string | undefined
}

const NO_PACKET = /^(?:0+|\(null\))$/

/**
 * Makes a parser of the lines of one event in `trace_pipe`.
 *
 * @returns the parser: an event, or undefined where the line is none or is not whole. Nothing in front of the event's
 * name is trusted: a process names itself, in at most 15 characters, so it can't forge a name of this length.
 */
export function eventParser(
  direction: Direction,
  format: EventFormat,
): (line: string) => ResetEvent | undefined {
  const mark = `: ${format.name}: `
  const { keys } = format
  const valuesOf = valueReader(keys)
  const endpointsOf = keys.includes('src') && keys.includes('dest') ? joined(keys) : separate(keys)
  const reasonOf = symbolReader(format, 'reason')
  const stateOf = symbolReader(format, 'state')
  const packet = keys.indexOf('skbaddr')

  return line => {
    const at = line.lastIndexOf(mark)
    if (at < 0) return undefined
    const values = valuesOf(line, at + mark.length)
    const endpoints = values && endpointsOf(values)
    if (values === undefined || endpoints === undefined) return undefined
    const reason = reasonOf?.(values)
    const state = stateOf?.(values)
    if ((reasonOf && reason === undefined) || (stateOf && state === undefined)) return undefined
    // A reset that answers a packet is nobody's: whoever was running is a bystander.
    const task = NO_PACKET.test(values[packet] ?? '') ? taskOf(line.slice(0, at)) : undefined
    return { direction, ...endpoints, reason, state, task }
  }
}

/** The values of a line by the place of their key in the format. */
type Values = readonly string[]

/** @returns undefined where a key or a value is missing; keys that the format does not name are passed over */
function valueReader(keys: readonly string[]): (line: string, from: number) => Values | undefined {
  const starts = keys.map(key => `${key}=`)

  const inAnyOrder = (text: string): Values | undefined => {
    const pairs = text.split(' ')
    const values = starts.map(start => pairs.find(pair => pair.startsWith(start))?.slice(start.length) ?? '')
    return values.includes('') ? undefined : values
  }

  return (line, from) => {
    const values: string[] = []
    let at = from
    for (const start of starts) {
      if (!line.startsWith(start, at)) return inAnyOrder(line.slice(from))
      const blank = line.indexOf(' ', at)
      const end = blank < 0 ? line.length : blank
      if (end === at + start.length) return undefined
      values.push(line.slice(at + start.length, end))
      at = end + 1
    }
    return values
  }
}

/**
 * Reads a value that the kernel prints as a name. What comes is the format file's own name, or `UNKNOWN_<number>` where
 * it has none for that number; undefined where the name was cut off. No reader where the event has no such key.
 */
function symbolReader(
  format: EventFormat,
  key: string,
): ((values: Values) => string | undefined) | undefined {
  const place = format.keys.indexOf(key)
  if (place < 0) return undefined
  const names = new Map((format.names.get(key) ?? []).concat('UNKNOWN').map(name => [name, name]))
  return values => {
    const value = values[place] ?? ''
    const name = names.get(value)
    if (name !== undefined) return name
    const hex = /^0x([\da-f]{1,8})$/.exec(value)?.[1]
    return hex === undefined ? undefined : `UNKNOWN_${Number.parseInt(hex, 16)}`
  }
}

type Endpoints = Pick<ResetEvent, 'family' | 'localAddress' | 'localPort' | 'peer' | 'peerPort'>

/** `src=192.0.2.1:80 dest=[2001:db8::1]:1024` */
function joined(keys: readonly string[]): (values: Values) => Endpoints | undefined {
  const [src, dest] = [keys.indexOf('src'), keys.indexOf('dest')]
  return values => {
    const [local, localPort] = splitAtPort(values[src] ?? '')
    const [peer, peerPort] = splitAtPort(values[dest] ?? '')
    return endpoints(local, localPort, peer, peerPort)
  }
}

function splitAtPort(text: string): [address: string, port: string] {
  const colon = Math.max(text.lastIndexOf(':'), 0)
  const inBrackets = text.startsWith('[') && text[colon - 1] === ']'
  return [inBrackets ? text.slice(1, colon - 1) : text.slice(0, colon), text.slice(colon + 1)]
}

/** `sport=80 ... saddr=192.0.2.1 ... saddrv6=::ffff:192.0.2.1`: for an IPv6 socket `saddr` means nothing. */
function separate(keys: readonly string[]): (values: Values) => Endpoints | undefined {
  const [family, sport, dport] = [keys.indexOf('family'), keys.indexOf('sport'), keys.indexOf('dport')]
  const address = (end: 's' | 'd') => {
    const [v4, v6] = [keys.indexOf(`${end}addr`), keys.indexOf(`${end}addrv6`)]
    return (values: Values) => (values[family] !== 'AF_INET' && values[v6]) || values[v4] || ''
  }
  const [saddr, daddr] = [address('s'), address('d')]
  return values => endpoints(saddr(values), values[sport] ?? '', daddr(values), values[dport] ?? '')
}

function endpoints(local: string, port: string, peer: string, portOfPeer: string): Endpoints | undefined {
  const localPort = portOf(port)
  const peerPort = portOf(portOfPeer)
  if (localPort === undefined || peerPort === undefined || !isAddress(local) || !isAddress(peer))
    return undefined
  const localAddress = plain(local)
  const peerAddress = plain(peer)
  const known = peerAddress ?? localAddress
  return {
    localPort,
    localAddress,
    peer: peerAddress,
    peerPort: peerPort > 0 ? peerPort : undefined,
    family: known === undefined ? undefined : known.includes(':') ? 'IPv6' : 'IPv4',
  }
}

function portOf(text: string): number | undefined {
  const port = Number(text)
  return /^\d{1,5}$/.test(text) && port <= 65_535 ? port : undefined
}

function isAddress(text: string): boolean {
  return /^(?=.*[.:])[\da-f.:]{2,45}$/.test(text)
}

/**
 * An IPv4 address that is written as an IPv6 one is the IPv4 address it was on the wire; the unspecified address is
 * none: a listening socket has no peer, and may have no address of its own.
 */
function plain(address: string): string | undefined {
  const bare = address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
  return bare === '::' || bare === '0.0.0.0' ? undefined : bare
}
