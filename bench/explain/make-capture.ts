import { closeSync, openSync, writeSync } from 'node:fs'
import { type Dice, dice } from '../../test/fuzz/mutate'

// A capture as a server's network has them, made from nothing, the same every time: short and longer conversations side by
// side, most of which end well. One in ten is reset, in one of the ways of the decision table.

const SYN = 0x02
const ACK = 0x10
const PSH_ACK = 0x18
const FIN_ACK = 0x11
const RST = 0x04
const RST_ACK = 0x14

interface Step {
  readonly fromClient: boolean
  readonly flags: number
  readonly payload: number
}

const client = (flags: number, payload = 0): Step => ({ fromClient: true, flags, payload })
const server = (flags: number, payload = 0): Step => ({ fromClient: false, flags, payload })
const HANDSHAKE = [client(SYN), server(SYN | ACK), client(ACK)]

/** Resets, as they come in practice: mostly tidy, some refused, a few that hurt. */
const ENDINGS: readonly ((talk: readonly Step[]) => readonly Step[])[] = [
  () => [client(SYN), server(RST_ACK)],
  () => [client(SYN), server(SYN | ACK), client(RST)],
  () => [...HANDSHAKE, server(RST_ACK)],
  talk => [...talk, server(FIN_ACK), client(PSH_ACK, 40), server(RST)],
  talk => [...talk, client(RST_ACK)],
  talk => [...talk, client(FIN_ACK), server(FIN_ACK), client(ACK), server(RST)],
]

function talk(roll: Dice): Step[] {
  const steps = [...HANDSHAKE]
  for (let exchanges = roll(20) === 0 ? 4 : 1; exchanges > 0; exchanges -= 1) {
    steps.push(client(PSH_ACK, 60 + roll(600)), server(ACK), server(PSH_ACK, 100 + roll(1300)), client(ACK))
  }
  return steps
}

function script(roll: Dice): readonly Step[] {
  const said = talk(roll)
  if (roll(10) === 0)
    return (ENDINGS[roll(ENDINGS.length)] as (talk: readonly Step[]) => readonly Step[])(said)
  return [...said, client(FIN_ACK), server(FIN_ACK), client(ACK)]
}

interface Conversation {
  readonly steps: readonly Step[]
  at: number
  readonly client: number
  readonly clientPort: number
  readonly server: number
  readonly seq: [client: number, server: number]
  readonly id: [client: number, server: number]
}

const SIDE_BY_SIDE = 2000
const CHUNK = 1 << 20
const HEADERS = 16 + 14 + 20 + 20

/** What was made. */
export interface Made {
  readonly bytes: number
  readonly packets: number
  readonly connections: number
  readonly resets: number
}

/** Writes a capture of so many connections. */
export function makeCapture(path: string, connections: number): Made {
  const roll = dice(14)
  const file = openSync(path, 'w')
  const chunk = Buffer.alloc(CHUNK + 2048)
  const open: Conversation[] = []
  let used = chunk.writeUInt32LE(0xa1b2c3d4, 0)
  used = chunk.writeUInt16LE(2, used)
  used = chunk.writeUInt16LE(4, used)
  chunk.fill(0, used, 16)
  used = chunk.writeUInt32LE(262_144, 16)
  used = chunk.writeUInt32LE(1, used)
  let microseconds = 0
  let bytes = 0
  let packets = 0
  let resets = 0
  let started = 0

  for (;;) {
    while (open.length < SIDE_BY_SIDE && started < connections) {
      started += 1
      open.push({
        steps: script(roll),
        at: 0,
        client: 0x0a140000 + roll(4000),
        clientPort: 1024 + (started % 64_000),
        server: 0x0a000001 + roll(20),
        seq: [roll(2 ** 31), roll(2 ** 31)],
        id: [roll(65_536), roll(65_536)],
      })
    }
    if (open.length === 0) break
    const which = roll(open.length)
    const conversation = open[which] as Conversation
    const step = conversation.steps[conversation.at] as Step
    microseconds += 1 + roll(300)
    used = writePacket(chunk, used, conversation, step, microseconds)
    packets += 1
    if ((step.flags & RST) !== 0) resets += 1
    conversation.at += 1
    if (conversation.at === conversation.steps.length) {
      open[which] = open[open.length - 1] as Conversation
      open.pop()
    }
    if (used >= CHUNK) {
      bytes += writeSync(file, chunk, 0, used)
      used = 0
    }
  }
  bytes += writeSync(file, chunk, 0, used)
  closeSync(file)
  return { bytes, packets, connections, resets }
}

function writePacket(
  chunk: Buffer,
  start: number,
  { client, clientPort, server, seq, id, steps }: Conversation,
  { fromClient, flags, payload }: Step,
  microseconds: number,
): number {
  const me = fromClient ? 0 : 1
  const other = 1 - me
  chunk.fill(0, start, start + HEADERS)
  let at = chunk.writeUInt32LE(1_700_000_000 + Math.floor(microseconds / 1e6), start)
  at = chunk.writeUInt32LE(microseconds % 1e6, at)
  at = chunk.writeUInt32LE(HEADERS - 16 + payload, at)
  at = chunk.writeUInt32LE(HEADERS - 16 + payload, at)
  chunk[at + 5] = other + 1
  chunk[at + 11] = me + 1
  chunk.writeUInt16BE(0x0800, at + 12)
  at += 14
  chunk[at] = 0x45
  chunk.writeUInt16BE(40 + payload, at + 2)
  id[me] = ((id[me] as number) + 1) & 0xffff
  chunk.writeUInt16BE(id[me] as number, at + 4)
  chunk[at + 8] = fromClient ? 61 : 64
  chunk[at + 9] = 6
  chunk.writeUInt32BE(fromClient ? client : server, at + 12)
  chunk.writeUInt32BE(fromClient ? server : client, at + 16)
  at += 20
  chunk.writeUInt16BE(fromClient ? clientPort : 443, at)
  chunk.writeUInt16BE(fromClient ? 443 : clientPort, at + 2)
  const isRefusal = steps.length === 2
  const hasAck = (flags & ACK) !== 0
  // A refusal is of number 0, since nothing was ever sent.
  chunk.writeUInt32BE(isRefusal && !fromClient ? 0 : (seq[me] as number) >>> 0, at + 4)
  chunk.writeUInt32BE(hasAck ? (seq[other] as number) >>> 0 : 0, at + 8)
  chunk[at + 12] = 0x50
  chunk[at + 13] = flags
  chunk.writeUInt16BE((flags & RST) === 0 ? 502 : 0, at + 14)
  seq[me] = (seq[me] as number) + payload + ((flags & (SYN | 1)) === 0 ? 0 : 1)
  return at + 20 + payload
}
