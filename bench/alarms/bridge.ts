import { execFileSync } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { guard } from '../../test/kernel/hosts'

/** Containers on the bridge of a host, each a network namespace that `ip netns` knows by its name. */
export interface Bridge {
  /** Begins the names of all of its namespaces, and of no others. */
  readonly prefix: string
  readonly host: string
  /** Adds a container. @returns its namespace and its address */
  add(name: string): { readonly namespace: string; readonly address: string }
  /** Ends what runs in them, and removes them. */
  remove(): Promise<void>
}

/** @param names of all containers that there will be */
export function makeBridge(names: readonly string[]): Bridge {
  const prefix = `b${process.pid.toString(36)}${randomBytes(1).toString('hex')}`
  const network = `10.${randomInt(64, 256)}.${randomInt(256)}`
  const namespaceOf = (name: string): string => `${prefix}-${name}`
  const host = namespaceOf('host')
  const remove = guard(host, ...names.map(namespaceOf))
  const ip = (...args: string[]): void => {
    execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  }
  ip('netns', 'add', host)
  for (const args of [
    ['link', 'set', 'lo', 'up'],
    ['link', 'add', 'bridge', 'type', 'bridge'],
    ['address', 'add', `${network}.254/24`, 'dev', 'bridge'],
    ['link', 'set', 'bridge', 'up'],
  ]) {
    ip('-netns', host, ...args)
  }
  let count = 0
  return {
    prefix,
    host,
    add(name) {
      const [namespace, port, address] = [namespaceOf(name), `port${++count}`, `${network}.${count}`]
      ip('netns', 'add', namespace)
      ip('-netns', host, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace)
      ip('-netns', host, 'link', 'set', port, 'master', 'bridge', 'up')
      ip('-netns', namespace, 'link', 'set', 'lo', 'up')
      ip('-netns', namespace, 'address', 'add', `${address}/24`, 'dev', 'eth0')
      ip('-netns', namespace, 'link', 'set', 'eth0', 'up')
      return { namespace, address }
    },
    remove,
  }
}
