import type { PendingReset } from './connection'
import type { Sender, Sign, Verdict } from './explanation'
import { nameOf } from './hosts'
import { countOf, type TtlReference, ttlReference } from './ttls'

// Who really sent a reset: signs for and against the side it names, each with its weight, and what they come to.
// The weights were measured on captures whose sender is known; docs/explain.md says what deceives each of them.

/** A router lies between; hardly anything is farther away than that. */
const MOST_HOPS = 40
/** BGP to a neighbour, and other protocols of one link, send 1 or 2. Nothing follows from it. */
const LINK_ONLY = 2

/** How many routers a packet has passed: stacks begin at 64, 128 or 255. */
function distance(ttl: number): number {
  return (ttl <= 64 ? 64 : ttl <= 128 ? 128 : 255) - ttl
}

export function senderOf(reset: PendingReset): Sender {
  const signs =
    reset.stage === 'copy'
      ? []
      : [...afterwards(reset), ...ttlSigns(reset), ...wayMarks(reset), ...otherMarks(reset)]
  const against = signs.filter(({ isAgainst }) => isAgainst).map(({ sign }) => sign)
  const other = signs.filter(({ isAgainst }) => !isAgainst).map(({ sign }) => sign)
  return { ...judge(weigh(against), weigh(other)), for: other, against }
}

interface Weighed {
  readonly isAgainst: boolean
  readonly sign: Sign
}

const weigh = (signs: readonly Sign[]): number => signs.reduce((sum, { weight }) => sum + weight, 0)

function judge(against: number, own: number): Pick<Sender, 'is' | 'confidence'> {
  const is: Verdict =
    against >= 2
      ? own >= 2
        ? 'contradictory'
        : against >= 3
          ? 'somebody-else'
          : 'somebody-else-possible'
      : own >= 2
        ? 'peer-likely'
        : own === 1
          ? 'peer-possible'
          : 'unknown'
  const weight = is === 'unknown' ? 0 : Math.abs(against - own)
  return { is, confidence: is === 'contradictory' ? 'weak' : sure(weight) }
}

function sure(weight: number): Sender['confidence'] {
  if (weight >= 5) return 'strong'
  if (weight >= 2) return 'moderate'
  return weight === 1 ? 'weak' : 'none'
}

/** What came after the reset, and a refusal that does not fit what it refuses. */
function afterwards(reset: PendingReset): Weighed[] {
  const { newData, acksNew, sentAgain, ackedBeyond, synAckAfter, expectedAck, row, from, to } = reset
  const name = nameOf(from.host)
  const found: Weighed[] = []
  const against = (sign: Sign): void => void found.push({ isAgainst: true, sign })
  const after = ({ time }: { time: number }): string => `${Math.max(0, time - reset.time).toFixed(3)} s`
  if (newData !== undefined) {
    against({
      sign: 'new-data',
      weight: 3,
      frame: newData.frame,
      text: `${name} sends new data ${after(newData)} later`,
    })
  }
  // One of these is as much as all of them: that its TCP lives on.
  if (newData === undefined && synAckAfter === undefined) {
    if (acksNew !== undefined) {
      against({
        sign: 'answers',
        weight: 3,
        frame: acksNew.frame,
        text: `${name} acknowledges ${after(acksNew)} later what ${nameOf(to.host)} only sent after it`,
      })
    } else if (sentAgain !== undefined) {
      against({
        sign: 'sent-again',
        weight: 3,
        frame: sentAgain.frame,
        text: `${name} still sends ${after(sentAgain)} later`,
      })
    }
  }
  if (row !== undefined) {
    against({
      sign: 'numbers',
      weight: 3,
      frame: row.frame,
      text: `it is one of several resets in a row whose numbers are beyond all that ${name} sent, each another`,
    })
  }
  if (ackedBeyond !== undefined) {
    against({
      sign: 'acked-beyond',
      weight: newData === undefined ? 3 : 0,
      frame: ackedBeyond.frame,
      text: `${nameOf(to.host)} acknowledges data of ${name} from after it`,
    })
  }
  if (synAckAfter !== undefined) {
    against({
      sign: 'handshake',
      weight: 3,
      frame: synAckAfter.frame,
      text: `the real SYN+ACK of ${name} comes ${after(synAckAfter)} later`,
    })
  }
  if (expectedAck !== undefined) {
    against({
      sign: 'ack',
      weight: 3,
      value: reset.ack >>> 0,
      expected: expectedAck >>> 0,
      frame: reset.synFrame,
      text: `it acknowledges ${reset.ack >>> 0}; a host answers this SYN with ${expectedAck >>> 0}`,
    })
  }
  return found
}

/** The sender's packets that must have come in before one that did not is odd. */
const RECEIVED = 5

/**
 * Whether the capturing host made it, and has the address that it names (`own`), or only passes its packets on. A capture
 * that lost packets has others, too, that never came in.
 */
function madeHere({ came, went, from, to, connection, stage }: PendingReset): 'own' | 'passing' | undefined {
  if (came || !went || stage === 'only-reset') return undefined
  if (connection.open.some(reset => reset.from === from && reset.came)) return undefined
  const { host } = from
  if (host.began > 0) return host.came === 0 && to.host.came > 0 ? 'own' : undefined
  return host.came >= RECEIVED ? 'passing' : undefined
}

function wayMarks(reset: PendingReset): Weighed[] {
  const made = madeHere(reset)
  if (made === undefined) return []
  const name = nameOf(reset.from.host)
  const isAgainst = made === 'passing'
  const text = isAgainst
    ? `the host that captured it sent it, and never received it, although all other packets of ${name} came in first`
    : `the host that captured it sent it, as all packets of ${name}`
  return [{ isAgainst, sign: { sign: 'direction', weight: isAgainst ? 2 : 3, text } }]
}

function otherMarks(reset: PendingReset): Weighed[] {
  const { from, ipIdFit, ipIdFrame, ipId, row } = reset
  const found: Weighed[] = []
  const name = nameOf(from.host)
  if (ipIdFit === 'copied') {
    const sign = {
      sign: 'ip-id',
      weight: 3,
      value: ipId,
      frame: ipIdFrame,
      text: `its IP ID ${ipId} is the ID of the packet it answers`,
    }
    found.push({ isAgainst: true, sign })
  } else if (ipIdFit !== 'none' && row === undefined) {
    // Resets in a row go on from each other.
    const isOwn = ipIdFit === 'in-step'
    const sign = {
      sign: 'ip-id',
      weight: isOwn ? 2 : 1,
      value: ipId,
      ...(ipIdFrame === 0 ? {} : { frame: ipIdFrame }),
      text: `its IP ID ${ipId} continues those of ${name}${isOwn ? '' : ', which counts over all connections'}`,
    }
    found.push({ isAgainst: false, sign })
  }
  if (reset.stampFits) {
    const sign = {
      sign: 'timestamps',
      weight: 2,
      frame: reset.stampFrame,
      text: `its timestamp continues those of ${name}`,
    }
    found.push({ isAgainst: false, sign })
  }
  if (reset.macHigh >= 0 && from.macHigh >= 0 && from.macPackets >= 2) {
    if (reset.macHigh !== from.macHigh || reset.macLow !== from.macLow) {
      const sign = {
        sign: 'mac',
        weight: isOfItsRouters(reset) ? 1 : 3,
        value: macText(reset.macHigh, reset.macLow),
        expected: macText(from.macHigh, from.macLow),
        frame: from.macFrame,
        text: `it comes from the Ethernet address ${macText(reset.macHigh, reset.macLow)}, the other packets of ${name} from ${macText(from.macHigh, from.macLow)}`,
      }
      found.push({ isAgainst: true, sign })
    }
  }
  return found
}

/** Whether packets of that side come from there in other connections: the ways to a host may be several. */
function isOfItsRouters({ from, macHigh, macLow }: PendingReset): boolean {
  return from.host.macs.some(({ high, low, packets }) => high === macHigh && low === macLow && packets >= 2)
}

function macText(high: number, low: number): string {
  const hex = high.toString(16).padStart(4, '0') + (low >>> 0).toString(16).padStart(8, '0')
  return hex.replace(/..(?=.)/g, '$&:')
}

/** What the TTL is compared with: the connection's packets, or else its SYN/ACK, or else all that the host sent. */
interface Compared {
  readonly with: 'connection' | 'handshake' | 'host'
  readonly reference: TtlReference
}

function compared({ from, path }: PendingReset): Compared | undefined {
  const own = ttlReference(from.ttls, path)
  if (own !== undefined) return { with: 'connection', reference: own }
  if (from.synTtl !== -1 && from.synPath === path) {
    return {
      with: 'handshake',
      reference: { ttl: from.synTtl, packets: 1, steady: true, frames: [from.synFrame] },
    }
  }
  const reference = ttlReference(from.host.ttls, path)
  return reference === undefined ? undefined : { with: 'host', reference }
}

function ttlSigns(reset: PendingReset): Weighed[] {
  const found = compared(reset)
  if (found === undefined) return []
  const { ttl } = reset
  const { reference } = found
  const name = nameOf(reset.from.host)
  const whose = found.with === 'host' ? `other connections of ${name}` : `${name}'s other packets`
  const sign = (weight: number): Sign => ({
    sign: 'ttl',
    weight,
    value: ttl,
    expected: reference.ttl,
    ...(reference.frames[0] === undefined ? {} : { frame: reference.frames[0] }),
    frames: reference.frames,
    text: ttl === reference.ttl ? `TTL ${ttl}, as in ${whose}` : `TTL ${ttl}; ${whose} have ${reference.ttl}`,
  })
  if (ttl === reference.ttl) return found.with === 'host' ? [] : [{ isAgainst: false, sign: sign(1) }]
  const weight = ttlWeight(reset, found)
  return weight === 0 ? [] : [{ isAgainst: true, sign: sign(weight) }]
}

/** A TTL as rare as this among a host's packets may be of forged ones. */
const RARE = 0.2

/**
 * Whether the side it names is seen with that TTL, too, or may well have it. A program sets the TTL of its own packets, and
 * the system answers for it with another; routes change, and several machines share an address. A SYN alone may be of a
 * scanner that sets what it likes: its system resets the answer.
 */
function isItsOwn({ from, ttl, path }: PendingReset, base: Compared['with']): boolean {
  if (base === 'handshake') return from.synAcks === 0
  if (from.synTtl === ttl && from.synPath === path) return true
  const { ttls } = from.host
  if (ttls === undefined || ttls.path !== path) return false
  const elsewhere = countOf(ttls, ttl) - countOf(from.ttls, ttl)
  return elsewhere > RARE * (ttls.count + ttls.secondCount + ttls.others)
}

function ttlWeight(reset: PendingReset, { with: base, reference }: Compared): number {
  const { ttl, ipIdFit } = reset
  const hops = distance(ttl)
  const theirs = distance(reference.ttl)
  const isLinkOnly = ttl <= LINK_ONLY || reference.ttl <= LINK_ONLY
  if (hops > MOST_HOPS || theirs > MOST_HOPS || isLinkOnly) return 0
  const nearer = theirs - hops
  if (isItsOwn(reset, base) || madeHere(reset) === 'own') return 1
  if (base === 'host') {
    return nearer > 0 && nearer <= 2 && reference.steady && reference.packets >= 5 ? 2 : 1
  }
  // Another start value, equally far: some stacks do that themselves.
  if (nearer === 0) return 1
  if (!reference.steady || ipIdFit === 'in-step' || ipIdFit === 'host-wide') return 1
  const isFar = Math.abs(ttl - reference.ttl) >= 3
  const weight = isFar ? 3 : nearer > 0 ? 2 : 0
  // A SYN/ACK alone may have been made by a proxy.
  return base === 'handshake' ? Math.max(0, weight - 1) : weight
}
