import { ipv4Text, ipv6Text } from './addresses'
import type { Direction, ResetEvent } from './event'
import { BEFORE_TCP, PACKET_WORDS, PROBES, type ProbeName } from './probes'
import { taskOf } from './task'

/** `: established: (tcp_validate_incoming+0x0/0x590) ino=4026531846 state=1 ...`, up to the end of the line. */
const EVENT = /: ([a-z_]+\d?): \([\w.+/]+\) (ino=\d{1,10} [^:]*)$/

/** include/net/tcp_states.h; without a socket the trace of the kernel itself says UNKNOWN. */
const STATES = [
  'UNKNOWN',
  'TCP_ESTABLISHED',
  'TCP_SYN_SENT',
  'TCP_SYN_RECV',
  'TCP_FIN_WAIT1',
  'TCP_FIN_WAIT2',
  'TCP_TIME_WAIT',
  'TCP_CLOSE',
  'TCP_CLOSE_WAIT',
  'TCP_LAST_ACK',
  'TCP_LISTEN',
  'TCP_CLOSING',
  'TCP_NEW_SYN_RECV',
] as const
type State = (typeof STATES)[number]

/** Where the peer has ended its side, a reset that is one too early is taken as well (tcp_reset_check). */
const AFTER_FIN: readonly State[] = ['TCP_CLOSE_WAIT', 'TCP_LAST_ACK', 'TCP_CLOSING']

/** linux/if_ether.h, as the bytes of the packet read on these machines. */
const IPV4 = 0x0008
const IPV6 = 0xdd86
const AF_INET = 2
const TCP = 6
const ACK = 0x10
/** The first byte of an IPv4 header without options: only then it lies where it is looked for. */
const IPV4_PLAIN = 0x45
const IPV4_AT = BEFORE_TCP - 20

/**
 * Makes a parser of the lines that the dynamic events of one direction have in `trace_pipe`.
 *
 * Nothing in front of an event's name is trusted: a process names itself. But there is no colon in what comes after it.
 *
 * @param reasons the kernel's names of its reasons, by number
 * @returns the parser: an event, or undefined where the line is none or is not whole
 */
export function probeParser(
  direction: Direction,
  reasons: ReadonlyMap<number, string>,
): (line: string) => ResetEvent | undefined {
  const names: readonly string[] = PROBES[direction]
  return line => {
    const found = EVENT.exec(line)
    const name = found?.[1] ?? ''
    if (found === null || !names.includes(name)) return undefined
    const fields = new Map((found[2] ?? '').split(' ').map(pair => pair.split('=') as [string, string]))
    const number = (key: string): number => Number(fields.get(key))
    const state = stateOf(name as ProbeName, number('state'))
    const endpoints = name === 'abort' ? ofSocket(fields) : ofPacket(fields)
    if (state === undefined || endpoints === undefined) return undefined
    return {
      direction,
      namespace: number('ino'),
      reason: fields.has('reason') ? (reasons.get(number('reason')) ?? unnamed(number('reason'))) : undefined,
      state,
      ...endpoints,
      ignored: direction === 'received' ? isIgnored(state, fields) : undefined,
      task: name === 'abort' ? taskOf(line.slice(0, found.index)) : undefined,
    }
  }
}

const unnamed = (reason: number): string => `UNKNOWN_${reason}`

function stateOf(name: ProbeName, state: number): State | undefined {
  // The event has the listening socket.
  if (name === 'half_open') return 'TCP_NEW_SYN_RECV'
  return name.startsWith('closed') || name.startsWith('no_socket') ? 'UNKNOWN' : STATES[state]
}

type Fields = ReadonlyMap<string, string>
type Endpoints = Pick<ResetEvent, 'family' | 'localAddress' | 'localPort' | 'peer' | 'peerPort'>

/** Both ends, from the packet that came in. Behind IP options or extension headers the addresses are not found. */
function ofPacket(fields: Fields): Endpoints | undefined {
  const bytes = bytesOf(fields.get('packet'), PACKET_WORDS)
  if (bytes === undefined) return undefined
  const ports = { localPort: bytes.readUInt16BE(BEFORE_TCP + 2), peerPort: bytes.readUInt16BE(BEFORE_TCP) }
  const protocol = Number(fields.get('proto'))
  if (protocol === IPV4) {
    const isPlain = bytes[IPV4_AT] === IPV4_PLAIN && bytes[IPV4_AT + 9] === TCP
    const addresses = { peer: ipv4Text(bytes, IPV4_AT + 12), localAddress: ipv4Text(bytes, IPV4_AT + 16) }
    return { family: 'IPv4', ...ports, ...(isPlain && addresses) }
  }
  if (protocol !== IPV6) return undefined
  const isPlain = (bytes[0] ?? 0) >> 4 === 6 && bytes[6] === TCP
  const addresses = { peer: ipv6Text(bytes, 8), localAddress: ipv6Text(bytes, 24) }
  return { family: 'IPv6', ...ports, ...(isPlain && addresses) }
}

/** Both ends, from the socket that the reset was sent by. */
function ofSocket(fields: Fields): Endpoints | undefined {
  const ports = { localPort: swapped(fields.get('port')), peerPort: swapped(fields.get('peerport')) }
  const isV4 = Number(fields.get('family')) === AF_INET
  const [local, peer] = ['local', 'peer'].map(end => {
    const text = fields.get(`${end}${isV4 ? 4 : 6}`)
    return isV4 ? littleEndian(text) : bytesOf(text, 2)
  })
  if (local === undefined || peer === undefined || Number.isNaN(ports.localPort + ports.peerPort))
    return undefined
  const text = isV4 ? ipv4Text : ipv6Text
  const [localAddress, peerAddress] = [text(local, 0), text(peer, 0)]
  // A socket of IPv6 can have a connection of IPv4.
  return { family: peerAddress.includes(':') ? 'IPv6' : 'IPv4', localAddress, peer: peerAddress, ...ports }
}

/**
 * Whether TCP surely takes no notice of a received reset: it ends only what it fits (RFC 5961, 3.2), exactly, or behind
 * data that came out of order. A listening socket takes none, nor does a connect that it does not acknowledge.
 */
function isIgnored(state: State, fields: Fields): true | undefined {
  if (state === 'TCP_LISTEN') return true
  if (state === 'TCP_SYN_SENT') return Number(fields.get('flags')) & ACK ? undefined : true
  const sequence = bytesOf(fields.get('packet'), PACKET_WORDS)?.readUInt32BE(BEFORE_TCP + 4)
  if (sequence === undefined || !fields.has('next')) return undefined
  const ahead = (sequence - Number(fields.get('next'))) | 0
  if (ahead === -1 && AFTER_FIN.includes(state)) return undefined
  const isBehindGap = ahead > 0 && Number(fields.get('sacks')) > 0
  return ahead === 0 || isBehindGap ? undefined : true
}

/** `0x5000`, as the kernel has it in memory: 80. */
function swapped(text: string | undefined): number {
  return littleEndian(text, 2)?.readUInt16BE() ?? Number.NaN
}

/** The bytes of a number that is written in hex, in the order of the memory of these machines. */
function littleEndian(text: string | undefined, size = 4): Buffer | undefined {
  const digits = /^0x([\da-f]{1,8})$/.exec(text ?? '')?.[1]
  return digits === undefined ? undefined : Buffer.from(digits.padStart(2 * size, '0'), 'hex').reverse()
}

/** The same of a list of numbers of 64 bits, `{0x1,0x2}`. */
function bytesOf(text: string | undefined, words: number): Buffer | undefined {
  const list = text?.startsWith('{0x') && text.endsWith('}') ? text.slice(3, -1).split(',0x') : []
  if (list.length !== words) return undefined
  const bytes = Buffer.from(
    list
      .map(word => word.padStart(16, '0'))
      .reverse()
      .join(''),
    'hex',
  )
  return bytes.length === 8 * words ? bytes.reverse() : undefined
}
