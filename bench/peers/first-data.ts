import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Contender } from './contenders'
import { type Running, start } from './running'
import { scrape } from './scrape'

const PATIENCE_MS = 20_000

/** Starts a program and waits for its first data. Milliseconds; undefined where that can't be seen from outside. */
export async function timeToFirstData(contender: Contender): Promise<number | undefined> {
  const from = performance.now()
  const running = start(contender.command, contender.args, contender.env)
  try {
    const there = firstData(running, contender)
    if (there === undefined) return undefined
    await Promise.race([there, tooLate(running, contender.name)])
    return performance.now() - from
  } finally {
    await running.stop()
  }
}

function firstData(running: Running, { firstData: pattern, url }: Contender): Promise<void> | undefined {
  if (url !== undefined) return answered(url)
  if (pattern === undefined) return undefined
  let text = ''
  return new Promise(resolve => {
    running.stdout.setEncoding('utf8').on('data', more => {
      text += more
      if (pattern.test(text)) resolve()
    })
  })
}

async function answered(url: string): Promise<void> {
  const agent = new Agent()
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await sleep(2)) {
    try {
      return await scrape(url, agent)
    } catch {
      // Not there yet.
    }
  }
}

async function tooLate(running: Running, name: string): Promise<never> {
  await Promise.race([running.ended, sleep(PATIENCE_MS, undefined, { ref: false })])
  throw new Error(`${name} gave no data: ${running.complaint().trim().split('\n').at(-1)}`)
}
