import { once } from 'node:events'
import type { Figure } from '../cost'
import { median } from '../median'
import { startNode, startPlugin, stop } from './processes'

const ROUNDS = 15
const GOAL_MS = 150

/** From the start of the process to the first BEGIN, next to a Node that ends at once. */
export async function measureStart(): Promise<readonly Figure[]> {
  const plugin: number[] = []
  const node: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    plugin.push(await untilBegin())
    node.push(await untilEnd())
  }
  const more = median(plugin) - median(node)
  return [
    {
      what: 'Start to first data',
      plugin: `${median(plugin).toFixed(0)} ms`,
      peer: `${median(node).toFixed(0)} ms (node -e 0)`,
      distance: `+${more.toFixed(0)} ms`,
      goal: { text: `at most +${GOAL_MS} ms`, met: more <= GOAL_MS },
    },
  ]
}

async function untilBegin(): Promise<number> {
  const from = performance.now()
  const running = startPlugin()
  let text = ''
  const begin = new Promise<number>(resolve => {
    running.child.stdout.setEncoding('utf8').on('data', more => {
      text += more
      if (/^BEGIN /m.test(text)) resolve(performance.now() - from)
    })
  })
  const ended = once(running.child, 'exit').then(() => {
    throw new Error(`the plugin ended before its first BEGIN:\n${text}`)
  })
  ended.catch(() => {}) // as it does later, when it is stopped
  const milliseconds = await Promise.race([begin, ended])
  await stop(running)
  return milliseconds
}

async function untilEnd(): Promise<number> {
  const from = performance.now()
  const { child } = startNode('-e', '0')
  await once(child, 'exit')
  return performance.now() - from
}
