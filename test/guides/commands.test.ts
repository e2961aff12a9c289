import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t from 'tap'

/**
 * Every command of the guides, run as a reader would paste it: each block in a shell of its own that stops at the
 * first failure and at the first variable it forgot to set.
 *
 * Each guide gets a network namespace (own addresses, own counters, own net sysctls) and a mount namespace with
 * empty /tmp, /var/tmp and /etc/sysctl.d. Nothing of it survives the guide.
 */
const GUIDES = join(__dirname, '../../guides/tcp')
/** With `tcp-resets` in it, which readers have installed. */
const DIST = join(__dirname, '../../dist')
const BLOCK_LIMIT_MS = 90_000

/** What a guide may call; a block that names one of these is skipped where the machine has no such tool. */
const TOOLS =
  'conntrack dmesg getent lsof nc nft nsenter nstat ps ss sysctl tcpdump timeout tshark uptime'.split(' ')

/** Complaints of a tool that a pipe would hide: only the last command of a pipe decides its exit code. */
const COMPLAINTS =
  /not found|no such|invalid|illegal|unknown|unrecogni[sz]ed|usage:|syntax error|aren't valid|cannot/i

interface Block {
  readonly where: string
  readonly platform: 'linux' | 'freebsd' | 'both'
  readonly notest: string | undefined
  readonly script: string
}

interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** @throws on a fence that is neither `sh`, `sh linux` nor `sh freebsd`, with or without notest="reason" */
function blocksOf(file: string): Block[] {
  const lines = readFileSync(join(GUIDES, file), 'utf8').split('\n')
  const blocks: Block[] = []
  for (let at = 0; at < lines.length; at++) {
    const fence = /^```(.*)$/.exec(lines[at] ?? '')
    if (fence === null) continue
    const where = `${file}:${at + 1}`
    const info = /^sh(?: (linux|freebsd))?(?: notest="([^"]+)")?$/.exec(fence[1] ?? '')
    if (info === null)
      throw new Error(`${where}: a fence must be sh, sh linux or sh freebsd; found: ${fence[1]}`)
    const end = lines.indexOf('```', at + 1)
    if (end < 0) throw new Error(`${where}: the fence is never closed`)
    blocks.push({
      where,
      platform: info[1] === 'linux' || info[1] === 'freebsd' ? info[1] : 'both',
      notest: info[2],
      script: `${lines.slice(at + 1, end).join('\n')}\n`,
    })
    at = end
  }
  return blocks
}

const firstLine = (text: string): string => text.split('\n')[0] ?? ''

function missingTool(script: string): string | undefined {
  const named = TOOLS.filter(tool => new RegExp(`\\b${tool}\\b`).test(script))
  return named.find(tool => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0)
}

/**
 * Runs inside the namespaces, as plain JavaScript: answers on port 8080, and while told to makes resets of closed
 * ports and of established connections, on IPv4 and IPv6.
 */
const FIXTURE = `
const net = require('node:net')
let busy = false
const server = net.createServer(socket => {
  socket.on('error', () => {})
  socket.on('data', data => socket.write(data))
})
const next = (host, port) => {
  if (!busy) return
  const socket = net.connect({ host, port })
  socket.on('error', () => {})
  socket.on('connect', () => socket.write('hello'))
  socket.on('data', () => socket.resetAndDestroy())
  socket.on('close', () => setImmediate(next, host, port))
}
server.listen(8080, '::', () => console.log('ready'))
process.stdin.on('data', word => {
  const start = String(word).includes('on') && !busy
  busy = String(word).includes('on')
  if (start) for (const host of ['127.0.0.1', '::1']) for (const port of [9, 9, 8080]) next(host, port)
})
process.stdin.on('end', () => process.exit(0))
`

// tap gives every child NODE_OPTIONS of its own, and what they name may lie below /tmp, as may the built tree.
const PREPARE = `set -e
unset NODE_OPTIONS
ip link set lo up
mount --bind "$2" /mnt
for d in /tmp /var/tmp /etc/sysctl.d; do test ! -d "$d" || mount -t tmpfs -o mode=1777 tmpfs "$d"; done
exec "$0" -e "$1"`

async function enterSandbox(): Promise<ChildProcess> {
  const child = spawn(
    'unshare',
    ['--net', '--mount', '--propagation', 'private', 'sh', '-c', PREPARE, process.execPath, FIXTURE, DIST],
    { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/', env: { PATH: process.env.PATH, NODE_OPTIONS: '' } },
  )
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the sandbox ended with ${code} before it was ready`)
  })
  if (child.stdout === null) throw new Error('no stdout')
  await Promise.race([once(child.stdout, 'data'), ended])
  ended.catch(() => {})
  return child
}

async function leaveSandbox(sandbox: ChildProcess): Promise<void> {
  const exit = once(sandbox, 'exit')
  sandbox.stdin?.end()
  await exit
}

async function run(sandbox: ChildProcess, script: string): Promise<Outcome> {
  const shell = spawn('nsenter', ['-t', String(sandbox.pid), '--net', '--mount', 'sh', '-eu'], {
    cwd: '/',
    env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin:/mnt/bin`, HOME: '/tmp', LC_ALL: 'C' },
    timeout: BLOCK_LIMIT_MS,
  })
  let stdout = ''
  let stderr = ''
  shell.stdout.on('data', chunk => {
    stdout += chunk
  })
  shell.stderr.on('data', chunk => {
    stderr += chunk
  })
  // Without resets no bounded capture would end before its time limit.
  sandbox.stdin?.write(/tcpdump -i|explain --live/.test(script) ? 'on\n' : 'off\n')
  // A reader types all of it in one shell, which keeps the name of the directory that only the reader can read.
  shell.stdin.end(`if [ -f /tmp/kept ]; then . /tmp/kept; fi\n${script}echo "D=\${D-}" >/tmp/kept\n`)
  const [code] = (await once(shell, 'close')) as [number | null]
  sandbox.stdin?.write('off\n')
  return { code, stdout, stderr }
}

/** The host's values of what the guides set: a sandbox that leaks would change them. */
function hostSettings(): string {
  const names = 'tcp_syncookies tcp_max_syn_backlog tcp_abort_on_overflow tcp_keepalive_time'.split(' ')
  const paths = ['/proc/sys/net/core/somaxconn', ...names.map(name => `/proc/sys/net/ipv4/${name}`)]
  return paths.map(path => `${path}=${readFileSync(path, 'utf8').trim()}`).join(' ')
}

function whyNotHere(): string | undefined {
  if (process.platform !== 'linux') return 'the commands for Linux need Linux'
  if (process.getuid?.() !== 0) return 'needs root: tcpdump, and a network namespace of its own'
  const probe = spawnSync('unshare', [
    '--net',
    '--mount',
    '--propagation',
    'private',
    'ip',
    'link',
    'set',
    'lo',
    'up',
  ])
  return probe.status === 0 ? undefined : 'no network namespaces here (unshare or ip failed)'
}

const guides = readdirSync(GUIDES).filter(name => name.endsWith('.md'))
const skipAll = whyNotHere()

t.test('every block is valid shell, for the other platforms too', async t => {
  t.not(guides.length, 0, 'there are guides')
  for (const block of guides.flatMap(blocksOf)) {
    const check = spawnSync('sh', ['-n'], { input: block.script, encoding: 'utf8' })
    t.equal(check.status, 0, `${block.where} ${firstLine(block.script)}`, { stderr: check.stderr })
    t.notMatch(
      block.script,
      /<[a-z][^>\n]*>|CHANGEME|YOUR_|\bxxx\b/i,
      `${block.where} can be pasted as it is`,
    )
  }
})

for (const guide of guides) {
  t.test(basename(guide, '.md'), { skip: skipAll ?? false }, async t => {
    const before = hostSettings()
    const sandbox = await enterSandbox()
    t.teardown(() => leaveSandbox(sandbox))

    for (const block of blocksOf(guide).filter(({ platform }) => platform !== 'freebsd')) {
      const tool = missingTool(block.script)
      const skip = block.notest ?? (tool === undefined ? false : `${tool} is not installed`)
      await t.test(`${block.where} ${firstLine(block.script)}`, { skip }, async t => {
        const outcome = await run(sandbox, block.script)
        t.equal(outcome.code, 0, 'exit code', { ...outcome })
        t.notMatch(outcome.stderr, COMPLAINTS, 'nothing in a pipe complains', { ...outcome })
        if (/tcpdump -i .* -c 100 /.test(block.script)) {
          t.match(outcome.stdout, /\bIP 127\.0\.0\.1\.9 > .*Flags \[R/, 'shows IPv4 resets')
          t.match(outcome.stdout, /\bIP6 ::1\.9 > .*Flags \[R/, 'shows IPv6 resets')
        }
        if (block.script.includes('explain --live')) {
          t.match(
            outcome.stdout,
            /refused:\s+nobody\s+listens\s+on\s+that\s+port/,
            'explains the resets of closed ports',
          )
        }
        if (block.script.includes('tshark -r "$D/resets.pcap"')) {
          t.match(
            outcome.stdout,
            /\b127\.0\.0\.1\b[\s\S]*::1\b|::1\b[\s\S]*\b127\.0\.0\.1\b/,
            'ranks both families',
          )
        }
      })
    }

    t.equal(hostSettings(), before, 'the settings of the host are what they were')
  })
}
