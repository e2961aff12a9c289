// Captures and packets made by hand, for what no real one has.

export interface Made {
  readonly bytes: Uint8Array
  readonly seconds?: number
  /** Bytes on the wire; as many as are here. */
  readonly wire?: number
}

/** The header of a pcap file: little-endian, microseconds. */
export function pcapHeader(link = 1): Buffer {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(262_144, 16)
  header.writeUInt32LE(link, 20)
  return header
}

export function pcapRecord({ bytes, seconds = 1, wire = bytes.length }: Made): Buffer {
  const header = Buffer.alloc(16)
  header.writeUInt32LE(Math.floor(seconds), 0)
  header.writeUInt32LE(Math.round((seconds % 1) * 1e6), 4)
  header.writeUInt32LE(bytes.length, 8)
  header.writeUInt32LE(wire, 12)
  return Buffer.concat([header, bytes])
}

export interface Segment {
  readonly from: readonly [address: string, port: number]
  readonly to: readonly [address: string, port: number]
  readonly flags: number
  readonly seq?: number
  readonly ack?: number
  readonly payload?: string
  readonly ttl?: number
  readonly id?: number
  readonly window?: number
  /** The last byte of the Ethernet source address; by default that of the IP address. */
  readonly mac?: number
}

/** An Ethernet frame with a TCP segment over IPv4. */
export function frame(segment: Segment): Buffer {
  const { from, to, flags, seq = 0, ack = 0, payload = '', ttl = 64, id = 0, window = 500 } = segment
  const bytes = Buffer.alloc(54 + payload.length)
  const address = (text: string): number[] => text.split('.').map(Number)
  bytes[5] = address(to[0])[3] ?? 0
  bytes[11] = segment.mac ?? address(from[0])[3] ?? 0
  bytes.writeUInt16BE(0x0800, 12)
  bytes[14] = 0x45
  bytes.writeUInt16BE(40 + payload.length, 16)
  bytes.writeUInt16BE(id, 18)
  bytes[22] = ttl
  bytes[23] = 6
  bytes.set([...address(from[0]), ...address(to[0])], 26)
  bytes.writeUInt16BE(from[1], 34)
  bytes.writeUInt16BE(to[1], 36)
  bytes.writeUInt32BE(seq >>> 0, 38)
  bytes.writeUInt32BE(ack >>> 0, 42)
  bytes[46] = 0x50
  bytes[47] = flags
  bytes.writeUInt16BE(window, 48)
  bytes.write(payload, 54, 'latin1')
  return bytes
}

/** A capture of such frames; each has its second. */
export function capture(segments: readonly (readonly [seconds: number, segment: Segment])[]): Buffer {
  const records = segments.map(([seconds, segment]) =>
    pcapRecord({ bytes: frame(segment), seconds: 1e9 + seconds }),
  )
  return Buffer.concat([pcapHeader(), ...records])
}

/** As pieces of a stream. */
export async function* pieces(bytes: Uint8Array, size = bytes.length): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
