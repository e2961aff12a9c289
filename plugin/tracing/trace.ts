import { join } from 'node:path'
import { openInstance, type TraceInstance } from './instance'
import { type ReceivedCounts, receivedCounts } from './received'
import { newStream, type Stream } from './stream'

/** The kernel's trace of resets, for as long as it is granted. */
export interface Trace {
  /** Sent, and received. */
  readonly streams: readonly Stream[]
  /** What was received, by network namespace; absent where not every reset is traced with its namespace. */
  readonly received: ReceivedCounts | undefined
  /** Whether it is every reset. */
  readonly isWhole: boolean
  /** Whether the kernel names a reason with those that are sent. */
  readonly hasReasons: boolean
  /** Why a direction has no details, only counts: a sentence for each that has none. */
  readonly blind: readonly string[]
  /** Whether the files that were opened are still those of the grant. */
  isStillThere(): boolean
  /** Whether what they tell is still switched on. */
  isStillOn(): boolean
  close(): void
}

/**
 * Opens what the grant makes (cli/grant): an instance for each direction, so that each has exact counts of its own.
 *
 * @param folder holds `sent` and `received`
 * @throws the system's error where the grant is missing or not whole
 */
export function openTrace(folder: string): Trace {
  const instances: TraceInstance[] = []
  const close = (): void => {
    for (const instance of instances) instance.close()
  }
  try {
    const sent = openInstance('sent', join(folder, 'sent'))
    instances.push(sent)
    const received = openInstance('received', join(folder, 'received'))
    instances.push(received)
    return {
      streams: instances.map(newStream),
      received: countsOf(received),
      isWhole: sent.isWhole && received.isWhole,
      hasReasons: sent.hasReasons || received.hasReasons,
      blind: instances.flatMap(({ blind }) => blind ?? []),
      isStillThere: () => instances.every(instance => instance.isStillThere()),
      isStillOn: () => instances.every(instance => instance.isStillOn()),
      close,
    }
  } catch (error) {
    close()
    throw error
  }
}

/** @throws the system's error */
function countsOf({ isWhole, blind, countByNamespace }: TraceInstance): ReceivedCounts | undefined {
  if (!isWhole || (blind !== undefined && countByNamespace === undefined)) return undefined
  const counts = receivedCounts(countByNamespace)
  counts.update([], 0)
  return counts
}
