import type { Explanation, Reset, Stage } from '../explanation'
import { bytes, duration, endpoint } from './words'

/** What a stage, or a sub-case of one, says to a person. */
export interface Meaning {
  /** When it came, as a row of a table: short, in small letters. */
  readonly row: string
  /** What it usually means, as a row of a table. */
  readonly mostly: string
  /** When it came, as a sentence about this reset. */
  readonly when: (reset: Reset) => string
  /** What it means. */
  readonly means: string
  /** What to do about it. */
  readonly todo: (reset: Reset) => string
  /** From 0, look at this first, to 3, tidying up. */
  readonly worry: Worry
}

export type Worry = 0 | 1 | 2 | 3

/** How the stages are told: as a conversation runs, and then what can't be placed in one. */
export const TELLING: readonly Stage[] = [
  'refused',
  'client-cancelled',
  'handshake-aborted',
  'after-handshake',
  'abrupt',
  'idle',
  'closing',
  'unknown-connection',
  'one-direction',
  'only-reset',
  'after-reset',
  'repeat',
  'copy',
]

const named = (reset: Reset): string => endpoint(reset.from)
const other = (reset: Reset): string => endpoint(reset.to)

const carried = (reset: Reset): string =>
  `${named(reset)} had sent ${bytes(reset.bytesFrom)}, the other side ${bytes(reset.bytesTo)}`

const silence = (reset: Reset): string =>
  reset.idle === undefined
    ? 'a silence'
    : `${reset.idleAtLeast ? 'at least ' : ''}${duration(reset.idle)} of silence`

const lookAtPort = (reset: Reset): string =>
  `On ${reset.from.address}, see what listens: ss -Hltnp 'sport = :${reset.from.port}'.`

const LOOK_AT_SENDER = (reset: Reset): string =>
  `Read the log of the program behind ${named(reset)} at this second, and look at its timeouts and limits.`

const KEEPALIVE =
  'Send keepalives, or end idle connections, sooner than the shortest timeout on the path: firewall, NAT, balancer, server.'

const REFUSED: Meaning = {
  row: 'right after the SYN',
  mostly: 'refused: nobody listens on that port',
  when: reset => `Right after the SYN of ${other(reset)}: the connection was refused.`,
  means:
    'Nobody listens on that port, or a firewall answers for it (REJECT with a reset). From here the two look alike.',
  todo: reset =>
    `${lookAtPort(reset)} Nothing there: start the service, or correct the address and port that the caller uses. Something there: look for a firewall rule that rejects.`,
  worry: 1,
}

const ABRUPT: Meaning = {
  row: 'in mid-stream',
  mostly: 'a program or a box gave it up',
  when: reset => `In mid-stream, without a FIN: ${carried(reset)}.`,
  means:
    'The connection was thrown away: a program crashed, gave up or closed with data unread, a timeout ran out, or something on the path lost its state. Data under way is lost.',
  todo: LOOK_AT_SENDER,
  worry: 0,
}

const AFTER_HANDSHAKE: Meaning = {
  row: 'after the handshake, before any data',
  mostly: 'full queue, health check, filter',
  when: () => 'Right after the handshake, before any payload.',
  means:
    'By a server: a full accept queue with tcp_abort_on_overflow=1, or a program or filter that turned the caller away. By a caller: a health check or a scan.',
  todo: reset =>
    `On ${reset.from.address}: nstat -az TcpExtListenOverflows; ss -ltn 'sport = :${reset.from.port}' (Recv-Q against Send-Q).`,
  worry: 0,
}

const CLOSING: Meaning = {
  row: 'at the end, after a FIN',
  mostly: 'tidying up',
  when: () => 'At the end, after a FIN.',
  means: 'Tidying up after the conversation was over. Usually no harm.',
  todo: () => 'Nothing, unless somebody misses the end of an answer.',
  worry: 3,
}

const HANDSHAKE: Meaning = {
  row: 'within the handshake',
  mostly: 'a connect that failed',
  when: () => 'Within the handshake, before the connection was open.',
  means: 'The connection was never established.',
  todo: LOOK_AT_SENDER,
  worry: 2,
}

const UNKNOWN: Meaning = {
  row: 'for a connection it does not know',
  mostly: 'half-open, forgotten, or a probe',
  when: reset =>
    `The handshake is not in this capture, and ${named(reset)} sent only resets: this one answers a packet of ${other(reset)}.`,
  means:
    'The side that resets knows no such connection: it restarted, forgot it, or never had it. Odd packets without a connection are a scan.',
  todo: reset =>
    `Ask whether ${reset.from.address} (or a firewall or balancer before it) restarted or failed over. Clients then have to connect again, and will.`,
  worry: 1,
}

const IDLE: Meaning = {
  row: 'after a silence',
  mostly: 'the state was forgotten, or a timeout ran out',
  when: reset => `After ${silence(reset)}.`,
  means: 'The connection was idle for longer than something on the path keeps it.',
  todo: () => KEEPALIVE,
  worry: 0,
}

const ONE_DIRECTION: Meaning = {
  row: 'one direction not captured',
  mostly: 'look from the other side too',
  when: reset => `Only one direction of this connection is in the capture; ${carried(reset)}.`,
  means: 'The packets of one side took another path, so only half of what came before the reset is known.',
  todo: () => 'Capture on one of the two ends, where both directions pass.',
  worry: 1,
}

const ONLY_RESET: Meaning = {
  row: 'no other packet of it here',
  mostly: 'when is a guess from the flags',
  when: () => 'No earlier packet of this connection is in the capture.',
  means: 'What came before it is not here.',
  // The lower port is nearly always the server's.
  todo: ({ from, to }) =>
    `Capture the whole traffic of that port, not resets alone: tcpdump -i any -nn -s 128 -w FILE tcp port ${Math.min(from.port, to.port)}.`,
  worry: 1,
}

const REPEAT: Meaning = {
  row: 'again, after its own reset',
  mostly: 'counted with the first',
  when: reset => `${named(reset)} had reset this connection already.`,
  means: 'One more answer from a side for which the connection is over. Look at its first reset.',
  todo: () => 'Nothing for this one.',
  worry: 3,
}

/** By stage, and by stage and detail (after the handshake: who it came from) where that says more. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  refused: REFUSED,
  'refused/after-n-syns': {
    ...REFUSED,
    row: 'after the SYN was sent again',
    mostly: 'refused late, or only now and then',
    when: reset => `After the SYN of ${other(reset)} had been sent again: refused at last.`,
    means:
      'The first SYNs got no answer. Something came up or went down in between, SYNs were lost, or a rule that rejects limits how often it does.',
  },
  'refused/ack-does-not-fit-the-syn': {
    ...REFUSED,
    row: 'after the SYN, number wrong',
    mostly: 'forged, or from an odd stack',
    when: () => 'Right after the SYN, but the answer does not fit it: a refusal in form only.',
    means:
      'A host ignores a refusal whose number does not fit. Usually something on the path tried to stop this connection; an odd stack, or data in the SYN, looks the same.',
    todo: () => 'See whether the connection was established anyway, and capture at both ends.',
    worry: 0,
  },
  'client-cancelled': {
    ...HANDSHAKE,
    row: "caller's own, before any answer",
    mostly: 'a connect that was given up',
    when: reset => `${named(reset)} had sent a SYN, got no answer, and cancelled it itself.`,
    means: 'The caller stopped waiting, or the SYN was a probe. The other side did not answer in time.',
    todo: reset => `If somebody misses it: find out why ${other(reset)} did not answer.`,
  },
  'handshake-aborted': HANDSHAKE,
  'handshake-aborted/client-resets-syn-ack': {
    ...HANDSHAKE,
    row: 'SYN, SYN+ACK, then RST from the caller',
    mostly: 'a scan, or a forged address',
    when: reset => `${other(reset)} answered with SYN+ACK, and ${named(reset)} reset that.`,
    means:
      'The caller did not want the connection it asked for: a port scan, a connect that was cancelled, or a SYN that somebody else sent with its address.',
    todo: reset =>
      `See how many addresses and ports ${reset.from.address} asked for. Many: a scan. One: a health check, or a program that gives up.`,
  },
  'handshake-aborted/server-resets': {
    ...HANDSHAKE,
    row: 'reset by the server in the handshake',
    mostly: 'a filter, a full queue, a balancer',
    when: reset => `${named(reset)} had answered with SYN+ACK, and reset before the handshake was complete.`,
    means:
      'The port is open, and yet the connection was thrown away: a filter, a balancer without a backend, a SYN cookie that did not fit.',
    worry: 1,
  },
  'handshake-aborted/server-gave-up-syn-ack': {
    ...HANDSHAKE,
    row: 'SYN+ACK sent again and again, then RST',
    mostly: 'the caller was never heard again',
    when: reset => `${named(reset)} sent its SYN+ACK several times, heard nothing, and gave up.`,
    means:
      'The last packet of the handshake never came: a forged address (a SYN flood), a one-way path, or a firewall that drops the SYN+ACK.',
    todo: reset =>
      `On ${reset.from.address}: ss -Htn state syn-recv | wc -l. Many from many addresses are a SYN flood; one address that fails is a path to look at.`,
    worry: 1,
  },
  'after-handshake': AFTER_HANDSHAKE,
  'after-handshake/by-server': {
    ...AFTER_HANDSHAKE,
    when: () => 'Right after the handshake, before any payload, by the side that was called.',
    means:
      'The server let the caller in and threw it out at once: its accept queue is full and tcp_abort_on_overflow is 1, or the program or a filter turned the caller away.',
  },
  'after-handshake/by-client': {
    ...AFTER_HANDSHAKE,
    when: () => 'Right after the handshake, before any payload, by the caller.',
    means:
      'A health check or a scan that only wanted to see the port open, or a caller that changed its mind.',
    todo: reset => `Nothing, if ${reset.from.address} is a balancer or a monitor.`,
    worry: 2,
  },
  abrupt: ABRUPT,
  'abrupt/beginning-not-in-capture': {
    ...ABRUPT,
    row: 'in mid-stream (beginning not captured)',
    when: reset =>
      `In mid-stream of a connection whose beginning is not in the capture: ${carried(reset)}, as far as it is here.`,
  },
  'abrupt/no-handshake': {
    ...HANDSHAKE,
    when: reset =>
      `${other(reset)} answered the SYN of ${named(reset)}, but not with a SYN+ACK; ${named(reset)} reset that.`,
    means:
      'The other side still had an older connection between these ports, and answered for that one (a challenge ACK). The reset ends it, and the next SYN opens a new connection. Or the SYN+ACK is missing in the capture.',
    todo: reset =>
      `Nothing, if the next SYN is answered. If it happens often, find out why ${reset.from.address} loses connections that the other side keeps: a restart, or a box that forgets them.`,
  },
  'abrupt/gave-up-keepalive': {
    ...ABRUPT,
    row: 'keepalives unanswered, then RST',
    mostly: 'the other side is gone',
    when: reset => `${named(reset)} sent keepalives, got no answer, and gave up.`,
    means:
      'The other side is gone, or the path to it is: switched off, unplugged, or a firewall that forgot the connection and drops in silence.',
    todo: reset =>
      `Look at ${reset.to.address} and the path to it. The reset is the consequence, not the fault.`,
  },
  'abrupt/gave-up-retransmitting': {
    ...ABRUPT,
    row: 'data sent again and again, then RST',
    mostly: 'the other side no longer answers',
    when: reset => `${named(reset)} sent the same data again and again, got no answer, and gave up.`,
    means:
      'The packets of one side no longer arrive: a path that broke, a host that is gone, a firewall that drops, or large packets that do not pass (MTU).',
    todo: reset =>
      `Capture at ${reset.to.address} too: do the packets arrive there? If only large ones fail, look at the MTU.`,
  },
  idle: IDLE,
  'idle/first-packet-after-silence': {
    ...IDLE,
    row: 'first packet after a silence',
    mostly: 'the idle connection was forgotten',
    when: reset => `After ${silence(reset)}, in answer to the first packet that came again.`,
    means:
      'The state was forgotten while nobody spoke: by a firewall, NAT or balancer with an idle timeout, or by a host that restarted.',
  },
  'idle/own-timer': {
    ...IDLE,
    row: 'after a silence, by itself',
    mostly: 'a timeout ran out',
    when: reset => `After ${silence(reset)}, with no packet that called for it.`,
    means:
      'Somebody ended the idle connection by a timer: the program behind that address, or a balancer or firewall in its name.',
    todo: reset =>
      `Look for a timeout of ${reset.idle === undefined ? 'that length' : `about ${duration(reset.idle)}`} at ${reset.from.address} and in the boxes before it. ${KEEPALIVE}`,
  },
  closing: CLOSING,
  'closing/own-fin': {
    ...CLOSING,
    row: 'after its own FIN',
    mostly: 'data came after the close',
    when: reset => `After the FIN of ${named(reset)} itself.`,
    means:
      'That side had closed, and more data came for it. No harm, unless somebody needed that data: the other side lost whatever had not been acknowledged.',
    todo: () => 'Nothing, unless an answer was cut short. Then make the closing side read to the end first.',
    worry: 2,
  },
  'closing/other-fin': {
    ...CLOSING,
    row: "after the other side's FIN",
    when: reset =>
      `After the FIN of ${other(reset)}: ${named(reset)} ended with a reset in place of its own FIN.`,
    means: 'A program that closes hard once the other side has said goodbye. Usually no harm.',
  },
  'closing/both-fin': {
    ...CLOSING,
    row: 'after both FINs',
    when: () => 'After both sides had said FIN: the conversation was over.',
    means: 'Tidying up: a late packet met a connection that was closed already. No harm.',
    todo: () => 'Nothing.',
  },
  'unknown-connection': UNKNOWN,
  'one-direction': ONE_DIRECTION,
  'one-direction/closing': { ...ONE_DIRECTION, row: 'one direction only; after a FIN', worry: 3 },
  'one-direction/idle': { ...ONE_DIRECTION, row: 'one direction only; after a silence' },
  'one-direction/abrupt': { ...ONE_DIRECTION, row: 'one direction only; in mid-stream' },
  'only-reset': ONLY_RESET,
  'only-reset/answer-to-syn': {
    ...ONLY_RESET,
    row: 'alone; looks like a refusal',
    mostly: 'nobody listens on that port',
    when: () =>
      'No earlier packet of it is here. Its form (sequence number 0, window 0, with ACK) is that of an answer to a SYN.',
    means: 'Probably a refusal: nobody listens on that port, or a firewall answers for it.',
    todo: reset => `${lookAtPort(reset)} ${ONLY_RESET.todo(reset)}`,
  },
  'only-reset/unknown-connection': {
    ...ONLY_RESET,
    row: 'alone; looks like an unknown connection',
    mostly: 'half-open or forgotten',
    when: () =>
      'No earlier packet of it is here. Its form (no ACK) is that of "I know no such connection": an answer to a packet with ACK.',
    means: 'Probably a connection that one side has forgotten, or a packet that came late.',
  },
  'only-reset/abort': {
    ...ONLY_RESET,
    row: 'alone; looks like an abort',
    mostly: 'a connection was thrown away',
    when: () =>
      'No earlier packet of it is here. Its form (a sequence number of a running connection) is that of an abort.',
    means:
      'Probably a running connection that was thrown away, in mid-stream or at its end: this capture does not show which.',
  },
  'after-reset': {
    row: 'after the other side had reset',
    mostly: 'both sides at once, or a box cut both',
    when: reset => `${other(reset)} had reset this connection already.`,
    means:
      'Both sides ended it at about the same time, or a box on the path sent a reset to each. Look at the first reset.',
    todo: () => 'Compare the TTLs of the two: a box that cuts both sends both.',
    worry: 2,
  },
  repeat: REPEAT,
  'repeat/answers-another-packet': {
    ...REPEAT,
    row: 'again, to another packet',
    when: reset => `${named(reset)} had reset this connection already; this answers one more packet.`,
    means: 'The other side had packets under way, each of which is answered. No further harm.',
  },
  'repeat/in-a-row-same-number': {
    ...REPEAT,
    row: 'again, the same number',
    when: reset => `${named(reset)} had reset this connection already; the same again.`,
  },
  'repeat/in-a-row-other-number': {
    ...REPEAT,
    row: 'again, another number',
    when: reset => `${named(reset)} had reset this connection already; again, with another sequence number.`,
    means:
      'A host answers each packet that was under way with its number. A box that guesses the number sends such a volley too: look whether the TTLs differ.',
    worry: 2,
  },
  copy: {
    row: 'captured twice',
    mostly: 'not counted',
    when: () =>
      'The same packet once more: captured on another interface, inside a tunnel, or one router later.',
    means: 'One packet, seen twice. It is not counted.',
    todo: () => 'Nothing. Capturing on one interface would show it once.',
    worry: 3,
  },
}

/** With the handshake complete and no data, it would have come right after the handshake. */
function isWithoutHandshake({
  stage,
  detail,
  side,
  bytesFrom,
  bytesTo,
}: Parameters<typeof meaningOf>[0]): boolean {
  return (
    stage === 'abrupt' && detail === 'handshake-seen' && side === 'client' && bytesFrom === 0 && bytesTo === 0
  )
}

/** What a stage means, and its sub-case where that says more. */
export function meaningOf(
  reset: Pick<Reset, 'stage' | 'detail'> & Partial<Pick<Reset, 'side' | 'bytesFrom' | 'bytesTo'>>,
): Meaning {
  const { stage, detail } = reset
  const sub = isWithoutHandshake(reset)
    ? 'no-handshake'
    : stage === 'after-handshake'
      ? `by-${reset.side}`
      : detail?.replace(/^after-\d+-syns$/, 'after-n-syns')
  const meaning = MEANINGS[`${stage}/${sub}`] ?? MEANINGS[stage]
  if (meaning === undefined) throw new Error(`no words for the stage ${stage}`)
  return meaning
}

/** Whether the signs say that somebody else sent it, surely or perhaps, or speak against each other. */
export function isAccused({ sender }: Reset): boolean {
  return (
    sender.is === 'somebody-else' || sender.is === 'somebody-else-possible' || sender.is === 'contradictory'
  )
}

/** How soon a person should look at it. */
export function worryOf(reset: Reset): Worry {
  if (reset.stage === 'copy') return 3
  if (isAccused(reset)) return 0
  return meaningOf(reset).worry
}

/** What is said about one reset, in sentences without the addresses' own markup. */
export interface Said {
  readonly when: string
  readonly who: string
  readonly means: string
  readonly todo: string
}

const BOTH_ENDS =
  'Capture at both ends at the same time. If it arrives here and never left there, something between the two made it.'

/** The four sentences on a reset: when, who, means, do. */
export function say(reset: Reset): Said {
  const meaning = meaningOf(reset)
  const { is } = reset.sender
  return {
    when: meaning.when(reset),
    who: whoOf(reset),
    means:
      is === 'somebody-else' || is === 'somebody-else-possible' ? accused(reset, meaning) : meaning.means,
    todo: isAccused(reset) && reset.stage !== 'copy' ? `${BOTH_ENDS}${hint(reset)}` : meaning.todo(reset),
  }
}

/** What it means where the named side hardly sent it; the stage's own meaning holds for a genuine one only. */
function accused(reset: Reset, meaning: Meaning): string {
  const likely = reset.sender.is === 'somebody-else' ? 'probably' : 'perhaps'
  const { address } = reset.from
  if (reset.ignored)
    return `Something on the path ${likely} tried to end this connection: ${address} itself went on with it.`
  switch (reset.stage) {
    case 'copy':
      return meaning.means
    case 'idle':
      return `A box on the path that had forgotten the idle connection ${likely} answered in the name of ${address}: a firewall, NAT or balancer with an idle timeout.`
    case 'refused':
    case 'only-reset':
      return `A firewall or balancer on the path ${likely} refused in the name of ${address}. This does not show whether anybody listens there.`
    case 'repeat':
    case 'after-reset':
      return `The connection had been reset already. Something on the path ${likely} sent this one in the name of ${address}: a box that cuts both sides, or that answers what comes late.`
    case 'closing':
      return `Something on the path, a firewall, filter or balancer, ${likely} sent this one in the name of ${address}, when the conversation was at its end.`
    default:
      return `Something on the path, a firewall, filter or balancer, ${likely} ended this connection in the name of ${address}.`
  }
}

function hint({ stage }: Reset): string {
  return stage === 'idle' ? ` ${KEEPALIVE}` : ''
}

function whoOf({ from, sender }: Reset): string {
  const { address } = from
  switch (sender.is) {
    case 'peer-likely':
      return `Probably ${address} itself.`
    case 'peer-possible':
      return `It may be ${address} itself: there is little to go by, and nothing against it.`
    case 'unknown':
      return "Can't tell: there is nothing here to compare it with."
    case 'contradictory':
      return `The signs contradict each other: some are for ${address}, some against it.`
    case 'somebody-else-possible':
      return `Perhaps not ${address}.`
    case 'somebody-else':
      return `Probably NOT ${address}.`
  }
}

/** How much the verdict on a sender stands on: `strong: 4 signs`. */
export function footing({ sender }: Reset): string {
  const signs =
    sender.is === 'somebody-else' || sender.is === 'somebody-else-possible'
      ? sender.against.length
      : sender.is === 'contradictory'
        ? sender.for.length + sender.against.length
        : sender.for.length
  if (sender.confidence === 'none' || signs === 0) return 'no signs'
  return `${sender.confidence}: ${signs} ${signs === 1 ? 'sign' : 'signs'}`
}

/** The sentence on who the resets' senders are, by verdict; in the order in which a person should look. */
export const SENDER_ROWS: readonly (readonly [keyof Explanation['summary']['bySender'], string])[] = [
  ['somebody-else', 'probably somebody else'],
  ['somebody-else-possible', 'perhaps somebody else'],
  ['contradictory', 'signs that contradict each other'],
  ['peer-likely', 'probably the side that it names'],
  ['peer-possible', 'may be the side that it names'],
  ['unknown', "can't tell"],
]
