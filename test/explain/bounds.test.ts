import { constants, gzipSync } from 'node:zlib'
import t from 'tap'
import { MOST_OPEN } from '../../explain/connections'
import { explain } from '../../explain/explain'
import type { Explanation } from '../../explain/explanation'
import { capture, frame, pcapHeader, pcapRecord, pieces } from './pcap'

// What a file can claim, and what it can hold, without end.

const explained = (bytes: AsyncIterable<Uint8Array>): Promise<Explanation> =>
  explain([{ name: 'x', bytes }], { idleSeconds: 10 })

/** Counts what is asked for. */
async function* endless(first: Uint8Array, count: { bytes: number }): AsyncGenerator<Uint8Array> {
  yield first
  for (const piece = new Uint8Array(65_536); ; ) {
    count.bytes += piece.length
    if (count.bytes > 64 * 2 ** 20) throw new Error('it would read for ever')
    yield piece
  }
}

t.test('packets of 1 byte', async t => {
  const record = pcapRecord({ bytes: new Uint8Array([0x45]), wire: 1500 })
  const many = Buffer.concat(Array.from({ length: 100_000 }, () => record))
  for (const link of [1, 101, 113, 276, 0, 9]) {
    const { capture } = await explained(pieces(Buffer.concat([pcapHeader(link), many]), 65_536))
    t.match(capture, { packets: 100_000, tcpPackets: 0, unreadable: 0 }, `link ${link}`)
  }
})

t.test('a packet that says it has 2 GB is not waited for', async t => {
  const header = Buffer.alloc(16)
  header.writeUInt32LE(0x7fff_ffff, 8)
  const count = { bytes: 0 }
  const { capture } = await explained(endless(Buffer.concat([pcapHeader(), header]), count))
  t.match(capture.files, [{ packets: 0, damage: { frame: 1, offset: 24, what: /2147483647 bytes/ } }])
  t.ok(count.bytes < 2 ** 20, `${count.bytes} bytes were read on`)
})

/** A section header and the start of a block. */
function pcapng(type: number, length: number): Buffer {
  const bytes = Buffer.alloc(28 + 12)
  bytes.writeUInt32LE(0x0a0d0d0a, 0)
  bytes.writeUInt32LE(28, 4)
  bytes.writeUInt32LE(0x1a2b3c4d, 8)
  bytes.writeUInt32LE(28, 24)
  bytes.writeUInt32LE(type, 28)
  bytes.writeUInt32LE(length, 32)
  return bytes
}

t.test(
  'blocks that say they have 2 GB: packets are refused, others are passed over and not kept',
  async t => {
    for (const type of [1, 2, 3, 6, 9, 0x0a0d0d0a]) {
      const count = { bytes: 0 }
      const { capture } = await explained(endless(pcapng(type, 0x7fff_fffc), count))
      t.match(capture.files, [{ packets: 0, damage: { frame: 1, offset: 28 } }], `type ${type}`)
      t.ok(count.bytes < 2 ** 20, `type ${type}: ${count.bytes} bytes were read on`)
    }
    const block = pcapng(0x0bad, 40 * 2 ** 20)
    const before = process.memoryUsage().arrayBuffers
    let most = 0
    async function* skipped(): AsyncGenerator<Uint8Array> {
      yield block
      const piece = new Uint8Array(65_536)
      for (let left = 40 * 2 ** 20 - 12; left > 0; left -= piece.length) {
        most = Math.max(most, process.memoryUsage().arrayBuffers - before)
        yield piece.subarray(0, left)
      }
    }
    const { capture } = await explained(skipped())
    t.equal(capture.files[0]?.damage, undefined)
    t.ok(most < 20 * 2 ** 20, `${most} bytes were kept`)
  },
)

t.test('a small gzip file that unpacks to much is read as it comes', async t => {
  const record = pcapRecord({ bytes: new Uint8Array(60) })
  const file = gzipSync(Buffer.concat([pcapHeader(), ...Array.from({ length: 400_000 }, () => record)]), {
    level: constants.Z_BEST_SPEED,
  })
  const { capture } = await explained(pieces(file, 4096))
  t.equal(capture.packets, 400_000)
})

t.test('more connections than are kept', async t => {
  const CONNECTIONS = 400_000
  const SYN = frame({ from: ['10.0.0.1', 1], to: ['10.9.9.9', 80], flags: 2 })
  const record = pcapRecord({ bytes: SYN })
  const [client, server] = [
    ['10.0.0.1', 5000],
    ['10.0.0.2', 8080],
  ] as const
  async function* scan(): AsyncGenerator<Uint8Array> {
    yield capture([
      [0, { from: client, to: server, flags: 2, seq: 1 }],
      [1, { from: server, to: client, flags: 0x14, ack: 2 }],
    ])
    for (let count = 0; count < CONNECTIONS; ) {
      const piece = Buffer.alloc(record.length * 1000)
      for (let at = 0; at < piece.length; at += record.length, count += 1) {
        record.copy(piece, at)
        // Another source address for each, so that hosts are as many as connections.
        piece.writeUInt32BE(0x0b000000 + count, at + 16 + 26)
      }
      yield piece
    }
  }
  const before = process.memoryUsage().arrayBuffers
  const { capture: facts, resets, summary } = await explained(scan())
  t.equal(facts.connections, CONNECTIONS + 1)
  // What was told of a connection stays what it was, whatever came into its place.
  t.match(resets, [
    { frame: 2, stage: 'refused', connection: 1, from: { address: server[0], port: server[1] } },
  ])
  t.match(summary.byServer, [{ server: { address: server[0], port: server[1] }, resets: 1, clients: 1 }])
  t.match(facts.notes, [new RegExp(`open connections were forgotten .* no more than ${MOST_OPEN} open`)])
  // What is kept of packets is for so many connections, and no more.
  const each = 11 * (9 * 4 + 8)
  t.ok(process.memoryUsage().arrayBuffers - before < 2 * MOST_OPEN * each + 64 * 2 ** 20)
})

t.test('more resets than are explained one by one are counted all the same', async t => {
  const RESETS = 25_000
  const RST = pcapRecord({ bytes: frame({ from: ['10.0.0.1', 80], to: ['10.9.9.9', 1], flags: 4, seq: 9 }) })
  const bytes = Buffer.concat([pcapHeader(), ...Array.from({ length: RESETS }, () => RST)])
  for (let count = 0; count < RESETS; count += 1) {
    const at = 24 + count * RST.length + 16
    bytes.writeUInt32BE(0x0b000000 + (count >> 14), at + 30)
    bytes.writeUInt16BE(1 + (count & 0x3fff), at + 36)
  }
  const { resets, summary, capture } = await explained(pieces(bytes, 65_536))
  t.equal(summary.resets, RESETS)
  t.equal(resets.length, 20_000)
  t.match(capture.notes, [/^5000 resets are in the counts, but not explained one by one/])
})

/** A description of an interface, and a packet of one byte from it. */
function interfaceBlock(link: number): Buffer {
  const bytes = Buffer.alloc(20)
  bytes.writeUInt32LE(1, 0)
  bytes.writeUInt32LE(20, 4)
  bytes.writeUInt16LE(link, 8)
  bytes.writeUInt32LE(20, 16)
  return bytes
}

function packetBlock(port: number): Buffer {
  const bytes = Buffer.alloc(36)
  bytes.writeUInt32LE(6, 0)
  bytes.writeUInt32LE(36, 4)
  bytes.writeUInt32LE(port, 8)
  bytes.writeUInt32LE(1, 20)
  bytes.writeUInt32LE(1, 24)
  bytes.writeUInt32LE(36, 32)
  return bytes
}

t.test('interfaces without end', async t => {
  const section = pcapng(1, 20).subarray(0, 28)
  const many = Array.from({ length: 65_537 }, () => interfaceBlock(1))
  const { capture } = await explained(pieces(Buffer.concat([section, ...many]), 65_536))
  t.match(capture.files, [{ damage: { offset: 28 + 65_536 * 20, what: 'more than 65536 interfaces' } }])
})

t.test('link types without end', async t => {
  const section = pcapng(1, 20).subarray(0, 28)
  const blocks = Array.from({ length: 500 }, (_, at) => [interfaceBlock(300 + at), packetBlock(at)]).flat()
  const { capture } = await explained(pieces(Buffer.concat([section, ...blocks])))
  t.equal(capture.packets, 500)
  t.equal(capture.notes.length, 4)
  t.equal(capture.notes.at(-1), 'Nor were 497 packets of 497 other link types.')
})
