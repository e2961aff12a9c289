/**
 * Two hosts for real traffic: network namespaces joined by a veth pair, with nftables counting RST packets.
 * Needs root, iproute2 and nftables. Names hold the process id and a random part: runs do not meet.
 */
import { execFileSync, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { join } from 'node:path'

export type Host = {
  /** As `ip netns` knows it. */
  readonly namespace: string
  readonly ipv4: string
  readonly ipv6: string
}

export type Hosts = {
  readonly a: Host
  readonly b: Host
  /** Ends whatever still runs in the namespaces and removes them. Happens by itself when this process dies. */
  readonly remove: () => Promise<void>
}

const RULES = join(__dirname, 'hosts.nft')

/** Interpreter that has Debian's scapy; another python3 may come first on PATH. */
export const PYTHON = '/usr/bin/python3'

const say = (tried: SpawnSyncReturns<string>): string =>
  (tried.error?.message ?? tried.stderr.trim().split('\n').at(-1)) || `exit ${tried.status}`

/** Why this machine cannot have such hosts, or undefined when it can. */
export const whyNoHosts = (): string | undefined => {
  if (process.platform !== 'linux') return 'network namespaces need Linux'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  const needs: [string, ...string[]][] = [
    ['nft', '--check', '--file', RULES],
    ['ip', '-Version'],
    ['unshare', '--net', 'true'],
    [PYTHON, '-c', 'import scapy.layers.inet'],
  ]
  for (const [command, ...args] of needs) {
    const tried = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000 })
    if (tried.status !== 0) return `${[command, ...args].join(' ')}: ${say(tried)}`
  }
  return undefined
}

const ip = (...args: string[]): void => {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/**
 * A shell in its own session that waits for its stdin to close, which also happens when this process is killed,
 * and then removes the namespaces with what runs in them.
 */
export const guard = (...namespaces: string[]): (() => Promise<void>) => {
  const script = `
    cat > /dev/null
    for namespace; do
      for pid in $(ip netns pids "$namespace"); do kill -KILL "$pid"; done
      ip netns delete "$namespace"
    done`
  const child = spawn('sh', ['-c', script, 'guard', ...namespaces], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  // It must not hold this process back: the pipe closes when this process ends, whatever ends it.
  child.unref()
  if (child.stdin instanceof Socket) child.stdin.unref()
  return async () => {
    if (child.exitCode !== null) return
    child.ref()
    child.stdin.end()
    await once(child, 'exit')
  }
}

export const makeHosts = (): Hosts => {
  const name = `tcp-resets-${process.pid}-${randomBytes(3).toString('hex')}`
  // Not the same for two runs at once: the kernel's trace tells addresses, and not of which namespace.
  const [net, subnet] = [randomInt(64, 256), randomInt(256)]
  const host = (letter: string, number: number): Host & { mac: string } => ({
    namespace: `${name}-${letter}`,
    ipv4: `10.${net}.${subnet}.${number}`,
    ipv6: `fd09:${net.toString(16)}:${subnet.toString(16)}::${number}`,
    mac: `02:00:0a:09:00:0${number}`,
  })
  const [a, b] = [host('a', 1), host('b', 2)]
  const remove = guard(a.namespace, b.namespace)
  ip('netns', 'add', a.namespace)
  ip('netns', 'add', b.namespace)
  const near = ['link', 'add', 'veth0', 'address', a.mac, 'type', 'veth']
  ip('-netns', a.namespace, ...near, 'peer', 'name', 'veth0', 'address', b.mac, 'netns', b.namespace)
  for (const [{ namespace, ipv4, ipv6 }, peer] of [
    [a, b],
    [b, a],
  ] as const) {
    const inside = ['-netns', namespace]
    ip(...inside, 'link', 'set', 'lo', 'up')
    ip(...inside, 'address', 'add', `${ipv4}/24`, 'dev', 'veth0')
    // Neither duplicate address detection nor a link-local address: both would hold IPv6 up.
    ip(...inside, 'link', 'set', 'veth0', 'addrgenmode', 'none')
    ip(...inside, 'address', 'add', `${ipv6}/64`, 'dev', 'veth0', 'nodad')
    ip(...inside, 'link', 'set', 'veth0', 'up')
    // Nothing to resolve: a lost first packet would be a second of waiting.
    for (const address of [peer.ipv4, peer.ipv6]) {
      ip(...inside, 'neighbour', 'add', address, 'lladdr', peer.mac, 'dev', 'veth0', 'nud', 'permanent')
    }
    ip('netns', 'exec', namespace, 'nft', '--file', RULES)
  }
  return { a, b, remove }
}
