import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { ask } from '../../cli/agent/ask'

// Anybody may listen on the agent's port while the agent does not.

async function serve(
  t: { teardown(fn: () => unknown): unknown },
  answer: (to: ServerResponse) => void,
): Promise<string> {
  const server: Server = createServer((_, to) => answer(to)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('an answer, and the connection that it came over', async t => {
  const url = await serve(t, to => to.end('hello'))
  const met: number[] = []
  const answer = await ask(url, '/', ({ remote }) => met.push(remote.port))
  t.match(answer, { status: 200, body: 'hello' })
  t.strictSame(met, [Number(new URL(url).port)])
})

t.test('one that never ends is given up, however much life it shows', async t => {
  let timer: NodeJS.Timeout | undefined
  t.teardown(() => clearInterval(timer))
  const url = await serve(t, to => {
    to.writeHead(200)
    timer = setInterval(() => to.write('.'), 100)
  })
  t.equal(await ask(url, '/'), undefined)
})

t.test('one that is too long is given up, and does not fill the memory', async t => {
  let sent = 0
  const url = await serve(t, to => {
    const part = Buffer.alloc(1024 * 1024, 'x')
    const more = (): void => {
      while (!to.destroyed && to.write(part)) sent++
      sent++
    }
    to.on('drain', more)
    more()
  })
  t.equal(await ask(url, '/'), undefined)
  t.ok(sent < 64, `${sent} MiB were sent`)
})

t.test('nobody, and one who hangs up', async t => {
  t.equal(await ask('http://127.0.0.1:1', '/'), undefined)
  t.equal(await ask(await serve(t, to => to.destroy()), '/'), undefined)
})
