import t from 'tap'
import { makeHosts, whyNoHosts } from './hosts'
import { readPlugin } from './plugin-reader'

const PLUGIN = `
  cat <<'END_OF_CHARTS'
CHART ipv4.tcp_resets '' "TCP resets, IPv4's and IPv6's" 'resets/s' tcp ipv4.tcp_resets line 1 1 '' tcp_resets
DIMENSION sent '' incremental 1 1
DIMENSION received '' incremental -1 1
CHART ipv4.other '' 'Other' x tcp ipv4.other line 1 1
DIMENSION 'with space' '' absolute
END_OF_CHARTS
  tick=0
  while [ $tick -lt 5 ]; do
    tick=$((tick + 1))
    printf "BEGIN ipv4.tcp_resets 1000000\\nSET sent = 900719925474099$tick\\nSET received = \\n"
    sleep 0.01
    printf "END\\n\\nBEGIN ipv4.other\\nSET 'with space' = -$tick\\nEND\\n"
    sleep 0.5
  done
  ip -brief address show veth0 >&2
  exit 3`

t.test('reads a plugin inside a namespace', { skip: whyNoHosts() ?? false }, async t => {
  const hosts = makeHosts()
  t.teardown(hosts.remove)
  const reader = readPlugin(hosts.b.namespace, 'sh', '-c', PLUGIN)
  t.teardown(reader.stop)

  const first = await reader.nextTick()
  t.strictSame(
    [...reader.announced],
    [
      ['ipv4.tcp_resets', ['sent', 'received']],
      ['ipv4.other', ['with space']],
    ],
  )
  t.strictSame([...first.charts.keys()], ['ipv4.tcp_resets', 'ipv4.other'], 'one tick, though in two pieces')
  t.equal(
    first.charts.get('ipv4.tcp_resets')?.get('sent'),
    9007199254740990n + BigInt(first.number),
    'no digit lost',
  )
  t.notOk(first.charts.get('ipv4.tcp_resets')?.has('received'), 'an empty value is a gap')
  t.equal(first.charts.get('ipv4.other')?.get('with space'), BigInt(-first.number))

  const second = await reader.nextTick()
  // One that began right after the call may have read before it, and is passed over.
  t.ok([1, 2].includes(second.number - first.number), `the next one, or the one after: ${second.number}`)
  t.equal(reader.ticks(), second.number)

  await t.rejects(
    (async () => {
      for (;;) await reader.nextTick()
    })(),
    { message: new RegExp(`ended: exit 3\\n.*${hosts.b.ipv4.replaceAll('.', '\\.')}`, 's') },
    'its end and its stderr, from inside the namespace',
  )
  await t.rejects(reader.nextTick(), { message: /exit 3/ }, 'and it stays ended')
})

t.test(
  'a plugin that says nothing is an error, and can be stopped',
  { skip: whyNoHosts() ?? false },
  async t => {
    const hosts = makeHosts()
    t.teardown(hosts.remove)
    const reader = readPlugin(hosts.a.namespace, 'sleep', '60')
    await t.rejects(reader.nextTick(200), { message: /no tick in 200 ms/ })
    await reader.stop()
    await t.rejects(reader.nextTick(), { message: /SIGTERM/ })
  },
)
