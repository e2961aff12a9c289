import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { TakePacket } from '../../explain/capture/format'
import { captureStream } from '../../explain/capture/read'
import { NotACapture } from '../../explain/capture/refusal'
import { explainer } from '../../explain/explain'
import { STAGES, VERDICTS } from '../../explain/explanation'
import { dissector } from '../../explain/packet/dissect'
import { linkName } from '../../explain/packet/link'
import { TCP } from '../../explain/packet/packet'
import type { Target } from './target'

// The formats of captures, the links, and what is made of their packets. A text stands for bytes here, one for each
// character.

const folder = join(__dirname, '..', 'fixtures', 'captures')

function bytesOf(name: string): Buffer {
  const bytes = readFileSync(join(folder, name))
  return name.endsWith('.gz') && !name.includes('cut') ? gunzipSync(bytes) : bytes
}

const derived = readdirSync(folder).filter(name => name.startsWith('derived__') && !name.includes('gz_cut'))
const lab = readdirSync(folder).filter(name => name.startsWith('lab__'))
const latin = (name: string): string => bytesOf(name).toString('latin1')

/** Reads a capture in pieces of a size that the input decides. */
function readIn(
  text: string,
  take: TakePacket,
): ReturnType<ReturnType<typeof captureStream>['end']> | undefined {
  const bytes = Buffer.from(text, 'latin1')
  const piece = 1 + ((bytes[bytes.length - 1] ?? 0) % 97) * 13
  const stream = captureStream(take)
  try {
    for (let at = 0; at < bytes.length; at += piece) {
      if (!stream.add(bytes.subarray(at, at + piece))) break
    }
    const reader = stream.end()
    assert.ok(reader.offset <= bytes.length + 2 ** 32, `at ${reader.offset} of ${bytes.length}`)
    assert.equal(typeof (reader.broken ?? reader.cut(stream.left()) ?? ''), 'string')
    return reader
  } catch (error) {
    if (!(error instanceof NotACapture)) throw error
    assert.ok(error.message.length < 300 && !/\p{Cc}/u.test(error.message), error.message)
    return undefined
  }
}

function format(name: string, seeds: () => string[]): Target {
  return {
    name: `capture-${name}`,
    seeds,
    run(text) {
      let frames = 0
      let taken = 0
      const reader = readIn(text, (bytes, start, end, frame, time, link, port, wire) => {
        assert.ok(start >= 0 && start <= end && end <= bytes.length, `${start} to ${end} of ${bytes.length}`)
        assert.ok(frame > frames, `frame ${frame} after ${frames}`)
        for (const number of [time, link, port, wire]) assert.ok(Number.isFinite(number), `${number}`)
        frames = frame
        taken += end - start
      })
      if (reader !== undefined) assert.ok(reader.packets >= frames)
      assert.ok(taken <= text.length, `${taken} bytes of packets in ${text.length}`)
    },
  }
}

const LINKS = [0, 1, 9, 12, 51, 101, 108, 113, 276]

/** A packet of every link; the first byte says which. */
const packets: Target = {
  name: 'packet',
  seeds() {
    const found: string[] = []
    for (const name of [...derived, 'lab__vxlan_any.client.pcap']) {
      let left = 6
      readIn(latin(name), (bytes, start, end, _frame, _time, link) => {
        if (left-- <= 0) return
        const which = LINKS.indexOf(link)
        if (which !== -1) {
          found.push(String.fromCharCode(which) + Buffer.from(bytes.subarray(start, end)).toString('latin1'))
        }
      })
    }
    return found
  },
  run(text) {
    const bytes = Uint8Array.from(Buffer.from(text, 'latin1'))
    const { packet, dissect } = dissector()
    const link = LINKS[(bytes[0] ?? 0) % LINKS.length] ?? 1
    assert.match(linkName(link), /^[A-Z0-9_]+$/)
    const begin = Math.min(1, bytes.length)
    // Twice, since fragments are remembered; and cut, as by a snap length.
    for (const end of [bytes.length, Math.max(begin, bytes.length - 10), bytes.length]) {
      if (dissect(bytes, begin, end, link, 0, bytes.length - begin) !== TCP) continue
      assert.ok(packet.end <= packet.bytes.length && packet.tcp + 14 <= packet.end)
      assert.ok(packet.tcpEnd >= packet.tcp + 20 && packet.tcpEnd <= packet.tcp + 60)
      assert.ok(packet.payload >= 0 && packet.payload <= 70_000, `payload of ${packet.payload}`)
      for (const port of [packet.sourcePort, packet.destinationPort]) assert.ok(port >= 0 && port <= 65_535)
      assert.ok(packet.source + (packet.version === 4 ? 4 : 16) <= packet.bytes.length)
      assert.ok(packet.ttl >= 0 && packet.ttl <= 255 && packet.ipId >= -1 && packet.ipId <= 65_535)
    }
  },
}

const whole: Target = {
  name: 'explain',
  seeds: () => lab.map(latin),
  run(text) {
    const { begin, take, end } = explainer(false, { idleSeconds: 10 })
    begin(0)
    if (readIn(text, take) === undefined) return
    const { capture, resets, summary } = end([])
    assert.ok(capture.tcpPackets + capture.cutBeforeFlags + capture.unreadable <= capture.packets)
    assert.equal(summary.resets + summary.copies, resets.length)
    for (const reset of resets) {
      assert.ok(STAGES.includes(reset.stage) && VERDICTS.includes(reset.sender.is))
      for (const number of [reset.time, reset.sinceStart, reset.idle ?? 0, reset.bytesFrom, reset.bytesTo]) {
        assert.ok(Number.isFinite(number) && number >= 0, `${number}`)
      }
      assert.match(reset.flags, /^RST(\+[A-Z]{3})*$/)
      assert.match(reset.from.address, /^[\da-f.:]{2,45}$/)
      assert.ok(reset.ladder.length > 0 && reset.ladder.length <= 20)
      assert.equal(reset.ladder.filter(rung => rung.reset === 'this').length, 1)
    }
    assert.ok(summary.finding.length > 0 && !/NaN|undefined|Infinity/.test(JSON.stringify(summary)))
  },
}

export const CAPTURE_TARGETS: readonly Target[] = [
  format('pcap', () => derived.filter(name => !name.endsWith('ng')).map(latin)),
  format('pcapng', () => derived.filter(name => name.endsWith('ng')).map(latin)),
  packets,
  whole,
]
