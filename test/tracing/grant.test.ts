import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t from 'tap'
import { asNobody, COMMAND, GRANT, makeGrant, whyNoTracing } from './grant'

const skip = whyNoTracing() ?? false

/** What the user nobody can do with each file below a folder: `r`, `w`. */
function rightsOfNobody(dir: string): Map<string, string> {
  const script = `find "$1" | while read -r path; do
    rights=
    [ -r "$path" ] && rights=r
    [ -w "$path" ] && rights=$rights'w'
    [ -d "$path" ] || [ -z "$rights" ] || echo "$path $rights"
  done`
  const [command, args] = asNobody('sh', '-c', script, 'sh', dir)
  const { stdout } = spawnSync(command, args, { encoding: 'utf8' })
  return new Map(
    stdout
      .trimEnd()
      .split('\n')
      .map(line => line.slice(dir.length + 1).split(' ') as [string, string]),
  )
}

/** Trace instances of the kernel, seen in a mount of tracefs that is nobody else's. */
function instances(): string[] {
  const script = 'mount -t tracefs tracefs /mnt && ls -1 /mnt/instances'
  return spawnSync('unshare', ['--mount', 'sh', '-c', script], { encoding: 'utf8' }).stdout.split('\n')
}

/** Mounts of this grant; others come and go meanwhile. */
const mountsBelow = (dir: string): string[] =>
  readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .filter(line => line.includes(dir))

for (const program of [GRANT, COMMAND])
  t.test(`${basename(program)} gives the group what it needs, and nothing else`, { skip }, async t => {
    const grant = makeGrant('nogroup', program)
    t.teardown(grant.remove)
    grant.grant()
    const rights = rightsOfNobody(grant.dir)
    const extra = [...rights].filter(
      ([path]) =>
        !/^(sent|received)\/(trace_pipe|per_cpu\/cpu\d+\/stats|events\/tcp\/tcp_\w+_reset\/format)$/.test(
          path,
        ),
    )
    // Older kernels let everybody who gets as far read more of the instance, never more than that.
    if (extra.every(([, right]) => right === 'r') && extra.length > 0) {
      t.pass('nothing but these', { skip: 'this kernel makes the files of an instance readable by all' })
    } else t.strictSame(extra, [], 'nothing but these')
    for (const file of [
      'sent/trace_pipe',
      'received/per_cpu/cpu0/stats',
      'sent/events/tcp/tcp_send_reset/format',
    ]) {
      t.equal(rights.get(file), 'r', file)
    }
    const other = ['--reuid=1', '--regid=1', '--clear-groups', 'ls', join(grant.dir, 'sent')]
    t.not(spawnSync('setpriv', other).status, 0, 'nobody outside the group gets in')

    t.ok(readFileSync(join(grant.dir, 'sent/events/tcp/tcp_send_reset/enable'), 'utf8').startsWith('1'))
    t.ok(readFileSync(join(grant.dir, 'sent/events/tcp/tcp_receive_reset/enable'), 'utf8').startsWith('0'))
    const once = mountsBelow(grant.dir)
    t.equal(once.length, 2)
    grant.grant()
    t.strictSame(mountsBelow(grant.dir), once, 'a second time changes nothing')

    const name = grant.env.TCP_RESETS_INSTANCE ?? ''
    t.equal(instances().filter(instance => instance.startsWith(name)).length, 2)
    await grant.revoke()
    t.strictSame(mountsBelow(grant.dir), [], 'no mount is left')
    t.notOk(existsSync(grant.dir), 'no folder')
    t.strictSame(
      instances().filter(instance => instance.startsWith(name)),
      [],
      'no instance',
    )
    await grant.revoke()
  })

t.test('however the folder is spelled, it is one', { skip }, async t => {
  const grant = makeGrant()
  t.teardown(grant.remove)
  const below = `${grant.dir}/with a blank`
  const spellings = [`${below}/`, below.replace('/run/', '/var/run/'), `${grant.dir}/./with a blank//`]
  for (const revoker of [GRANT, COMMAND]) {
    const run = (program: string, word: string, dir: string) =>
      spawnSync(program, [word], { env: { ...grant.env, TCP_RESETS_DIR: dir }, encoding: 'utf8' })
    for (const dir of spellings)
      for (const granter of [COMMAND, GRANT]) t.match(run(granter, 'grant', dir), { status: 0 })
    t.equal(mountsBelow(grant.dir).length, 2, 'no mount lies on another')
    for (const dir of spellings) t.match(run(revoker, 'revoke', dir), { status: 0, stderr: '' })
    t.strictSame(mountsBelow(grant.dir), [], 'no mount is left')
    t.notOk(existsSync(below), 'no folder')
  }
})

t.test('revoke waits for whoever still reads', { skip }, async t => {
  const grant = makeGrant()
  t.teardown(grant.remove)
  grant.grant()
  const reader = spawnSync('sh', [
    '-c',
    `exec 3<"$1"/sent/trace_pipe; (sleep 2) <&3 >/dev/null 2>&1 & echo`,
    'sh',
    grant.dir,
  ])
  t.equal(reader.status, 0)
  await grant.revoke()
  t.notOk(existsSync(grant.dir))
})

t.test('what can not be granted is said in one line', { skip }, async t => {
  const grant = makeGrant('no-such-group')
  t.teardown(grant.remove)
  const run = (env: NodeJS.ProcessEnv, ...args: string[]) => spawnSync(GRANT, args, { encoding: 'utf8', env })
  t.match(run(grant.env, 'grant'), {
    status: 1,
    stderr: 'tcp-resets-grant: there is no group no-such-group\n',
  })
  t.notOk(existsSync(grant.dir))
  for (const args of [[], ['help'], ['grant', 'more']]) {
    t.match(run(grant.env, ...args), { status: 1, stderr: /^tcp-resets-grant: usage: .*\n$/ })
  }
  const [command, args] = asNobody(GRANT, 'grant')
  // The script may be in a place that nobody can't enter: then it is not even started.
  const refused = spawnSync(command, args, { encoding: 'utf8', input: '' })
  t.not(refused.status, 0)
})

t.test('the command says in one line what it can not give', { skip }, async t => {
  const grant = makeGrant()
  t.teardown(grant.remove)
  const run = (env: NodeJS.ProcessEnv, ...args: string[]) =>
    spawnSync(COMMAND, args, { encoding: 'utf8', env })
  const given = run(grant.env, 'grant')
  t.match(given, { status: 0, stderr: /^(tcp-resets: only what the tracepoints see: .+\n)?$/ })
  const events = join(grant.dir, 'received/events', grant.env.TCP_RESETS_INSTANCE ?? '')
  t.equal(existsSync(events), given.stderr === '', 'dynamic events, or a line that says why not')
  t.match(run(grant.env, 'grant', '--tracepoints-only'), { status: 0, stderr: '' })
  t.notOk(existsSync(events))
  t.match(run(grant.env, 'revoke'), { status: 0, stderr: '' })
  t.match(run(grant.env, 'revoke'), { status: 0, stderr: '' }, 'nothing to take back')
  t.match(run({ ...grant.env, TCP_RESETS_GROUP: 'no-such-group' }, 'grant'), {
    status: 1,
    stderr: 'tcp-resets: there is no group no-such-group\n',
  })
  t.match(run({ ...grant.env, TCP_RESETS_INSTANCE: '../x' }, 'grant'), {
    status: 2,
    stderr: 'tcp-resets: TCP_RESETS_INSTANCE: expected letters, digits and _, found "../x"\n',
  })
  t.match(run(grant.env, 'grant', '--json'), { status: 2, stderr: /^Usage: / })
  t.notOk(existsSync(grant.dir))
})

t.test('the commands of docs/tracing.md do the same, and undo it', { skip }, async t => {
  const grant = makeGrant()
  t.teardown(grant.remove)
  const blocks = [
    ...readFileSync(join(__dirname, '../../docs/tracing.md'), 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm),
  ].map(([, block = '']) =>
    block
      .replace('group=netdata', 'group=nogroup')
      .replaceAll('/run/netdata-tcp-resets', grant.dir)
      .replaceAll('netdata_tcp_resets', grant.env.TCP_RESETS_INSTANCE ?? '')
      .replace(/^sleep 10.*$/m, ''),
  )
  const byHand = blocks.find(block => block.includes('mkdir')) ?? ''
  const undo = blocks.find(block => block.includes('rmdir')) ?? ''
  const [command, args] = asNobody('cat', join(grant.dir, 'sent/per_cpu/cpu0/stats'))
  const look = [command, ...args].join(' ')
  // In mounts of its own: tracefs may not be mounted here, and is not to be afterwards.
  const script = `set -eu\n${byHand}\n${look}\n${undo}`
  const { stdout, stderr, status } = spawnSync('unshare', ['--mount', 'sh', '-c', script], {
    encoding: 'utf8',
  })
  t.equal(status, 0, stderr)
  t.match(stdout, /^entries: \d+\n/)
  t.notOk(existsSync(grant.dir))
  const name = grant.env.TCP_RESETS_INSTANCE ?? ''
  t.strictSame(
    instances().filter(instance => instance.startsWith(name)),
    [],
  )
})
