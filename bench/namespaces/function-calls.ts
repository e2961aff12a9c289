import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { inSlices } from '../../plugin/in-slices'
import { portOwners } from '../../plugin/sources/port-owners'
import { dist } from '../../scripts/build'
import { readTable } from '../../test/tracing/call-function'
import { asNobody, makeGrant, whyNoTracing } from '../../test/tracing/grant'

const RESETS = 20
const CALLS = 3
/** After this the owners are looked for again. */
const FORGOTTEN_MS = 11_000
/** More than a machine may take. */
export const MADE_UP = 50_000

/** Of a plugin beside many namespaces and processes: milliseconds that a tick can come later at most. */
interface CallCost {
  /** By what it does anyway. */
  readonly without: number
  /** In a time with calls. */
  readonly withCalls: number
  /** The slowest answer. */
  readonly answer: number
}

/**
 * Calls of the Function that look for the owner of a port among all processes.
 *
 * @param namespaces of the world around, which the plugin has to know first
 * @returns why there are none, where there are none
 */
export async function callFunction(namespaces: number): Promise<CallCost | string> {
  const missing = whyNoTracing()
  if (missing !== undefined) return missing
  const address = Object.values(networkInterfaces())
    .flatMap(all => all ?? [])
    .find(({ internal }) => !internal)?.address
  if (address === undefined) return 'needs an address that is not loopback'
  const folder = mkdtempSync(join(tmpdir(), 'tcp-resets-calls-'))
  const grant = makeGrant()
  grant.grant()
  writeFileSync(join(folder, 'tcp_resets.conf'), grant.config)
  chmodSync(folder, 0o755)
  const [command, args] = asNobody(
    process.execPath,
    '--require',
    join(__dirname, 'turns.cjs'),
    join(dist, 'plugins.d/tcp_resets.plugin'),
    '1',
  )
  const child = spawn(command, args, {
    env: { PATH: process.env.PATH, NETDATA_USER_CONFIG_DIR: folder, NETDATA_LOG_LEVEL: 'notice' },
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
  })
  const server = createServer(socket => socket.on('error', () => {})).listen(0, address)
  try {
    await once(server, 'listening')
    const values = new Map<string, number>()
    let said: string[] = []
    const lines = createInterface(child.stdout as Readable)
    lines.on('line', line => {
      said.push(line)
      const [word, name = '', , value] = line.split(' ')
      if (word === 'SET') values.set(name, Number(value))
    })
    const shown = (): number => (values.get('own_chart') ?? 0) + (values.get('summed') ?? 0)
    while (shown() < namespaces) await once(lines, 'line')
    const told = createInterface(child.stdio[3] as Readable)
    const longest = async (meanwhile: () => Promise<unknown>): Promise<number> => {
      child.stdin?.write('look\n')
      await meanwhile()
      child.stdin?.write('tell\n')
      const [line] = await once(told, 'line')
      return Number(line)
    }
    const without = await longest(() => sleep(CALLS * FORGOTTEN_MS))
    await abortConnections(server)
    // Until the tick has read them.
    await sleep(3000)
    let answer = 0
    const call = async (number: number): Promise<void> => {
      const start = performance.now()
      child.stdin?.write(`FUNCTION ${number} 60 "tcp-resets"\n`)
      said = []
      while (!said.includes('FUNCTION_RESULT_END')) await once(lines, 'line')
      const begin = said.findIndex(line => line.startsWith('FUNCTION_RESULT_BEGIN'))
      const text = said.slice(begin + 1, said.indexOf('FUNCTION_RESULT_END')).join('')
      answer = Math.max(answer, performance.now() - start)
      // The bench would measure nothing.
      if (!readTable(text).rows.some(({ User }) => User === 'root')) throw new Error(`no owner in ${text}`)
      await sleep(FORGOTTEN_MS)
    }
    const withCalls = await longest(async () => {
      for (let number = 0; number < CALLS; number++) await call(number)
    })
    return { without, withCalls, answer }
  } finally {
    const exit = once(child, 'exit')
    child.stdin?.end()
    await exit
    server.close()
    await grant.remove()
    rmSync(folder, { recursive: true })
  }
}

/** To a server, whose port the kernel's trace tells then. */
async function abortConnections(server: Server): Promise<void> {
  const { port, address } = server.address() as AddressInfo
  for (let i = 0; i < RESETS; i++) {
    const accepted = once(server, 'connection')
    const socket = connect(port, address)
    const [[peer]] = await Promise.all([accepted, once(socket, 'connect')])
    const ended = new Promise(done => peer.on('close', done))
    socket.resetAndDestroy()
    await ended
  }
}

/**
 * The search for the owner of a port through MADE_UP processes that are only folders.
 *
 * @returns milliseconds of CPU time of its longest turn
 */
export async function searchMadeUp(): Promise<number> {
  const host = mkdtempSync(join(tmpdir(), 'tcp-resets-processes-'))
  try {
    mkdirSync(join(host, 'proc/net'), { recursive: true })
    symlinkSync('/proc/self/net/tcp', join(host, 'proc/net/tcp'))
    for (let pid = 1; pid <= MADE_UP; pid++) mkdirSync(join(host, `proc/${pid}/fd`), { recursive: true })
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    let longest = 0
    let before = process.cpuUsage()
    let looking = true
    const turn = (): void => {
      const { user, system } = process.cpuUsage(before)
      longest = Math.max(longest, (user + system) / 1000)
      before = process.cpuUsage()
      if (looking) setImmediate(turn)
    }
    setImmediate(turn)
    const search = portOwners(host, { mayHaveOthers: () => false, patience: 60_000 })
    await inSlices(search([{ port }]))
    looking = false
    server.close()
    return longest
  } finally {
    rmSync(host, { recursive: true })
  }
}
