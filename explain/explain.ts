import type { TakePacket } from './capture/format'
import { readCapture } from './capture/read'
import { type Connection, GONE, type PendingReset } from './connection'
import { connections, MOST_OPEN } from './connections'
import type { CaptureFile, Explanation, Reset } from './explanation'
import { follow, followReset, isNewIncarnation } from './follow'
import { dissector } from './packet/dissect'
import { linkName, linkReader } from './packet/link'
import { ACK, CUT, IN, OUT, type Packet, RST, SYN, TCP, UNREADABLE } from './packet/packet'
import { learn, pend, teach } from './resets'
import { settle } from './settle'
import { stageOf } from './stage'
import { tally } from './summary'
import { isWanted, type Wanted } from './wanted'

export interface File {
  /** As it is shown; `-` is standard input. */
  readonly name: string
  readonly bytes: AsyncIterable<Uint8Array>
}

export interface Options {
  /** How long a silence is one. */
  readonly idleSeconds: number
  /** Resets of other kinds are neither told nor counted. */
  readonly wanted?: Wanted
  /** Who aborts it ends the bytes, too; what came until then is explained. */
  readonly signal?: AbortSignal
}

/** Resets that are explained one by one; of a kind that comes later, a few more. The rest are counted. */
const MOST_EXPLAINED = 20_000
const AT_LEAST_OF_A_KIND = 10
/** Link types that are not known here, and are named. */
const LINKS_SAID = 3
/** A capture whose frames are doubled where there is this much of it. */
const DOUBLED = 0.3

/**
 * Explains the resets of one or more captures. It keeps what it needs of open connections, never the file.
 * Files that follow each other in time (as tcpdump -C and -G write them) are one capture; others are looked at apart.
 *
 * @throws NotACapture where a file is none
 */
export async function explain(files: readonly File[], options: Options): Promise<Explanation> {
  const reading = explainer(files.length > 1, options)
  const read: CaptureFile[] = []
  for (const [index, { name, bytes }] of files.entries()) {
    if (options.signal?.aborted) break
    reading.begin(index)
    read.push(await readCapture(name, bytes, reading.take, options.signal))
  }
  return reading.end(read)
}

/** The explanation in the making: gets the packets of one file after the other. */
export interface Explainer {
  /** Says which file comes. */
  begin(index: number): void
  readonly take: TakePacket
  /** @param read what the files were */
  end(read: readonly CaptureFile[]): Explanation
}

export function explainer(hasFiles: boolean, { idleSeconds, wanted = {} }: Options): Explainer {
  const sums = tally()
  const resets: Reset[] = []
  let pending: PendingReset[] = []
  let open = connections(letGo, 0)
  const { packet, dissect } = dissector()
  let packets = 0
  let tcpPackets = 0
  let cutBeforeFlags = 0
  let unreadable = 0
  let resetPackets = 0
  let letGoBefore = 0
  let notExplained = 0
  let first = Number.NaN
  let last = Number.NaN
  let isFirstOfFile = false
  const unknownLinks = new Map<number, number>()

  function tell(reset: PendingReset): void {
    const told = settle(reset, hasFiles)
    sums.verdict(reset, told)
    resets.push(told)
  }

  /** Explains the resets of connections that are let go: nothing more will be learned of them. */
  function letGo(gone: readonly Connection[]): void {
    sums.letGo(gone)
    const stay: PendingReset[] = []
    for (const reset of pending) {
      if (reset.connection.slot === GONE) tell(reset)
      else stay.push(reset)
    }
    pending = stay
  }

  function take(
    bytes: Uint8Array,
    start: number,
    end: number,
    frame: number,
    time: number,
    link: number,
    port: number,
    wire: number,
  ): void {
    packets += 1
    if (isFirstOfFile) {
      isFirstOfFile = false
      if (time < last) startAfresh()
    }
    // Clocks run backwards now and then; the first and the last are those of the capture's hours.
    if (!(time >= first)) first = time
    if (!(time <= last)) last = time
    packet.frame = frame
    packet.time = time
    const found = dissect(bytes, start, end, link, port, wire)
    if (found === TCP) {
      tcpPackets += 1
      segment(packet)
    } else if (found === CUT) cutBeforeFlags += 1
    else if (found === UNREADABLE) unreadable += 1
    else if (linkReader(link) === undefined) unknownLinks.set(link, (unknownLinks.get(link) ?? 0) + 1)
  }

  /** The connections of another capture, which have nothing to do with those before. */
  function startAfresh(): void {
    for (const reset of pending) tell(reset)
    sums.letGo(open.all())
    pending = []
    letGoBefore += open.letGo
    open = connections(letGo, open.count)
  }

  function segment(packet: Packet): void {
    let connection = open.find(packet)
    const { fromA, recent } = open
    const { flags } = packet
    const isReset = (flags & RST) !== 0
    if (isReset) resetPackets += 1
    connection.touched = packet.time

    const like = recent.likeness(connection.slot, packet, fromA)
    if (like === 'same' && packet.payload > 0) connection.doubled += 1
    const isDoubled = connection.doubled > DOUBLED * connection.dataPackets
    if (like === 'elsewhere' || like === 'routed' || (like === 'same' && isDoubled)) {
      if (isReset) copy(connection, packet, fromA)
      else if (packet.way === IN) (fromA ? connection.a : connection.b).host.came += 1
      return
    }

    let me = fromA ? connection.a : connection.b
    if (!isReset) {
      if (packet.way === IN) me.host.came += 1
      else if (packet.way === OUT) me.host.began += 1
    }
    if ((flags & (SYN | ACK | RST)) === SYN && isNewIncarnation(connection, me, packet)) {
      connection = open.renew(connection, packet)
      me = fromA ? connection.a : connection.b
    }
    const other = fromA ? connection.b : connection.a
    if (isReset) {
      const when = stageOf(connection, me, other, packet, idleSeconds)
      const reset = pend(connection, me, other, packet, when, recent)
      teach(connection, me, packet, false)
      learn(connection, reset)
      followReset(me, other, packet)
      keep(reset)
    } else {
      const isNew = follow(connection, me, other, packet)
      if (connection.open.length > 0) teach(connection, me, packet, isNew)
    }
    connection.packets += 1
    me.all += 1
    recent.add(connection.slot, packet, fromA)
  }

  function copy(connection: Connection, packet: Packet, fromA: boolean): void {
    const me = fromA ? connection.a : connection.b
    const other = fromA ? connection.b : connection.a
    const reset = pend(connection, me, other, packet, { stage: 'copy' }, open.recent)
    reset.notes.push(`It is frame ${open.recent.like} again.`)
    const original = connection.open.find(({ frame }) => frame === open.recent.like)
    if (original !== undefined) {
      original.came ||= packet.way === IN
      original.went ||= packet.way === OUT
    }
    keep(reset)
  }

  function keep(reset: PendingReset): void {
    if (!isWanted(reset, wanted)) return
    const ofItsKind = sums.count(reset)
    if (resets.length + pending.length < MOST_EXPLAINED || ofItsKind <= AT_LEAST_OF_A_KIND)
      pending.push(reset)
    else notExplained += 1
  }

  function notes(): string[] {
    const said: string[] = []
    const links = [...unknownLinks]
    for (const [link, many] of links.slice(0, LINKS_SAID)) {
      said.push(
        `${many} ${many === 1 ? 'packet' : 'packets'} of ${linkName(link)} ${many === 1 ? 'was' : 'were'} not read: that link type is not known here.`,
      )
    }
    if (links.length > LINKS_SAID) {
      const packets = links.slice(LINKS_SAID).reduce((sum, [, many]) => sum + many, 0)
      said.push(`Nor were ${packets} packets of ${links.length - LINKS_SAID} other link types.`)
    }
    if (cutBeforeFlags > 0) {
      said.push(
        `${cutBeforeFlags} TCP packets were cut before their flags, and may have been resets: capture with -s 128.`,
      )
    }
    const gone = letGoBefore + open.letGo
    if (gone > 0) {
      said.push(
        `${gone} open connections were forgotten before the end, to keep no more than ${MOST_OPEN} open: those that were quiet for longest. A later reset of one of them is explained without what came before it.`,
      )
    }
    if (notExplained > 0) {
      said.push(`${notExplained} resets are in the counts, but not explained one by one: there are too many.`)
    }
    return said
  }

  return {
    take,
    begin(index) {
      packet.file = index
      isFirstOfFile = index > 0
    },
    end(read) {
      for (const reset of pending) tell(reset)
      sums.letGo(open.all())
      resets.sort((one, two) => (one.file ?? 0) - (two.file ?? 0) || one.frame - two.frame)
      const onlyResets = resetPackets > 0 && resetPackets === tcpPackets
      return {
        version: 1,
        capture: {
          files: read,
          packets,
          tcpPackets,
          cutBeforeFlags,
          unreadable,
          connections: open.count,
          ...(packets === 0 ? {} : { from: first, to: last }),
          onlyResets,
          notes: notes(),
        },
        resets,
        summary: sums.end({ onlyResets, resetPackets }),
      }
    },
  }
}
