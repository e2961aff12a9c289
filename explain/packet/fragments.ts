// IP datagrams that came in pieces. A reset can hide in them, and a long segment is more bytes than its first piece says.

/** Datagrams that wait for their other pieces. Beyond that, the one that has waited longest is let go. */
const MOST_WAITING = 64
const MOST_PIECES = 512
const MOST_BYTES = 65_535
/** Seconds: RFC 791 speaks of 15, RFC 8200 of 60. */
const PATIENCE = 60

/** What one fragment carries, and where in the whole that belongs. */
interface Piece {
  readonly bytes: Uint8Array
  /** On the wire. */
  readonly length: number
  readonly id: number
  readonly offset: number
  readonly more: boolean
}

interface Waiting {
  readonly since: number
  /** The header of the first fragment, once that is here. */
  header?: Uint8Array
  readonly pieces: { readonly offset: number; readonly bytes: Uint8Array }[]
  /** Bytes in `pieces`. */
  held: number
  /** Bytes of the whole, once the last fragment is here. */
  length?: number
}

export interface Fragments {
  /**
   * @param addresses of both ends; they and the ID say what belongs together
   * @returns the datagram, if this was its last missing piece: the header of the first one and what they carried
   */
  add(header: Uint8Array, addresses: Uint8Array, piece: Piece, time: number): Uint8Array | undefined
}

export function fragments(): Fragments {
  const waiting = new Map<string, Waiting>()
  return {
    add(header, addresses, { bytes, length, id, offset, more }, time) {
      // A piece that was cut by the capture's snap length never makes a whole.
      if (bytes.length < length || length <= 0 || offset + length > MOST_BYTES) return undefined
      const key = `${id} ${Buffer.from(addresses).toString('latin1')}`
      let datagram = waiting.get(key)
      if (datagram === undefined || time - datagram.since > PATIENCE) {
        datagram = { since: time, pieces: [], held: 0 }
        waiting.delete(key)
        waiting.set(key, datagram)
        const [oldest] = waiting.keys()
        if (waiting.size > MOST_WAITING && oldest !== undefined) waiting.delete(oldest)
      }
      if (datagram.pieces.length === MOST_PIECES || datagram.held + length > 2 * MOST_BYTES) {
        waiting.delete(key)
        return undefined
      }
      datagram.pieces.push({ offset, bytes: bytes.slice() })
      datagram.held += length
      if (offset === 0) datagram.header = header.slice()
      if (!more) datagram.length = offset + length
      const whole = joined(datagram)
      if (whole !== undefined) waiting.delete(key)
      return whole
    },
  }
}

function joined({ header, pieces, length, held }: Waiting): Uint8Array | undefined {
  if (header === undefined || length === undefined || held < length) return undefined
  pieces.sort((a, b) => a.offset - b.offset)
  let reached = 0
  for (const { offset, bytes } of pieces) {
    if (offset > reached) return undefined
    reached = Math.max(reached, offset + bytes.length)
  }
  if (reached < length) return undefined
  const whole = new Uint8Array(header.length + length)
  whole.set(header)
  for (const { offset, bytes } of pieces) {
    if (offset < length) whole.set(bytes.subarray(0, length - offset), header.length + offset)
  }
  return whole
}
