import { endianness } from 'node:os'

/** One end of a connection, its address as the table has it: `addressOf` reads it. */
export interface HexEnd {
  readonly address: string
  readonly port: number
}

/** A socket of /proc/net/tcp or tcp6: kernel, Documentation/networking/proc_net_tcp.rst. */
export interface TcpSocket {
  readonly local: HexEnd
  readonly remote: HexEnd
  readonly listens: boolean
  readonly uid: number
  /** `0` where nobody holds it any more, as in TIME_WAIT; then the user is printed as 0, too. */
  readonly inode: string
}

const LISTEN = '0A'

const SOCKET =
  /^ *\d+: ([\dA-F]{8}|[\dA-F]{32}):([\dA-F]{4}) ([\dA-F]{8}|[\dA-F]{32}):([\dA-F]{4}) ([\dA-F]{2}) \S+ \S+ \S+ +(\d{1,10}) +\d+ (\d{1,20}) .*\n/gm

/** The sockets of the lines that are whole. */
export function parseTcpSockets(text: string): TcpSocket[] {
  return [...text.matchAll(SOCKET)].map(
    ([, local = '', localPort = '', remote = '', remotePort = '', state, uid, inode = '']) => ({
      local: { address: local, port: Number.parseInt(localPort, 16) },
      remote: { address: remote, port: Number.parseInt(remotePort, 16) },
      listens: state === LISTEN,
      uid: Number(uid),
      inode,
    }),
  )
}

/**
 * The address of an end, whose hexadecimal words of 32 bits are in the byte order of this machine. IPv4 is dotted, also
 * where it is in a socket for IPv6 (`::ffff:127.0.0.1`); IPv6 has its shortest form.
 */
export function addressOf({ address }: HexEnd): string {
  const bytes = Buffer.from(address, 'hex')
  if (endianness() === 'LE') bytes.swap32()
  return bytes.length === 4
    ? bytes.join('.')
    : plainAddress((bytes.toString('hex').match(/.{4}/g) ?? []).join(':'))
}

/** One form of each address: without a zone, IPv6 as short as can be, and IPv4 for what is IPv4 in IPv6. */
export function plainAddress(address: string): string {
  if (!address.includes(':')) return address
  const full = new URL(`http://[${address.replace(/%.*/, '')}]`).hostname.slice(1, -1)
  const [, high, low] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(full) ?? []
  if (high === undefined || low === undefined) return full
  return [high, low]
    .flatMap(half => [Number.parseInt(half, 16) >> 8, Number.parseInt(half, 16) & 255])
    .join('.')
}
