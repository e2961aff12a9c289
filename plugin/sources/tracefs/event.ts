import type { EventFormat } from './format'

export type Direction = 'sent' | 'received'

/** One reset, as its trace event tells of it. What the kernel does not say is absent. */
export interface ResetEvent {
  readonly direction: Direction
  /** Why it was sent, in the kernel's spelling. Only for sent ones, and not on every kernel. */
  readonly reason?: string
  /** The TCP state of the socket, in the kernel's spelling; `UNKNOWN` where there was no socket. */
  readonly state?: string
  readonly family?: 'IPv4' | 'IPv6'
  readonly localAddress?: string
  readonly localPort: number
  readonly peer?: string
  readonly peerPort?: number
  /** The process that sent it. Only where the event was caught while that process itself was at it. */
  readonly task?: string
}

type Fields = ReadonlyMap<string, string>

/** `   comm-123   [000] ..s1.   12.345678`: the name may hold anything, blanks and brackets included. */
const HEADER = /^ *(.*)-(\d+) +(?:\([ \d-]+\) +)?\[\d+\] (\S{4,8}) +[\d.]+$/s
const IN_PROCESS_CONTEXT = '.'
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
  const { keys, names } = format
  const endpointsOf = keys.includes('src') && keys.includes('dest') ? joinedEndpoints : separateEndpoints

  const read = (body: string): Fields | undefined => {
    const fields = new Map<string, string>()
    for (const pair of body.split(' ')) {
      const equals = pair.indexOf('=')
      if (equals > 0) fields.set(pair.slice(0, equals), pair.slice(equals + 1))
    }
    return keys.every(key => fields.get(key)) ? fields : undefined
  }

  /** A name of the format file, or what the kernel prints where it has none; undefined where a name was cut off. */
  const symbol = (fields: Fields, key: string): string | undefined => {
    const value = fields.get(key)
    if (value === undefined || value === 'UNKNOWN' || names.get(key)?.includes(value)) return value
    const number = /^0x([\da-f]{1,8})$/.exec(value)?.[1]
    return number === undefined ? undefined : `UNKNOWN_${Number.parseInt(number, 16)}`
  }

  return line => {
    const at = line.lastIndexOf(mark)
    if (at < 0) return undefined
    const fields = read(line.slice(at + mark.length))
    const endpoints = fields && endpointsOf(fields)
    if (fields === undefined || endpoints === undefined) return undefined
    const reason = symbol(fields, 'reason')
    const state = symbol(fields, 'state')
    if ((fields.has('reason') && reason === undefined) || (fields.has('state') && state === undefined)) {
      return undefined
    }
    const task = NO_PACKET.test(fields.get('skbaddr') ?? '') ? taskOf(line.slice(0, at)) : undefined
    return {
      direction,
      ...endpoints,
      ...(reason !== undefined && { reason }),
      ...(state !== undefined && { state }),
      ...(task !== undefined && { task }),
    }
  }
}

/**
 * Events caught in an interrupt carry the name of whoever was running, a bystander: those have no task. Nor have the
 * resets that answer a packet, which is why the caller asks for the packet's address first.
 */
function taskOf(header: string): string | undefined {
  const [, task, pid, flags = ''] = HEADER.exec(header) ?? []
  return flags[2] === IN_PROCESS_CONTEXT && pid !== '0' && task ? task : undefined
}

type Endpoints = Pick<ResetEvent, 'family' | 'localAddress' | 'localPort' | 'peer' | 'peerPort'>

/** `src=192.0.2.1:80 dest=[2001:db8::1]:1024` */
function joinedEndpoints(fields: Fields): Endpoints | undefined {
  const [local, localPort] = splitAtPort(fields.get('src') ?? '')
  const [peer, peerPort] = splitAtPort(fields.get('dest') ?? '')
  return endpoints(local, localPort, peer, peerPort)
}

function splitAtPort(text: string): [address: string, port: string] {
  const colon = text.lastIndexOf(':')
  return [text.slice(0, Math.max(colon, 0)).replace(/^\[(.*)\]$/, '$1'), text.slice(colon + 1)]
}

/** `sport=80 ... saddr=192.0.2.1 ... saddrv6=::ffff:192.0.2.1`: for an IPv6 socket `saddr` means nothing. */
function separateEndpoints(fields: Fields): Endpoints | undefined {
  const ipv4 = fields.get('family') === 'AF_INET'
  const address = (end: 's' | 'd'): string =>
    (!ipv4 && fields.get(`${end}addrv6`)) || fields.get(`${end}addr`) || ''
  return endpoints(address('s'), fields.get('sport') ?? '', address('d'), fields.get('dport') ?? '')
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
    ...(localAddress !== undefined && { localAddress }),
    ...(peerAddress !== undefined && { peer: peerAddress }),
    ...(peerPort > 0 && { peerPort }),
    ...(known !== undefined && { family: known.includes(':') ? 'IPv6' : 'IPv4' }),
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
  const bare = address.replace(/^::ffff:(?=\d+\.)/, '')
  return bare === '::' || bare === '0.0.0.0' ? undefined : bare
}
