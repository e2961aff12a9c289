import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Direction, eventParser, type ResetEvent } from './event'
import { namesByNumber, parseFormat } from './format'
import { probeParser } from './probe-event'
import { PROBES } from './probes'

/** The tracepoint of each direction. */
export const TRACEPOINTS: Record<Direction, string> = {
  sent: 'tcp_send_reset',
  received: 'tcp_receive_reset',
}

/** How an instance tells of resets: by the dynamic events of `tcp-resets grant`, or by the kernel's own tracepoint. */
export interface Told {
  /** Whether it is every reset, each with its network namespace. */
  readonly isWhole: boolean
  /** Whether the kernel names a reason with it. */
  readonly hasReasons: boolean
  /** What has the counts of each namespace, where the kernel counts them. */
  readonly hist?: string
  /** @returns undefined where the line is no event, or can't be understood */
  parse(line: string): ResetEvent | undefined
  /** Whether the line is an event, understood or not. */
  isEvent(line: string): boolean
  /** Whether all of its events are still switched on. */
  isOn(): boolean
}

/**
 * @param folder a trace instance
 * @throws the system's error where the grant is missing or not whole
 */
export function toldIn(direction: Direction, folder: string): Told {
  const events = join(folder, 'events')
  const formatPath = join(events, 'tcp', TRACEPOINTS[direction], 'format')
  const text = readFileSync(formatPath, 'latin1')
  const group = eventsIn(direction, folder)
  if (group !== undefined) return byProbes(direction, group, namesByNumber(text, 'reason'))
  const format = parseFormat(text)
  if (format === undefined) throw new Error(`${formatPath}: expected the format of a trace event`)
  const mark = `: ${TRACEPOINTS[direction]}: `
  return {
    isWhole: false,
    hasReasons: format.keys.includes('reason'),
    parse: eventParser(direction, format),
    isEvent: line => line.includes(mark),
    isOn: () => true,
  }
}

function byProbes(direction: Direction, group: string, reasons: ReadonlyMap<number, string>): Told {
  const names = PROBES[direction]
  const hist = join(group, names[0], 'hist')
  return {
    isWhole: true,
    hasReasons: readFileSync(join(group, names[0], 'format'), 'latin1').includes(' reason='),
    ...(text(hist) !== undefined && { hist }),
    parse: probeParser(direction, reasons),
    isEvent: line => names.some(name => line.includes(`: ${name}: (`)),
    isOn: () => names.every(name => isOn(group, name)),
  }
}

/**
 * The folder of the dynamic events that are on in an instance; undefined where none are. The definitions are one list for
 * all who trace, so there can be others of the same names.
 *
 * @param folder the instance
 * @throws the system's error
 */
export function eventsIn(direction: Direction, folder: string): string | undefined {
  const [name] = PROBES[direction]
  const events = join(folder, 'events')
  return readdirSync(events)
    .map(group => join(events, group))
    .find(group => isOn(group, name))
}

const isOn = (group: string, event: string): boolean =>
  text(join(group, event, 'enable'))?.startsWith('1') ?? false

/** Undefined where it is not there, or may not be read. */
function text(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}
