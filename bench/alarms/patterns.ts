/** Who connects to whom: the agent's host is `here`, its peer is `there`. */
export interface Connects {
  readonly from: 'here' | 'there'
  readonly ports: readonly [first: number, last: number]
  /** Connects each second. */
  readonly rate: number
  readonly seconds: number
  readonly rounds?: number
  /** Seconds between two rounds. */
  readonly pause?: number
  /** What follows a connect that succeeds: a reset, or a question and its answer. */
  readonly after?: 'reset' | 'ask'
}

/** A service on the agent's host. */
export interface Service {
  readonly port: number
  readonly backlog: number
  /** Seconds it rests after each client. */
  readonly pause: number
}

export interface Pattern {
  readonly name: string
  readonly expected: Expectation
  /** Settings of net.ipv4 on the agent's host. */
  readonly sysctl?: Readonly<Record<string, number>>
  /** Ports at which the peer answers nothing at all. */
  readonly silent?: readonly number[]
  readonly service?: Service
  /** What goes on day and night, also before the alarms are armed. */
  readonly always?: Connects
  /** What begins once the alarms are armed. Without it, nothing happens for as long. */
  readonly connects?: Connects
  /** Seconds from the first of the connects to the last. */
  readonly lasts: number
}

export interface Expectation {
  /** Which resets somebody has to be told of. */
  readonly resets: 'none' | 'sent' | 'received'
  /** Which of our alarms must tell of it. */
  readonly by: readonly ('10s' | '5m')[]
  /** Which others may. */
  readonly orBy?: readonly ('10s' | '5m')[]
  readonly because: string
}

const LONG = 300
const CLOSED: readonly [number, number] = [1, 1]
const SERVED: readonly [number, number] = [80, 80]

/** The traffic that the alarms are judged by. Nothing listens below port 80. */
export const PATTERNS: readonly Pattern[] = [
  {
    name: 'quiet',
    expected: { resets: 'none', by: [], because: 'nothing happens' },
    lasts: LONG,
  },
  {
    name: '20 resets/s sent and 20/s received, day and night',
    expected: { resets: 'none', by: [], because: 'a rate that is normal here is no news' },
    service: { port: 80, backlog: 128, pause: 0 },
    // By turns to a port that is closed, and a health check that its client ends with a reset.
    always: { from: 'there', ports: [79, 80], rate: 40, seconds: 1800, after: 'reset' },
    lasts: LONG,
  },
  {
    name: 'rolling restart: 200/s for 5 s, three times, 30 s apart',
    expected: { resets: 'none', by: [], because: 'it is over before anybody could look' },
    connects: { from: 'there', ports: CLOSED, rate: 200, seconds: 5, rounds: 3, pause: 25 },
    lasts: 65,
  },
  {
    name: 'crashed service hammered by clients: 200/s for 5 min',
    expected: {
      resets: 'sent',
      by: ['10s', '5m'],
      because: 'it is sudden, and the service stays down: told at once, and for as long as it lasts',
    },
    connects: { from: 'there', ports: CLOSED, rate: 200, seconds: LONG },
    lasts: LONG,
  },
  {
    name: 'port scan: 1,000 ports in 10 s',
    // As many resets as a round of the rolling restart, but over twice the time.
    expected: { resets: 'sent', by: ['10s'], because: 'somebody looks for open ports' },
    connects: { from: 'there', ports: [1000, 1999], rate: 100, seconds: 10 },
    lasts: 10,
  },
  {
    name: 'slow scan: 10 ports/s for 5 min',
    expected: { resets: 'sent', by: ['5m'], because: 'too slow for a burst, but it goes on and on' },
    connects: { from: 'there', ports: [1000, 3999], rate: 10, seconds: LONG },
    lasts: LONG,
  },
  {
    name: 'backend down: connects refused, 50/s for 5 min',
    expected: {
      resets: 'received',
      by: ['5m'],
      orBy: ['10s'],
      because: 'every request fails; 50/s is just where a burst begins',
    },
    connects: { from: 'here', ports: CLOSED, rate: 50, seconds: LONG },
    lasts: LONG,
  },
  {
    name: 'connects that time out with no RST: 100/s for 5 min',
    expected: { resets: 'none', by: [], because: 'there is no reset' },
    sysctl: { tcp_syn_retries: 1 },
    silent: [1],
    connects: { from: 'here', ports: CLOSED, rate: 100, seconds: LONG },
    lasts: LONG,
  },
  {
    name: 'full listen queue that resets (tcp_abort_on_overflow=1): 200/s, half of it served, for 5 min',
    expected: {
      resets: 'sent',
      by: ['10s', '5m'],
      because: 'half of the clients are turned away, suddenly, and it lasts',
    },
    sysctl: { tcp_abort_on_overflow: 1 },
    service: { port: 80, backlog: 128, pause: 0.01 },
    connects: { from: 'there', ports: SERVED, rate: 200, seconds: LONG, after: 'ask' },
    lasts: LONG,
  },
  {
    name: 'full listen queue that drops (the default): the same traffic',
    expected: {
      resets: 'received',
      by: [],
      orBy: ['10s'],
      because:
        'the kernel drops what does not fit, and Netdata has alarms of its own on that; once no more clients come, the service answers those that gave up long ago, and each resets what it gets: a real burst, which may be told',
    },
    service: { port: 80, backlog: 128, pause: 0.01 },
    connects: { from: 'there', ports: SERVED, rate: 200, seconds: LONG, after: 'ask' },
    lasts: LONG,
  },
]
