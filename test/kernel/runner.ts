/** The Python process that acts out scenarios between two hosts, see run_scenarios.py. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Hosts, PYTHON } from './hosts'

export type Letter = 'A' | 'B'

/** Name of a kernel or nftables counter → by how much. */
export type Movement = Readonly<Record<string, number>>

export type Ran = {
  readonly name: string
  readonly ok: boolean
  /** Python's traceback, when not ok. */
  readonly error?: string
  readonly seconds: number
  /** Tcp: and TcpExt:, only what moved. */
  readonly counters: Readonly<Record<Letter, Movement>>
  /** RST packets by direction and family, only what moved. */
  readonly wire: Readonly<Record<Letter, Movement>>
}

export type Skipped = { readonly name: string; readonly skipped: string }

export type Runner = {
  /** Acts one scenario out and says what moved; after it nothing moves by itself. One at a time. */
  readonly run: (name: string) => Promise<Ran | Skipped>
  readonly stop: () => Promise<void>
}

export const startRunner = (hosts: Hosts, table: string): Runner => {
  const program = join(__dirname, 'run_scenarios.py')
  const both = [hosts.a, hosts.b].flatMap(({ namespace, ipv4, ipv6 }) => [namespace, ipv4, ipv6])
  const child = spawn(PYTHON, ['-B', program, table, ...both], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()

  const ask = async (line: string): Promise<unknown> => {
    child.stdin.write(`${line}\n`)
    const answer = await answers.next()
    if (answer.done) throw new Error(`run_scenarios.py ended while it was asked for ${line}`)
    return JSON.parse(answer.value)
  }
  return {
    run: async name => (await ask(name)) as Ran | Skipped,
    stop: async () => {
      child.stdin.end()
      await exited
    },
  }
}
