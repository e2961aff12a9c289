import { join } from 'node:path'
import { openInstance, type TraceInstance } from './instance'

/**
 * Opens what the grant makes (cli/grant): an instance for each direction, so that each has exact counts of its own.
 *
 * @param folder holds `sent` and `received`
 * @throws the system's error where the grant is missing or not whole
 */
export function openTracing(folder: string): readonly TraceInstance[] {
  const sent = openInstance('sent', join(folder, 'sent'))
  try {
    return [sent, openInstance('received', join(folder, 'received'))]
  } catch (error) {
    sent.close()
    throw error
  }
}
