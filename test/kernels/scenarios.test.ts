import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import t from 'tap'
import { dist, root } from '../../scripts/build'
import { bootKernel, fetchKernel, guestPython, releasesToTry, whyNoGuests } from '../../scripts/kernels'
import { LETTERS } from '../kernel/scenario-table'
import { expectedRise } from './expected'
import type { ScenariosReport } from './scenarios-guest'

// Every reset scenario on Debian's packaged kernels, with the dynamic events: the charts of both namespaces against what
// nftables saw on the wire. `npm test` boots the kernel of Debian 12; `npm run test:kernels` all of them.

const noGuest = whyNoGuests() ?? (!existsSync('/usr/sbin/nft') && 'needs nftables')

const releases = releasesToTry(process.env)
t.setTimeout(releases.length * 600_000)

for (const release of releases) {
  const kernel = noGuest ? { missing: noGuest } : fetchKernel(release)
  const skip = 'missing' in kernel && kernel.missing

  t.test(`${release}: scenarios, on the charts of two namespaces`, { skip, timeout: 600_000 }, async t => {
    if (!('vmlinuz' in kernel)) return
    const guest = join(t.testdir(), 'guest.cjs')
    const entryPoints = [join(__dirname, 'scenarios-guest.ts')]
    buildSync({ entryPoints, bundle: true, platform: 'node', target: 'node20', outfile: guest })
    const beside = join(root, 'test/kernel')
    const acts = readdirSync(beside).filter(name => /\.(py|nft)$/.test(name))
    const files = {
      ...guestPython(),
      '/test/guest.cjs': guest,
      '/test/flood.py': join(root, 'test/tracing/flood.py'),
      ...Object.fromEntries(acts.map(name => [`/test/${name}`, join(beside, name)])),
      '/fixtures/conformance/scenarios.json': join(root, 'test/fixtures/conformance/scenarios.json'),
      '/usr/bin/tcp-resets': join(dist, 'bin/tcp-resets'),
      '/usr/libexec/tcp_resets.plugin': join(dist, 'plugins.d/tcp_resets.plugin'),
    }
    const text = await bootKernel(kernel, files, { modules: true, programs: ['nft', 'ss'] })
    const found = /REPORT (.*)/.exec(text)?.[1]
    if (found === undefined) throw new Error(`the guest reported nothing:\n${text.slice(-4000)}`)
    const report: ScenariosReport = JSON.parse(found)
    t.comment(report.kernel)
    t.equal(report.grant, '', 'the dynamic events are granted')

    const { wire, charts, bulkBytes } = report.flooded
    t.comment(`a flood beside ${bulkBytes} bytes: ${JSON.stringify(wire)}`)
    t.ok((wire.A.received ?? 0) >= 20_000 && bulkBytes > 0)
    t.strictSame(charts, wire, 'a flood beside bulk traffic')

    for (const { result, charts } of report.played) {
      const { name } = result
      if ('skipped' in result) {
        t.pass(name, { skip: result.skipped })
        continue
      }
      t.ok(result.ok, name, { error: result.error })
      for (const letter of LETTERS) {
        t.strictSame(charts[letter], expectedRise(result, letter), `${name}: resets of ${letter}`)
      }
    }
  })
}
