import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { plugin } from './built-plugin'

/** What netstat of FreeBSD 14 prints; no counter has the value of another. */
export const NETSTAT_14 = 'outputs/14s-20241026.distinct.json'

export const fixture = (name: string): string =>
  readFileSync(join(__dirname, 'fixtures', 'freebsd', name), 'latin1')

/** A program called netstat that does as it is told, and one called uname. */
export interface StandIn {
  /** The directory that it is in, for a PATH. */
  readonly bin: string
  readonly file: string
  /** From its next run on: a line of shell. */
  does(line: string): void
  /** From its next run on: prints this. */
  prints(text: string): void
  /** What `uname -K` says from now on, and `uname -U`. */
  releases(kernel: string, userland: string): void
  /** The arguments of each run of netstat, and `overlap` where the one before had not ended. */
  runs(): string[]
  /** The process of the latest run. */
  pid(): number
  /** A program that is the built plugin as it runs on FreeBSD, with this netstat first on its PATH. */
  readonly plugin: string
}

export function standInNetstat(t: { testdir(): string }): StandIn {
  const dir = t.testdir()
  const bin = join(dir, 'bin')
  const file = join(bin, 'netstat')
  mkdirSync(bin)
  writeFileSync(
    file,
    `#!/bin/sh
cd ${dir}
test -e pid && kill -0 "$(cat pid)" 2>/dev/null && echo overlap >> runs
echo "$@" >> runs
echo $$ > pid
. ./does
`,
  )
  chmodSync(file, 0o755)
  writeFileSync(
    join(bin, 'uname'),
    `#!/bin/sh
test "$UNAME_K$UNAME_U" && exit 64
case "$*" in -K|-U) exec cat "${dir}/uname$*";; esac
exit 64
`,
    { mode: 0o755 },
  )
  const wrapped = join(dir, 'tcp_resets.plugin')
  writeFileSync(
    wrapped,
    `#!/bin/sh
unset NODE_OPTIONS
PATH="${bin}:$PATH" exec ${process.execPath} -r ${join(__dirname, 'platform-freebsd.cjs')} ${plugin} "$@"
`,
  )
  chmodSync(wrapped, 0o755)
  /** Never half of it, for the program that reads it at the same time. */
  const write = (name: string, text: string): void => {
    writeFileSync(join(dir, `${name}.new`), text, 'latin1')
    renameSync(join(dir, `${name}.new`), join(dir, name))
  }
  const standIn: StandIn = {
    bin,
    file,
    does: line => write('does', `${line}\n`),
    prints(text) {
      write('output', text)
      standIn.does('exec cat output')
    },
    releases(kernel, userland) {
      write('uname-K', `${kernel}\n`)
      write('uname-U', `${userland}\n`)
    },
    runs: () =>
      existsSync(join(dir, 'runs')) ? readFileSync(join(dir, 'runs'), 'utf8').trim().split('\n') : [],
    plugin: wrapped,
    pid: () => Number(readFileSync(join(dir, 'pid'), 'utf8')),
  }
  standIn.prints(fixture(NETSTAT_14))
  standIn.releases('1401000', '1401000')
  return standIn
}

/** The output of netstat as JSON with other values of some counters, by their last key. */
export function withCounters(values: Readonly<Record<string, bigint | number>>): string {
  return Object.entries(values).reduce(
    (text, [key, value]) => text.replace(new RegExp(`("${key}":)\\d+`), `$1${value}`),
    fixture(NETSTAT_14),
  )
}

/** Whether a process still runs; one that nobody has asked for its exit code yet does not. */
export function isRunning(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', `${pid}`], { encoding: 'utf8' })
  return /^[^Z]/.test(stdout.trim())
}
