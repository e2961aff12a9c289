import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Parser, type Result } from 'tap-parser'
import { build, root } from './build'
import { ensurePackages } from './debian-packages'
import { fetchNodes } from './node-binaries'
import { fetchTelegramParser } from './telegram-parser'

// `npm test`: sets up what the tests need, then lint, types, unused code, spelling, tests and coverage. What was
// skipped comes last, with the reason.

/** Commands and files that the tests use, and the Debian packages that have them. */
const PACKAGES = {
  '/usr/bin/cpio': 'cpio',
  '/bin/busybox': 'busybox-static',
  chromium: 'chromium',
  conntrack: 'conntrack',
  curl: 'curl',
  debootstrap: 'debootstrap',
  faketime: 'faketime',
  ip: 'iproute2',
  lintian: 'lintian',
  lsof: 'lsof',
  nc: 'netcat-openbsd',
  netdata: 'netdata',
  nft: 'nftables',
  openssl: 'openssl',
  pgrep: 'procps',
  ping: 'iputils-ping',
  'qemu-system-x86_64': 'qemu-system-x86',
  python3: 'python3',
  '/usr/lib/python3/dist-packages/fusepy.py': 'python3-fusepy',
  '/usr/lib/python3/dist-packages/scapy/__init__.py': 'python3-scapy',
  ss: 'iproute2',
  'systemd-nspawn': 'systemd-container',
  tcpdump: 'tcpdump',
  tshark: 'tshark',
}

/** Lines of plugin/ that the tests run inside their own process. What only the built plugin runs does not count. */
const COVERAGE_FLOOR = 90

/** What is checked besides the tests. */
const CHECKS = [
  { title: 'Lint and format', command: 'biome', args: ['ci', '--error-on-warnings', '--colors=off'] },
  { title: 'Types', command: 'tsc', args: ['--noEmit'] },
  { title: 'Exports and files that nobody uses', command: 'knip', args: [] },
  {
    title: 'Spelling (words of the field go into spelling.txt)',
    command: 'cspell',
    args: ['--no-progress', '--no-summary', '--no-color'],
  },
] as const

const bin = (name: string): string => join(root, 'node_modules', '.bin', name)

/** Runs a command with its output shown. */
function run(title: string, command: string, args: readonly string[]): boolean {
  console.log(`# ${title}`)
  return spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0
}

interface Outcome {
  passed: number
  failed: number
  skipped: string[]
}

/** Runs tap with its output shown, and reads along. */
async function runTap(files: readonly string[]): Promise<Outcome & { tests: boolean }> {
  console.log('# Tests')
  const outcome: Outcome = { passed: 0, failed: 0, skipped: [] }
  const parser = new Parser()
  count(parser, [], outcome)
  const options = ['--reporter=tap', '--allow-incomplete-coverage', '--allow-empty-coverage']
  const tap = spawn(bin('tap'), [...options, '--coverage-report=json-summary', ...files], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  tap.stdout.pipe(parser)
  tap.stdout.pipe(process.stdout, { end: false })
  const [code] = await once(tap, 'close')
  return { tests: code === 0, ...outcome }
}

/**
 * Counts assertions as tap does: without the lines that sum up a nested test, unless one says that the test itself
 * broke (a crash, a time-out). And notes what was skipped.
 */
function count(parser: Parser, names: readonly string[], outcome: Outcome): void {
  let failedBefore: number | undefined
  parser.on('child', (child: Parser) => {
    failedBefore = outcome.failed
    count(child, [...names, child.name], outcome)
  })
  parser.on('assert', (result: Result) => {
    const sumsUp = failedBefore !== undefined
    const alreadyCounted = sumsUp && (result.ok || outcome.failed > (failedBefore ?? 0))
    failedBefore = undefined
    if (result.skip) {
      const reason = result.skip === true ? 'no reason given' : result.skip
      outcome.skipped.push(`${[...names, result.name].join(' > ')}: ${reason}`)
    } else if (!alreadyCounted) outcome[result.ok ? 'passed' : 'failed']++
  })
}

function coverage(): number {
  const summary = JSON.parse(readFileSync(join(root, '.tap', 'report', 'coverage-summary.json'), 'utf8'))
  return summary.total.lines.pct
}

async function main(): Promise<number> {
  const { missing } = ensurePackages(PACKAGES)
  fetchNodes()
  fetchTelegramParser()
  await build()

  const broken = CHECKS.filter(({ title, command, args }) => !run(title, bin(command), args))
  // tap puts its own parts together once; its first run fails if it has to do that by itself.
  run('The parts of tap', bin('tap'), ['build'])
  const { tests, passed, failed, skipped } = await runTap(process.argv.slice(2))
  const lines = process.argv.length > 2 ? 100 : coverage()

  if (missing.length > 0) console.log(`# Not installed, so some tests were skipped: ${missing.join(', ')}`)
  for (const reason of skipped) console.log(`# Skipped: ${reason}`)
  for (const { title } of broken) console.log(`# Failed, see above: ${title}`)
  if (lines < COVERAGE_FLOOR) console.log(`# Coverage is ${lines} % of lines, below ${COVERAGE_FLOOR} %`)
  // A file that crashed or timed out has failed, whatever its assertions say.
  const otherFaults =
    broken.length + [tests || failed > 0, lines >= COVERAGE_FLOOR].filter(good => !good).length
  console.log(`${passed} passed, ${failed + otherFaults} failed, ${skipped.length} skipped`)
  return failed + otherFaults === 0 ? 0 : 1
}

main().then(
  code => {
    process.exitCode = code
  },
  error => {
    console.error(error)
    console.log('0 passed, 1 failed')
    process.exitCode = 1
  },
)
