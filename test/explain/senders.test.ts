import { createReadStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { explain } from '../../explain/explain'
import { capture, pieces, type Segment } from './pcap'

// Resets whose sender is known, made to mislead: by odd TTLs, routes that change, resets that end nothing, forgers who
// know the right TTL and number.

const FOLDER = join(__dirname, '..', 'fixtures', 'senders')
/** Nothing in it speaks for the host: all of its other packets have the TTL that a program chose. */
const FALSE = ['queue_ttl_listener.client.pcap']
/** Nothing in it speaks against the host. */
const MISSED = ['fw_reject_far.client.pcap', 'idle_cut_ttl_kept.client.pcap']

interface Known {
  readonly frame: number
  readonly isBox: boolean
  readonly stage: string
  readonly verdict: string
}

function known(): Map<string, Known[]> {
  const [, ...lines] = readFileSync(join(FOLDER, 'senders.tsv'), 'utf8').trim().split('\n')
  const captures = new Map<string, Known[]>()
  for (const line of lines) {
    const [name = '', frame, sender, stage = '', verdict = ''] = line.split('\t')
    const resets = captures.get(name) ?? []
    captures.set(name, resets)
    resets.push({ frame: Number(frame), isBox: sender === 'box', stage, verdict })
  }
  return captures
}

t.test('the page says how many', async t => {
  const page = readFileSync(join(__dirname, '..', '..', 'docs', 'explain.md'), 'utf8').replace(/\s+/g, ' ')
  t.match(page, `Of ${known().size} later captures, made to mislead it, one is answered wrongly`)
  t.match(page, 'and two boxes are missed')
  t.match([FALSE.length, MISSED.length], [1, 2])
})

for (const [name, expected] of known()) {
  t.test(name, async t => {
    const bytes = createReadStream(join(FOLDER, name))
    const { resets } = await explain([{ name, bytes }], { idleSeconds: 10 })
    const counted = resets.filter(({ stage }) => stage !== 'copy')
    t.strictSame(
      counted.map(({ frame, stage, detail, sender }) => [frame, `${stage}/${detail}`, sender.is]),
      expected.map(({ frame, stage, verdict }) => [frame, stage, verdict]),
    )
    for (const { frame, sender } of counted) {
      const isAccused = sender.is.startsWith('somebody-else')
      const isBox = expected.find(reset => reset.frame === frame)?.isBox === true
      if (isBox) t.equal(isAccused, !MISSED.includes(name), `#${frame} was sent by somebody else`)
      else t.equal(isAccused, FALSE.includes(name), `#${frame} was sent by the side it names`)
    }
  })
}

t.test('a router that carries other connections of the side, too, is none of its enemies', async t => {
  const client: Segment['from'] = ['10.0.0.1', 1000]
  const server: Segment['from'] = ['10.0.9.2', 80]
  const talk = (port: number, mac: number, at: number): [number, Segment][] => [
    [at, { from: ['10.0.0.1', port], to: server, flags: 2, seq: 1 }],
    [at + 1, { from: server, to: ['10.0.0.1', port], flags: 0x12, seq: 100, ack: 2, ttl: 60, mac }],
    [at + 2, { from: ['10.0.0.1', port], to: server, flags: 0x10, seq: 2, ack: 101 }],
    [
      at + 3,
      { from: server, to: ['10.0.0.1', port], flags: 0x18, seq: 101, ack: 2, payload: 'x', ttl: 60, mac },
    ],
    [
      at + 4,
      { from: server, to: ['10.0.0.1', port], flags: 0x18, seq: 102, ack: 2, payload: 'y', ttl: 60, mac },
    ],
  ]
  const reset: [number, Segment] = [20, { from: server, to: client, flags: 4, seq: 103, ttl: 60, mac: 0xbb }]
  const verdict = async (packets: readonly [number, Segment][]) => {
    const { resets } = await explain([{ name: 'x', bytes: pieces(capture(packets)) }], { idleSeconds: 60 })
    return resets.map(({ sender }) => sender.is)
  }
  t.same(await verdict([...talk(1000, 0xaa, 0), reset]), ['somebody-else'])
  t.same(await verdict([...talk(1000, 0xaa, 0), ...talk(1001, 0xbb, 10), reset]), ['peer-possible'])
})
