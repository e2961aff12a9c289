import type { Log } from '../log'
import { messageOf } from '../message'
import { burstWatch, type Silence } from './burst'
import { askForRecording } from './request'

/** Counters that only rise; what could not be read is undefined. */
type Totals = Readonly<Record<'sent' | 'received', bigint | undefined>>

/**
 * Asks for a recording of a namespace whenever a burst of resets begins in it. Where root has not asked for recordings,
 * nothing comes of it.
 *
 * @param name as its chart has it
 * @param inode of its `net/snmp`, where it has one of its own
 * @param silence known from before the first call
 */
export function recordBursts(
  name: string,
  log: Log,
  inode: () => number | undefined = () => undefined,
  silence?: Silence,
): (totals: Totals, now: number) => void {
  const sent = burstWatch(silence)
  const received = burstWatch(silence)
  return (totals, now) => {
    const begun = [sent(totals.sent, now) && 'sent', received(totals.received, now) && 'received']
    const directions = begun.filter(Boolean)
    if (directions.length === 0) return
    log.info(`a burst of resets begins (${directions.join(' and ')}): ${name}`)
    try {
      askForRecording({ name, inode: inode() })
      log.fault('recording', undefined)
    } catch (error) {
      log.fault('recording', messageOf(error))
    }
  }
}
