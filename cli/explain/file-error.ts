import { printable } from '../../explain/report/quote'
import { UsageError } from '../usage-error'

/**
 * What went wrong with a file, in plain words and with its name; undefined where that is no fault of the file.
 *
 * @param file as it was given, or the option and the file
 */
export function fileError(file: string, error: unknown): UsageError | undefined {
  if (!(error instanceof Error && 'syscall' in error)) return undefined
  // `ENOENT: no such file or directory, open 'port.pcap'`
  return new UsageError(`${printable(file)}: ${error.message.replace(/^\w+: |, \w+( '.*')?$/gs, '')}`)
}
