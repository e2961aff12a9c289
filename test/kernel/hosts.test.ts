import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { makeHosts, whyNoHosts } from './hosts'

const why = whyNoHosts()

const namespaces = (prefix: string): string[] =>
  execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' })
    .split('\n')
    .filter(line => line.startsWith(prefix))

t.test('two hosts reach each other, and go away with what runs in them', { skip: why ?? false }, async t => {
  const hosts = makeHosts()
  t.teardown(hosts.remove)
  const ping = (address: string): void => {
    const connect = `import socket; socket.create_connection(('${address}', 9), 2)`
    const argv = ['netns', 'exec', hosts.a.namespace, '/usr/bin/python3', '-c', connect]
    t.throws(() => execFileSync('ip', argv, { stdio: 'pipe' }), { message: /Connection refused/ }, address)
  }
  ping(hosts.b.ipv4)
  ping(hosts.b.ipv6)

  const sleeper = spawn('ip', ['netns', 'exec', hosts.b.namespace, 'sleep', '60'])
  await once(sleeper, 'spawn')
  await hosts.remove()
  t.strictSame(namespaces(hosts.a.namespace), [])
  t.strictSame(namespaces(hosts.b.namespace), [])
  if (sleeper.exitCode === null && sleeper.signalCode === null) await once(sleeper, 'exit')
  t.equal(sleeper.signalCode, 'SIGKILL')
})

t.test('a killed run leaves nothing behind', { skip: why ?? false }, async t => {
  const script = `
    const { makeHosts } = require(${JSON.stringify(join(__dirname, 'hosts.ts'))})
    console.log(makeHosts().a.namespace)
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--import=tsx', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [name] = await once(child.stdout.setEncoding('utf8'), 'data')
  t.equal(namespaces(name.trim()).length, 1, 'it made its hosts')
  child.kill('SIGKILL')
  await once(child, 'exit')
  for (let tries = 0; tries < 300 && namespaces(name.trim()).length > 0; tries += 1) await sleep(100)
  t.strictSame(namespaces(name.trim()), [])
})
