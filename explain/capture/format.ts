// What the readers of the file formats have in common.

/**
 * Gets every packet. The bytes are only lent.
 *
 * @param frame from 1, as Wireshark counts
 * @param time seconds since 1970
 * @param link number of the link type
 * @param port number of the interface in the file
 * @param wire bytes that it had on the wire
 */
export type TakePacket = (
  bytes: Uint8Array,
  start: number,
  end: number,
  frame: number,
  time: number,
  link: number,
  port: number,
  wire: number,
) => void

/** Reads one format, from pieces of a stream. */
export interface FormatReader {
  readonly format: 'pcap' | 'pcapng'
  /** Link types, in the order in which they turned up. */
  readonly links: ReadonlySet<number>
  /** Packets so far. */
  readonly packets: number
  /** Bytes from the start of the file to what is read next. */
  readonly offset: number
  /** How many bytes the next piece of the format has: `read` does nothing with fewer. */
  readonly needed: number
  /** Set when it cannot go on. */
  readonly broken: string | undefined
  /** Takes all that is whole. @returns where in the bytes it stopped */
  read(bytes: Uint8Array): number
  /** What is amiss if the file ends here, with so many bytes left over. */
  cut(left: number): string | undefined
}

/** No format's packets are longer (libpcap's MAXIMUM_SNAPLEN); a length beyond is not a length. */
export const MOST_CAPTURED = 262_144
