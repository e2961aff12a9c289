import { closeSync, openSync, writeSync } from 'node:fs'
import { frame, pcapHeader, pcapRecord } from '../../test/explain/pcap'

const AT_ONCE = 10_000
/** Where the source address is in a record. */
const SOURCE = 16 + 26

/** Writes a capture of SYNs, each from another address. @returns its bytes */
export function makeScan(path: string, connections: number): number {
  const record = pcapRecord({ bytes: frame({ from: ['11.0.0.0', 4000], to: ['10.0.0.1', 443], flags: 2 }) })
  const file = openSync(path, 'w')
  let bytes = writeSync(file, pcapHeader())
  const piece = Buffer.concat(Array.from({ length: AT_ONCE }, () => record))
  for (let count = 0; count < connections; ) {
    for (let at = 0; at < piece.length; at += record.length, count += 1) {
      piece.writeUInt32BE(0x0b000000 + count, at + SOURCE)
    }
    bytes += writeSync(file, piece)
  }
  closeSync(file)
  return bytes
}
