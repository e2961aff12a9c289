import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** Why there can be no namespaces here; undefined where there can. */
export const noWorld =
  (process.platform !== 'linux' && 'needs Linux') ||
  (process.getuid?.() !== 0 && 'needs root to make network namespaces') ||
  undefined

/** Network namespaces with a process in each, whose command is the name. They end with the test. */
export interface World {
  /** A word that begins the names of this test alone. */
  readonly prefix: string
  /** A process, in the namespace of the test as yet. @returns its id */
  born(name: string): Promise<number>
  /** It moves to a namespace of its own. */
  leave(name: string): Promise<void>
  /** Both. @returns the process's id */
  start(name: string): Promise<number>
  /** Makes so many resets in it, each sent and received there. */
  reset(name: string, count: number): Promise<void>
  /** A second process takes over, and the first one ends. */
  outlive(name: string): Promise<number>
  end(name: string): Promise<void>
}

export function makeWorld(t: { teardown(fn: () => unknown): unknown }): World {
  const child = spawn('python3', [join(__dirname, 'world.py')], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  t.teardown(() => {
    child.stdin.end()
    return ended
  })
  const waiting: ((line: string) => void)[] = []
  createInterface(child.stdout).on('line', line => waiting.shift()?.(line))
  const order = (...words: string[]): Promise<number> =>
    new Promise((resolve, reject) => {
      waiting.push(line => resolve(Number(line.split(' ')[1])))
      child.stdin.write(`${words.join(' ')}\n`)
      ended.then(([code]) => reject(new Error(`the world ended with ${code} at: ${words.join(' ')}`)))
    })
  return {
    // A command has 15 characters at most.
    prefix: `${process.pid.toString(36)}${Math.random().toString(36).slice(2, 5)}`,
    born: name => order('born', name),
    leave: async name => void (await order('leave', name)),
    start: name => order('start', name),
    reset: async (name, count) => void (await order('reset', name, String(count))),
    outlive: name => order('outlive', name),
    end: async name => void (await order('end', name)),
  }
}
