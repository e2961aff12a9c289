import type { Connection, Side } from './connection'
import type { Stage } from './explanation'
import type { Step } from './recent'

// A reset between the packet and its explanation: what was known when it came, and what is learned until its connection
// is let go.

/** Something that came afterwards, and where. */
export interface Later {
  readonly frame: number
  readonly time: number
}

/** Whether an IP ID goes on from those of the connection, from those of the host, or is that of the packet it answers. */
export type IpIdFit = 'in-step' | 'host-wide' | 'copied' | 'none'

export interface PendingReset {
  readonly connection: Connection
  readonly from: Side
  readonly to: Side
  readonly file: number
  readonly frame: number
  readonly time: number
  readonly stage: Stage
  readonly detail: string | undefined
  readonly flags: number
  readonly seq: number
  readonly ack: number
  readonly window: number
  readonly ttl: number
  readonly ipId: number
  readonly path: number
  readonly macHigh: number
  readonly macLow: number
  readonly text: string | undefined
  readonly notes: string[]
  readonly silence: number
  /** The sender had sent nothing before: how long it was silent is not known. */
  readonly silenceAtLeast: boolean
  readonly bytesFrom: number
  readonly bytesTo: number
  /** One behind the highest number of its sender when it came. */
  readonly next: number
  readonly nextKnown: boolean
  readonly ipIdFit: IpIdFit
  /** The frame that the IP ID goes on from, or that it was copied from. */
  readonly ipIdFrame: number
  readonly stampFits: boolean
  readonly stampFrame: number
  /** For a refusal whose ack does not fit its SYN: the one that does, and the frame of the SYN. */
  readonly expectedAck: number | undefined
  readonly synFrame: number
  /** The first packets of the connection and the last before this one, then what came after. */
  readonly steps: Step[]
  readonly stepsBefore: number
  /** New data of its sender, an acknowledgement of the other side beyond it, a SYN/ACK of the refusing side. */
  newData: Later | undefined
  ackedBeyond: Later | undefined
  synAckAfter: Later | undefined
}
