import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { EXPLAIN_OPTIONS } from '../../cli/explain/options'
import { pcapRecord } from '../explain/pcap'

// `tcp-resets explain` as people run it: the built command, on real captures.

const command = join(__dirname, '..', '..', 'dist', 'bin', 'tcp-resets')
const captures = join(__dirname, '..', 'fixtures', 'captures')
const capture = (name: string): string => join(captures, name)

const FORGED = capture('lab__inject_goes_on.client.pcap')
const MANY = capture('lab__port_reuse.client.pcap')
const TWO = capture('derived__be.pcap')
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/

function run(args: readonly string[], { input, env }: { input?: Buffer; env?: NodeJS.ProcessEnv } = {}) {
  const { status, stdout, stderr } = spawnSync(command, ['explain', ...args], {
    encoding: 'utf8',
    ...(input && { input }),
    env: { PATH: process.env.PATH, ...env },
  })
  return { status, stdout, stderr }
}

t.test('a capture: exit 0, the four words, the signs with their frames, the ladder', async t => {
  const { status, stdout, stderr } = run([FORGED])
  t.equal(status, 0)
  t.equal(stderr, '')
  for (const word of ['When', 'Who', 'Means', 'Do']) t.match(stdout, new RegExp(`^ {5}${word} `, 'm'))
  t.match(stdout, /Who {4}Probably NOT /)
  t.match(stdout, /against {2}.*#\d+/)
  t.match(stdout, /<=+ RST.*=+ #\d+ {2}\?/, 'the reset, with its doubt')
  t.match(stdout, /^when +resets +usually means$/m)
  t.match(stdout, /What to type next/)
  t.notMatch(stdout, CONTROL, 'no colours in a pipe')
})

t.test('standard input, as it comes, and several files at once', async t => {
  const file = run([TWO])
  const piped = run(['-'], { input: readFileSync(TWO) })
  t.equal(piped.status, 0)
  const unwrapped = ({ stdout }: { stdout: string }): string => stdout.replace(/\s+/g, ' ')
  const [told] = unwrapped(file).split('What to type next')
  t.ok(unwrapped(piped).startsWith(told?.replaceAll(TWO, () => 'standard input') ?? 'nothing'))
  t.match(piped.stdout, "tshark -r FILE -Y 'ip.addr == ")
  const both = run(['--json', TWO, FORGED])
  const { capture, resets } = JSON.parse(both.stdout)
  t.equal(both.status, 0)
  t.same(
    capture.files.map(({ name }: { name: string }) => name),
    [TWO, FORGED],
  )
  t.same(new Set(resets.map(({ file }: { file: number }) => file)), new Set([0, 1]))
})

t.test('JSON of version 1', async t => {
  const { status, stdout } = run(['--json', FORGED])
  t.equal(status, 0)
  const { version, capture, resets, summary } = JSON.parse(stdout)
  t.equal(version, 1)
  t.match(capture, { files: [{ name: FORGED, format: 'pcap' }], packets: Number })
  t.match(resets[0], {
    frame: Number,
    stage: String,
    from: { address: String, port: Number },
    to: { address: String, port: Number },
    sender: { is: 'somebody-else', for: Array, against: [{ sign: String, text: String }] },
  })
  t.match(summary, {
    resets: resets.length,
    byStage: Array,
    byServer: Array,
    bySender: { 'somebody-else': 1 },
  })
  t.same(JSON.parse(run(['--json', '--summary', FORGED]).stdout), { version, capture, resets: [], summary })
})

t.test('only what is asked for, and the summary of that', async t => {
  const all = JSON.parse(run(['--json', MANY]).stdout)
  const [first] = all.resets
  t.ok(all.resets.length >= 3)
  const one = JSON.parse(run(['--json', '--frame', String(first.frame), MANY]).stdout)
  t.same(
    one.resets.map(({ frame }: { frame: number }) => frame),
    [first.frame],
  )
  t.equal(one.summary.resets, 1)
  const { address, port } = first.from
  t.match(run(['--host', address, '--port', String(port), MANY]).stdout, `from ${address}:${port}`)
  t.equal(JSON.parse(run(['--json', '--limit', '2', MANY]).stdout).resets.length, 2)
  const none = run(['--stage', 'client-cancelled', MANY])
  t.match(none, { status: 0, stderr: '' })
  t.notMatch(none.stdout, /When/)
  t.notMatch(run(['--summary', MANY]).stdout, /When/)
})

t.test('no reset at all is an answer', async t => {
  t.match(run([capture('derived__empty.pcap')]), {
    status: 0,
    stderr: '',
    stdout: /0 packets[\s\S]*[Nn]o (TCP )?resets?/,
  })
})

t.test('read in part: what was whole is explained, and where it ended is said', async t => {
  for (const name of [
    'derived__cut_mid_packet.pcap',
    'derived__gz_cut.pcap.gz',
    'derived__two_files_concatenated.pcap',
  ]) {
    const { status, stdout, stderr } = run([capture(name)])
    t.equal(status, 1, name)
    t.match(stdout, /^ {5}When /m)
    t.match(
      stderr,
      new RegExp(`^tcp-resets: .*${name}: read in part, up to packet \\d+ at byte [\\d,]+: .+\\n$`),
    )
    t.match(JSON.parse(run(['--json', capture(name)]).stdout).capture.files[0].damage, {
      frame: Number,
      offset: Number,
      what: String,
    })
  }
})

t.test('what is no capture, and what is no command line', async t => {
  const dir = t.testdir({ 'log.zst': Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0]), folder: {} })
  const cases: [string[], RegExp][] = [
    [[capture('derived__text_not_pcap.pcap')], /derived__text_not_pcap\.pcap/],
    [[capture('derived__zero_bytes.pcap')], /derived__zero_bytes\.pcap.*empty/],
    [[join(dir, 'log.zst')], /log\.zst.*zstd/],
    [[join(dir, 'none.pcap')], /none\.pcap: no such file or directory$/m],
    [[join(dir, 'folder')], /folder: illegal operation on a directory$/m],
    [[], /^Usage: tcp-resets explain/],
    [['--no-such', TWO], /--no-such/],
    [['--stage', 'sometime', TWO], /--stage: expected one of copy, .*found "sometime"/],
    [['--port', '70000', TWO], /--port: expected a whole number from 1 to 65535, found "70000"/],
    [['--frame', '0', TWO], /--frame: expected a whole number from 1, found "0"/],
    [['--limit', '-1', TWO], /--limit/],
    [['--idle', 'long', TWO], /--idle: expected seconds above 0, found "long"/],
    [
      ['--host', 'db.example', TWO],
      /--host: expected an IP address \(no name is looked up\), found "db\.example"/,
    ],
    [['-', '-'], /standard input \(-\) can be read only once/],
    [['--seconds', '5', TWO], /--seconds works only with --live/],
    [['--live', TWO], /--live captures, and takes no file/],
    [['--html', TWO, TWO], /--html: .* is one of the captures to read/],
    [['--html', join(dir, 'no', 'such.html'), TWO], /--html: .*such\.html: no such file or directory$/m],
  ]
  for (const [args, message] of cases) {
    const { status, stdout, stderr } = run(args)
    t.equal(status, 2, args.join(' '))
    t.equal(stdout, '')
    t.match(stderr, message)
    if (args.length > 0) t.match(stderr, /^tcp-resets: [^\n]+\n$/, 'one line')
  }
})

t.test('colours and width are the terminal’s', async t => {
  const inTerminal = (env: string): string =>
    spawnSync('script', ['-qec', `stty columns 70; ${env} '${command}' explain '${FORGED}'`, '/dev/null'], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, TERM: 'xterm' },
    }).stdout.replaceAll('\r\n', '\n')
  const coloured = inTerminal('NO_COLOR=')
  t.match(coloured, '\x1b[31mProbably NOT')
  const plain = inTerminal('NO_COLOR=1')
  t.notMatch(plain, CONTROL)
  const ladder = plain.split('\n').filter(line => /^ +\d+\.\d{3} {2}/.test(line))
  t.ok(ladder.length > 1)
  for (const line of ladder) t.ok(line.length <= 70, line)
})

t.test('names of files are hostile text', async t => {
  const dir = t.testdir({})
  const name = '\x1b[31m<b>"\n\u202e;$(id).pcap'
  copyFileSync(FORGED, join(dir, name))
  const text = run([join(dir, name)])
  t.equal(text.status, 0)
  t.notMatch(text.stdout, CONTROL)
  t.match(text.stdout, '\\x1b[31m<b>"\\x0a\\u202e;$(id).pcap:\n')
  const json = run(['--json', join(dir, name)])
  t.notMatch(json.stdout, CONTROL)
  t.equal(JSON.parse(json.stdout).capture.files[0].name, join(dir, name))
  const page = join(dir, 'out.html')
  t.match(run(['--html', page, join(dir, name)]), { status: 0, stdout: `${page}: `, stderr: '' })
  t.match(readFileSync(page, 'utf8'), '\\x1b[31m&lt;b&gt;&quot;\\x0a\\u202e;$(id).pcap')
  const { stderr } = run([join(dir, `${name}.gone`)])
  t.match(stderr, /^tcp-resets: [^\n]+\n$/)
  t.notMatch(stderr, CONTROL)
})

t.test('Ctrl-C: what was read until then is explained, and the exit code is 130', async t => {
  const child = spawn(command, ['explain', '-'], { stdio: ['pipe', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
  })
  child.stdin.on('error', () => {})
  // More than a pipe holds: once the last of it is in, the first has been read.
  const empty = pcapRecord({ bytes: new Uint8Array(60_000) })
  const others = Buffer.concat(Array<Buffer>(50).fill(empty))
  await new Promise(resolve => child.stdin.write(Buffer.concat([readFileSync(FORGED), others]), resolve))
  child.kill('SIGINT')
  const [code] = await once(child, 'close')
  t.equal(code, 130)
  t.match(stdout, /Probably NOT/)
  t.match(
    stderr,
    /^tcp-resets: standard input: read in part, up to packet \d+ at byte [\d,]+: it was interrupted$/m,
  )
})

t.test('a reader that has seen enough', async t => {
  const { status, stderr } = spawnSync(
    'bash',
    ['-c', `set -o pipefail; '${command}' explain --json '${MANY}' | head -c 1 >/dev/null`],
    {
      encoding: 'utf8',
    },
  )
  t.equal(stderr, '')
  t.equal(status, 0)
})

t.test('a reader that is slow gets all of it', async t => {
  const child = spawn(command, ['explain', '--json', ...Array<string>(40).fill(MANY)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // The pipe is full long before the command has said all.
  await once(child.stdout, 'readable')
  await new Promise(setImmediate)
  let json = ''
  for await (const piece of child.stdout.setEncoding('utf8')) json += piece
  t.ok(json.length > 200_000)
  t.ok(JSON.parse(json).resets.length >= 120)
})

t.test('a page of one file', async t => {
  const dir = t.testdir({})
  const page = join(dir, 'report.html')
  t.match(run(['--html', page, FORGED]), { status: 0, stderr: '' })
  t.ok(existsSync(page))
  const html = readFileSync(page, 'utf8')
  t.match(html, /<svg class="ladder"/)
  t.notMatch(html, /<script|https?:\/\/(?!www\.w3\.org)/)
})

t.test('the documentation has every option', async t => {
  const { status, stdout } = run(['--help'])
  t.equal(status, 0)
  const page = readFileSync(join(__dirname, '..', '..', 'docs', 'explain.md'), 'utf8')
  const documented = [...page.matchAll(/^\| .*$/gm)].flatMap(
    ([row]) => row.split('|')[1]?.match(/--[a-z]+/g) ?? [],
  )
  const options = Object.keys(EXPLAIN_OPTIONS)
  for (const option of options) t.match(stdout, new RegExp(`^  (-., )?--${option} `, 'm'))
  t.same(
    documented.sort(),
    options
      .filter(option => option !== 'help')
      .map(option => `--${option}`)
      .sort(),
  )
})
