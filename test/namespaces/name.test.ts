import fc from 'fast-check'
import t from 'tap'
import { RESERVED_NAMES, uniqueName, wantedName } from '../../plugin/namespaces/name'

const INODE = 4026532178

t.test('text from outside as a part of a chart id', async t => {
  const cases: Record<string, string> = {
    'web-1': 'web-1',
    'kube-system_coredns-abc': 'kube-system_coredns-abc',
    'openvpn-client@my-vpn': 'openvpn-client_my-vpn',
    "x' 1\nDISABLE": 'x__1_DISABLE',
    größe: 'gr__e',
    '': '_',
    [`${'x'.repeat(300)}`]: 'x'.repeat(100),
  }
  for (const [text, name] of Object.entries(cases)) t.equal(wantedName(text), name, JSON.stringify(text))
})

t.test('the one that asks first has the name, every other one the inode behind it', async t => {
  const names: string[] = []
  for (const inode of [INODE, INODE + 1, INODE + 2]) {
    names.push(uniqueName('sleep', inode, name => names.includes(name)))
  }
  t.strictSame(names, ['sleep', 'sleep_4026532179', 'sleep_4026532180'])
  t.equal(
    uniqueName('web', INODE, name => ['web', 'web_4026532178'].includes(name)),
    'web_4026532178_',
    'somebody is called just that',
  )
})

t.test('never the id of another chart, nor the agent’s own name', async t => {
  for (const name of RESERVED_NAMES)
    t.equal(
      uniqueName(name, INODE, () => false),
      `${name}_${INODE}`,
    )
})

t.test('never a name twice, whatever is asked for', async () => {
  const wanted = fc.oneof(
    fc.constantFrom('a', 'a_1', 'a_2', 'a_1_', 'host', 'host_1'),
    fc.string({ unit: 'binary', maxLength: 5 }),
  )
  fc.assert(
    fc.property(fc.array(wanted, { maxLength: 20 }), all => {
      const names = new Set<string>()
      all.forEach((text, at) => {
        names.add(uniqueName(wantedName(text), at, name => names.has(name)))
      })
      return names.size === all.length && [...names].every(name => /^[\w.-]{1,120}$/.test(name))
    }),
  )
})
