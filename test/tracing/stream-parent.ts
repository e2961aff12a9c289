/**
 * A parent that a real agent streams to, as much of one as it takes to call the Functions of the agent's plugins.
 * Debian's agent, 1.37, refuses /api/v1/function to all but Netdata Cloud; to its parent it answers. So do those from 2
 * on, by the rights that the parent says the caller has. What the parent says and hears: streaming/sender.c of 1.37 and
 * src/streaming/stream-sender-execute.c of 2.11.
 */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { readTable, type Table } from './call-function'

export interface StreamParent {
  /** The stream.conf of the agent that is to stream here. */
  readonly config: string
  /** Names of the functions that the agent has told of so far. */
  functions(): readonly string[]
  /**
   * Calls a function once the agent has connected; rejects after `patience` milliseconds.
   *
   * @param payload JSON, for agents from 2 on
   */
  call(
    words: string,
    patience?: number,
    payload?: string,
  ): Promise<{ readonly status: number; readonly body: string }>
  table(): Promise<Table>
  stop(): Promise<void>
}

const VCAPS = 1 << 6
const HOST_LABELS = 1 << 7
const CHART_LABELS = 1 << 9
const FUNCTIONS = 1 << 11
/** Without compression and replication: plain lines. */
const GREETING = `Hit me baby, push them over with the version=${VCAPS | HOST_LABELS | CHART_LABELS | FUNCTIONS}`

export async function startStreamParent(): Promise<StreamParent> {
  const functions = new Set<string>()
  const answers = new Map<string, (answer: { status: number; body: string }) => void>()
  let greet: (agent: Socket) => void
  const agent = new Promise<Socket>(resolve => {
    greet = resolve
  })
  let open: { transaction: string; status: number; lines: string[] } | undefined
  const take = (line: string): void => {
    if (line === 'FUNCTION_RESULT_END') {
      if (open) answers.get(open.transaction)?.({ status: open.status, body: open.lines.join('\n') })
      open = undefined
    } else if (open) open.lines.push(line)
    else {
      const words = line.match(/"[^"]*"|\S+/g)?.map(word => word.replaceAll('"', '')) ?? []
      if (words[0] === 'FUNCTION_RESULT_BEGIN') {
        open = { transaction: words[1] ?? '', status: Number(words[2]), lines: [] }
      }
      if (words[0] === 'FUNCTION') functions.add(words[words[1] === 'GLOBAL' ? 2 : 1] ?? '')
    }
  }

  const server = createServer(socket => {
    let text = ''
    let greeted = false
    socket.setEncoding('utf8').on('error', () => {})
    socket.on('data', chunk => {
      text += chunk
      if (!greeted && text.startsWith('GET ')) {
        // Agents from 2 on ask first what this parent is. Those that don't tell are taken for old ones.
        socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
      } else if (!greeted && text.includes('\r\n\r\n')) {
        greeted = true
        text = ''
        socket.write(GREETING)
      } else if (greeted) {
        // Not before: a call that comes in one piece with the greeting makes it a greeting of nobody.
        greet(socket)
        const lines = text.split('\n')
        text = lines.pop() ?? ''
        lines.forEach(take)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  const call: StreamParent['call'] = async (words, patience = 30_000, payload) => {
    const socket = await agent
    const transaction = randomUUID().replaceAll('-', '') // agents from 2 on put another in place of what is none
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${words}: no answer in ${patience} ms`)), patience)
      answers.set(transaction, answer => {
        clearTimeout(late)
        answers.delete(transaction)
        resolve(answer)
      })
      // With all rights, as of one who is signed in; 1.37 passes over them.
      const line = `${transaction} 10 "${words}" "0x7ff" "test"`
      socket.write(
        payload === undefined
          ? `FUNCTION ${line}\n`
          : `FUNCTION_PAYLOAD ${line} "application/json"\n${payload}\nFUNCTION_PAYLOAD_END\n`,
      )
    })
  }

  return {
    config: [
      '[stream]',
      '  enabled = yes',
      `  destination = tcp:127.0.0.1:${port}`,
      '  api key = 11111111-2222-3333-4444-555555555555',
      '  reconnect delay seconds = 1',
    ].join('\n'),
    functions: () => [...functions],
    call,
    async table() {
      const { status, body } = await call('tcp-resets')
      if (status !== 200) throw new Error(`status ${status}: ${body}`)
      return readTable(body)
    },
    async stop() {
      server.close()
      void agent.then(socket => socket.destroy())
    },
  }
}
