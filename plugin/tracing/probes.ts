import type { Direction } from './event'

/**
 * The dynamic events that `tcp-resets grant` defines, for each direction: every reset is in exactly one of them. How they
 * are put on the kernel's functions: cli/grant/definitions.ts.
 */
export const PROBES = {
  sent: ['reply4', 'reply6', 'closed4', 'closed6', 'abort'],
  received: ['established', 'state', 'half_open', 'time_wait', 'no_socket4', 'no_socket6'],
} as const satisfies Record<Direction, readonly string[]>

export type ProbeName = (typeof PROBES)[Direction][number]

/** So much of a packet is in an event: what lies in front of its TCP header, and the beginning of that. */
export const BEFORE_TCP = 40
export const PACKET_WORDS = 7
