import t from 'tap'
import type { Counted } from '../../plugin/analysis/received'
import { usualFollower } from '../../plugin/analysis/usual'
import { OWN_NAMESPACE } from '../../plugin/charts/resets'
import { namespaceCollector } from '../../plugin/host/collector'
import { createLog } from '../../plugin/log'
import { LINUX_COUNTERS } from '../../plugin/sources/linux'

t.test('the charts say how it is known what was received, whenever that changes', async t => {
  let OutRsts = 0n
  let counted: Counted | undefined
  const source = {
    name: 'proc',
    read: () => ({ counters: { ...Object.fromEntries(LINUX_COUNTERS.map(name => [name, 0n])), OutRsts } }),
    close() {},
  }
  const { collect, relabel } = namespaceCollector(
    source,
    1,
    createLog({}, () => {}),
    usualFollower(),
    OWN_NAMESPACE,
    () => {},
    () => counted,
  )
  const said = (text: string): (string | undefined)[] => [
    ...[...text.matchAll(/^CLABEL received '(\w+)'/gm)].map(([, how]) => how),
    /^SET received = (\d+)$/m.exec(text)?.[1],
  ]
  const titled = (text: string): boolean => / \(received is an estimate\)'/.test(text)

  const first = collect(0)
  t.strictSame(said(first), ['estimated', 'estimated', '0'])
  t.ok(titled(first))
  counted = { origin: {}, count: 100n, isShare: false }
  const second = collect(1000)
  t.strictSame(said(second), ['counted', 'counted', '0'])
  t.notOk(titled(second))
  counted = { ...counted, count: 103n }
  t.strictSame(said(collect(2000)), ['3'], 'said once')
  relabel({ namespace: 'web' })
  t.strictSame(said(collect(3000)), ['counted', 'counted', '3'], 'also under another name')
  counted = { ...counted, count: 104n, isShare: true }
  t.strictSame(said(collect(4000)), ['estimated', 'estimated', '4'], 'a share of what all received')
  counted = undefined
  OutRsts = 1n
  t.strictSame(said(collect(5000)), ['4'])
})
