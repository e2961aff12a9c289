import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import t, { type Test } from 'tap'
import { dist, root } from '../../scripts/build'
import { bootKernel, fetchKernel, releasesToTry } from '../../scripts/kernels'
import type { Report } from './guest'

// Debian's packaged kernels, booted without KVM: what root grants, and what the plugin makes of it as the agent's user.
// `npm test` boots the one of Debian 12; `npm run test:kernels` all of them.

const noQemu =
  !['/usr/bin/qemu-system-x86_64', '/bin/busybox', '/usr/bin/cpio'].every(existsSync) &&
  'needs qemu-system-x86, busybox-static and cpio'

const releases = releasesToTry(process.env)
t.setTimeout(releases.length * 900_000)

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
      '/usr/bin/tcp-resets': join(dist, 'bin/tcp-resets'),
      '/usr/libexec/tcp_resets.plugin': join(dist, 'plugins.d/tcp_resets.plugin'),
    }
    const text = 'vmlinuz' in kernel ? await bootKernel(kernel, files, { parameters }) : ''
    const report = /REPORT (.*)/.exec(text)?.[1]
    if (report === undefined) throw new Error(`the guest reported nothing:\n${text.slice(-4000)}`)
    return JSON.parse(report)
  }

  t.test(`${release}: the grant, and what the agent's user reads`, { skip, timeout: 600_000 }, async t => {
    const { kernel, script, command, without } = await boot(t)
    t.comment(kernel)
    for (const { grant, log, revoke, left } of [script, command]) {
      t.match(grant, { status: 0, stderr: '' })
      t.match(log, /tracing: reading the reasons and peers of resets/)
      t.match(revoke, { status: 0, stderr: '' })
      t.strictSame(left, [])
    }
    // 20 refused connects, each with its answer, 10 connections that were aborted and 2 that nobody took.
    // And 10 while the grant went and came again.
    t.strictSame(script.host, { sent: 42, received: 44 }, 'an estimate')
    t.strictSame(command.host, { sent: 42, received: 42 }, 'no step when the grant goes or comes')
    t.strictSame(script.other, { sent: 7, received: 7 })
    t.strictSame(command.other, { sent: 7, received: 7 })
    for (const chart of ['ipv4.tcp_resets', 'ipv4.tcp_resets_other']) {
      t.equal(script.received?.[chart], 'estimated')
      t.equal(command.received?.[chart], 'counted')
    }
    // Half of the refused ones by IPv6; with those of the other namespace and the 5 of the second grant.
    const all = { ipv4_sent: 29, ipv4_received: 29, ipv6_sent: 15, ipv6_received: 15 }
    t.strictSame(command.traced, all)
    // Before 6.10 the tracepoint says nothing of closed ports.
    const isOld = /^[1-5]\.|^6\.\d\./.test(kernel)
    t.strictSame(script.traced, isOld ? { ...all, ipv4_sent: 12, ipv6_sent: 0 } : all)

    const reasons = {
      'no BTF': /this kernel does not describe its structures \(no \/sys\/kernel\/btf\/vmlinux\)/,
      'a function that is not there': /tcp_check_req\(\) cannot be traced/,
      'a refused definition': /the kernel refuses "p:netdata_tcp_resets\/established .*": EIO/,
      'a failing self-test': /the self-test failed: ip link set lo up: ended with 1/,
    }
    for (const [name, reason] of Object.entries(reasons)) {
      const { status, stderr, events } = without[name] ?? {}
      t.equal(status, 0, name)
      t.match(stderr, new RegExp(`^tcp-resets: only what the tracepoints see: .*${reason.source}.*\n$`), name)
      t.equal(events, '1\n', `${name}: the tracepoint is on, and nothing else`)
    }
  })

  t.test(`${release}: under lockdown there is nothing to grant`, { skip, timeout: 300_000 }, async t => {
    const { script, command } = await boot(t, 'lockdown=confidentiality')
    for (const { grant, left } of [script, command]) {
      t.match(grant, {
        status: 1,
        stderr: /^tcp-resets(-grant)?: this kernel is locked down \(confidentiality\).*\n$/,
      })
      t.strictSame(left, [])
    }
  })
}
