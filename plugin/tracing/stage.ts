/** How far a conversation had come when it was reset. */
export type Stage = 'no connection' | 'listening' | 'opening' | 'open' | 'closing' | 'closed' | 'unknown'

const STAGES: ReadonlyMap<string, Stage> = new Map(
  Object.entries<Stage>({
    UNKNOWN: 'no connection',
    TCP_LISTEN: 'listening',
    TCP_SYN_SENT: 'opening',
    TCP_SYN_RECV: 'opening',
    TCP_NEW_SYN_RECV: 'opening',
    TCP_ESTABLISHED: 'open',
    TCP_CLOSE_WAIT: 'open',
    TCP_FIN_WAIT1: 'closing',
    TCP_FIN_WAIT2: 'closing',
    TCP_CLOSING: 'closing',
    TCP_LAST_ACK: 'closing',
    TCP_TIME_WAIT: 'closing',
    // What the kernel says of a connection that its own host aborts, however far it had come.
    TCP_CLOSE: 'closed',
  }),
)

/**
 * @param state the socket's TCP state in the kernel's spelling (include/net/tcp_states.h); undefined where the kernel
 * does not tell, as with every received reset
 */
export function stageOf(state: string | undefined): Stage {
  return STAGES.get(state ?? '') ?? 'unknown'
}
