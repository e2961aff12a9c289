import type { Direction } from '../../plugin/tracing/event'
import { BEFORE_TCP, PACKET_WORDS, type ProbeName } from '../../plugin/tracing/probes'
import type { Btf } from './btf'

/** A dynamic event (kernel: Documentation/trace/kprobetrace.rst). */
export interface Definition {
  readonly name: ProbeName
  readonly direction: Direction
  /** The function that it is put on. */
  readonly fn: string
  /** What it tells, in the words of `kprobe_events`. */
  readonly fields: readonly string[]
  /** What is let through; absent for all. */
  readonly filter?: string
}

/** The bit of RST in the byte of the TCP header that has the flags. */
const RST = 'flags & 4'
const FLAGS_AT = 13
const ESTABLISHED = 1

/**
 * The events that see every reset of TCP, once each. Ordinary traffic hardly comes by the functions that they are on.
 *
 * A reset is received by a connection that is established (tcp_validate_incoming, as long as it is), by a socket in another
 * state (tcp_rcv_state_process), half open (tcp_check_req; that of TCP fast open is a socket already), in TIME-WAIT, or by
 * no socket: then the kernel comes to where it would send one, and sends none.
 *
 * Their first field is the namespace: `ino`, the number that everybody sees as the inode of `/proc/<pid>/net/stat`. Where
 * no socket was found, it is that of the device. The pointer to the socket itself is told to nobody, only whether there is
 * one: its highest bit, which every address of these kernels has.
 *
 * @throws where this kernel has not all that they need
 */
export function definitions(btf: Btf): readonly Definition[] {
  const offset = (structure: string, path: string): number => {
    const found = btf.offsetOf(structure, path)
    if (found === undefined) throw new Error(`struct ${structure} has no ${path}`)
    return found
  }
  const parameter = (fn: string, name: string): string => {
    const place = btf.parameterOf(fn, name)
    if (place === undefined) throw new Error(`${fn}() has no parameter ${name}`)
    return `$arg${place}`
  }
  const at = (structure: string, path: string, pointer: string): string =>
    `+${offset(structure, path)}(${pointer})`

  const inode = (net: string): string =>
    `ino=${at('proc_dir_entry', 'low_ino', at('net', 'proc_net_stat', net))}:u32`
  /** @param common where in the structure the part is that all kinds of sockets have */
  const ofSocket = (sock: string, [structure, common] = ['sock', '__sk_common']): string[] => [
    inode(at(structure, `${common}.skc_net.net`, sock)),
    `state=${at(structure, `${common}.skc_state`, sock)}:u8`,
  ]
  const ofDevice = (packet: string): string =>
    inode(at('net_device', 'nd_net.net', at('sk_buff', 'dev', packet)))
  const ofPacket = (packet: string): string[] => {
    const tcp = at('sk_buff', 'data', packet)
    return [
      `proto=${at('sk_buff', 'protocol', packet)}:x16`,
      `flags=+${FLAGS_AT}(${tcp}):x8`,
      `packet=-${BEFORE_TCP}(${tcp}):x64[${PACKET_WORDS}]`,
    ]
  }
  /** What tells whether a connection takes a reset: where it should begin, and whether there are gaps before. */
  const expected = (fn: string): string[] => [
    `next=${at('tcp_sock', 'rcv_nxt', parameter(fn, 'sk'))}:u32`,
    `sacks=${at('tcp_sock', 'rx_opt.num_sacks', parameter(fn, 'sk'))}:u8`,
  ]
  const reason = (fn: string): string[] =>
    btf.parameterOf(fn, 'reason') === undefined ? [] : [`reason=${parameter(fn, 'reason')}:s32`]

  const received = (name: ProbeName, fn: string, more: string[], filter = RST): Definition => {
    const socket = ofSocket(parameter(fn, 'sk'))
    const fields = [...socket, ...ofPacket(parameter(fn, 'skb')), ...more]
    return { name, direction: 'received', fn, fields, filter }
  }
  const timeWait = (fn: string): Definition => {
    const socket = ofSocket(parameter(fn, 'tw'), ['inet_timewait_sock', '__tw_common'])
    const fields = [...socket, ...ofPacket(parameter(fn, 'skb'))]
    return { name: 'time_wait', direction: 'received', fn, fields, filter: RST }
  }
  const replies = (family: 4 | 6): Definition[] => {
    const fn = `tcp_v${family}_send_reset`
    const [sock, packet] = [parameter(fn, 'sk'), parameter(fn, 'skb')]
    const each = [`sock=${sock}:b1@63/64`, ...ofPacket(packet)]
    const withSocket = [...ofSocket(sock), ...each, ...reason(fn)]
    const without = [ofDevice(packet), ...each]
    const sent = { direction: 'sent', fn } as const
    return [
      { ...sent, name: `reply${family}`, fields: withSocket, filter: `!(${RST}) && sock == 1` },
      {
        ...sent,
        name: `closed${family}`,
        fields: [...without, ...reason(fn)],
        filter: `!(${RST}) && sock == 0`,
      },
      {
        direction: 'received',
        fn,
        name: `no_socket${family}`,
        fields: without,
        filter: `${RST} && sock == 0`,
      },
    ]
  }
  const abort = (fn: string): Definition => {
    const sock = parameter(fn, 'sk')
    const common = (path: string): string => at('sock', `__sk_common.${path}`, sock)
    const fields = [
      ...ofSocket(sock),
      `family=${common('skc_family')}:u16`,
      `port=${at('inet_sock', 'inet_sport', sock)}:x16`,
      `peerport=${common('skc_dport')}:x16`,
      `local4=${common('skc_rcv_saddr')}:x32`,
      `peer4=${common('skc_daddr')}:x32`,
      `local6=${common('skc_v6_rcv_saddr')}:x64[2]`,
      `peer6=${common('skc_v6_daddr')}:x64[2]`,
      ...reason(fn),
    ]
    return { name: 'abort', direction: 'sent', fn, fields }
  }
  const established = 'tcp_validate_incoming'
  const state = 'tcp_rcv_state_process'
  const halfOpen = 'tcp_check_req'
  const fastOpen = `fastopen=${parameter(halfOpen, 'fastopen')}:u8`

  return [
    received('established', established, expected(established), `${RST} && state == ${ESTABLISHED}`),
    received('state', state, expected(state)),
    received('half_open', halfOpen, [fastOpen], `${RST} && fastopen == 0`),
    timeWait('tcp_timewait_state_process'),
    ...replies(4),
    ...replies(6),
    abort('tcp_send_active_reset'),
  ]
}
