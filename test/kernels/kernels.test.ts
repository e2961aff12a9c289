import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import t, { type Test } from 'tap'
import { dist, root } from '../../scripts/build'
import { bootKernel, fetchKernel, RELEASES } from '../../scripts/kernels'
import type { Report } from './guest'

// Debian's packaged kernels, booted without KVM: what root grants, and what the plugin makes of it as the agent's user.
// `npm test` boots the one of Debian 12; `npm run test:kernels` all of them.

const noQemu =
  !['/usr/bin/qemu-system-x86_64', '/bin/busybox', '/usr/bin/cpio'].every(existsSync) &&
  'needs qemu-system-x86, busybox-static and cpio'
const releases = process.env.TEST_KERNELS === 'all' ? RELEASES : RELEASES.slice(0, 1)

for (const release of releases) {
  const kernel = noQemu ? { missing: noQemu } : fetchKernel(release)
  const skip = 'missing' in kernel && kernel.missing
  const boot = async (t: Test, parameters = ''): Promise<Report> => {
    const guest = join(t.testdir(), 'guest.cjs')
    const entryPoints = [join(__dirname, 'guest.ts')]
    buildSync({ entryPoints, bundle: true, platform: 'node', target: 'node20', outfile: guest })
    const files = {
      '/test/guest.cjs': guest,
      '/usr/sbin/tcp-resets-grant': join(root, 'packaging/tcp-resets-grant'),
      '/usr/libexec/tcp_resets.plugin': join(dist, 'plugins.d/tcp_resets.plugin'),
    }
    const text = 'vmlinuz' in kernel ? await bootKernel(kernel.vmlinuz, files, parameters) : ''
    const report = /REPORT (.*)/.exec(text)?.[1]
    if (report === undefined) throw new Error(`the guest reported nothing:\n${text.slice(-4000)}`)
    return JSON.parse(report)
  }

  t.test(`${release}: the grant, and what the agent's user reads`, { skip, timeout: 300_000 }, async t => {
    const report = await boot(t)
    t.comment(report.kernel)
    t.match(report.grant, { status: 0, stderr: '' })
    t.match(report.log, /tracing: reading the reasons and peers of resets/)
    // 20 refused connects, each with its answer, and 10 connections that were aborted.
    t.strictSame(report.host, { sent: 30, received: 30 })
    const { ipv4_sent = 0, ipv6_sent = 0, ipv4_received, ipv6_received } = report.traced ?? {}
    t.strictSame({ ipv4_received, ipv6_received }, { ipv4_received: 20, ipv6_received: 10 })
    const withoutSocket = { ipv4_sent: 10, ipv6_sent: 0 }
    const all = { ipv4_sent: 20, ipv6_sent: 10 }
    // Before 6.10 the tracepoint says nothing of closed ports.
    const isOld = /^[1-5]\.|^6\.\d\./.test(report.kernel)
    t.strictSame({ ipv4_sent, ipv6_sent }, isOld ? withoutSocket : all)
    t.match(report.revoke, { status: 0, stderr: '' })
    t.strictSame(report.left, [])
  })

  t.test(`${release}: under lockdown there is nothing to grant`, { skip, timeout: 300_000 }, async t => {
    const report = await boot(t, 'lockdown=confidentiality')
    t.match(report.grant, {
      status: 1,
      stderr: /^tcp-resets-grant: this kernel is locked down \(confidentiality\).*\n$/,
    })
    t.strictSame(report.left, [])
  })
}
