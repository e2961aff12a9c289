import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'

/** Why there can be no namespaces here; undefined where there can. */
export const noWorld =
  (process.platform !== 'linux' && 'needs Linux') ||
  (process.getuid?.() !== 0 && 'needs root to make network namespaces') ||
  undefined

/** Where there can be cgroups that tell the owner: systemd's own hierarchy of version 1, or that of version 2. */
const cgroups = ['/sys/fs/cgroup/systemd', '/sys/fs/cgroup'].find(folder => {
  try {
    accessSync(join(folder, 'cgroup.procs'), constants.W_OK)
    return true
  } catch {
    return false
  }
})
/** Why there can be no cgroups here; undefined where there can. */
export const noCgroups = noWorld ?? (cgroups === undefined ? 'needs cgroups that can be written' : undefined)

/** Network namespaces with a process in each, whose command is the name. They end with the test. */
export interface World {
  /** A word that begins the names of this test alone. */
  readonly prefix: string
  /** A process, in the namespace of the test as yet. @returns its id */
  born(name: string): Promise<number>
  /** It moves to a namespace of its own, and has some traffic there. */
  leave(name: string): Promise<void>
  /** The same, without traffic. */
  hush(name: string): Promise<void>
  /** It opens and closes a connection. */
  talk(name: string): Promise<void>
  /** It is born, and leaves. @returns the process's id */
  start(name: string): Promise<number>
  /** The same in a cgroup. @param path from the root of the cgroups, such as `x.service` */
  startIn(path: string, name: string): Promise<number>
  /** Makes so many resets in it, each sent and received there. */
  reset(name: string, count: number): Promise<void>
  /** A second process takes over, and the first one ends. */
  outlive(name: string): Promise<number>
  end(name: string): Promise<void>
}

export function makeWorld(t: { teardown(fn: () => unknown): unknown }): World {
  const child = spawn('python3', [join(__dirname, 'world.py')], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const folders = new Set<string>()
  t.teardown(async () => {
    child.stdin.end()
    await ended
    // The innermost first. The kernel makes and removes the files in them.
    for (const folder of [...folders].sort((a, b) => b.length - a.length)) rmdirSync(folder)
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
    hush: async name => void (await order('hush', name)),
    talk: async name => void (await order('talk', name)),
    start: name => order('start', name),
    async startIn(path, name) {
      const pid = await order('born', name)
      if (cgroups === undefined) throw new Error(noCgroups)
      const folder = join(cgroups, path)
      for (let at = folder; at !== cgroups && !existsSync(at); at = dirname(at)) folders.add(at)
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, 'cgroup.procs'), String(pid))
      await order('leave', name)
      return pid
    },
    reset: async (name, count) => void (await order('reset', name, String(count))),
    outlive: name => order('outlive', name),
    end: async name => void (await order('end', name)),
  }
}
