import { commandName } from '../sources/command-name'

/** `   comm-123   [000] ..s1.   12.345678`: the name may hold anything, blanks and brackets included. */
const HEADER = /^ *(.*)-(\d+) +(?:\([ \d-]+\) +)?\[\d+\] (\S{4,8}) +[\d.]+$/s
const IN_PROCESS_CONTEXT = '.'

/**
 * The process that an event was caught in, from what stands before the name of the event in its line of `trace_pipe`.
 *
 * @param header Latin-1
 * @returns undefined where it was caught in an interrupt: then it is the name of whoever was running, a bystander
 */
export function taskOf(header: string): string | undefined {
  const [, task, pid, flags = ''] = HEADER.exec(header) ?? []
  if (flags[2] !== IN_PROCESS_CONTEXT || pid === '0' || !task) return undefined
  return commandName(Buffer.from(task, 'latin1'))
}
