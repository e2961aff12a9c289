import type { PendingReset } from './connection'
import type { Stage } from './explanation'
import { nameOf } from './hosts'

/** Which resets somebody asks for. All that is set must hold. */
export interface Wanted {
  readonly stage?: Stage
  /** An address of either side, as it is shown. */
  readonly host?: string
  /** A port of either side. */
  readonly port?: number
  readonly frame?: number
}

export function isWanted(reset: PendingReset, { stage, host, port, frame }: Wanted): boolean {
  const { from, to } = reset
  return (
    (stage === undefined || reset.stage === stage) &&
    (port === undefined || from.port === port || to.port === port) &&
    (frame === undefined || reset.frame === frame) &&
    (host === undefined || nameOf(from.host) === host || nameOf(to.host) === host)
  )
}
