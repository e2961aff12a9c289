/** The plugin in a booted kernel, and the values of its charts as they were last said. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

export type Values = Readonly<Record<string, number>>

export interface GuestPlugin {
  /** Waits until something is so, or a whole tick that began after this call is over. */
  tick(isSo?: () => boolean): Promise<void>
  until(done: () => boolean): Promise<void>
  values(chart: string): Values
  stop(): void
}

const AS_NETDATA = ['--reuid=201', '--regid=201', '--clear-groups', '--no-new-privs']

/** Starts it as the user netdata. */
export function startPlugin(): GuestPlugin {
  const plugin = spawn('setpriv', [...AS_NETDATA, '/usr/libexec/tcp_resets.plugin', '1'])
  const values = new Map<string, Record<string, number>>()
  let ticks = 0
  let rest = ''
  let chart: Record<string, number> = {}
  plugin.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const [word, name = '', , value] = line.split(' ')
      if (word === 'BEGIN') {
        chart = values.get(name) ?? {}
        values.set(name, chart)
        if (name === 'ipv4.tcp_resets_namespaces') ticks++
      } else if (word === 'SET') chart[name] = Number(value)
    }
  })
  plugin.stderr.pipe(process.stderr)
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) await once(plugin.stdout, 'data')
  }
  return {
    async tick(isSo = () => false) {
      const then = ticks
      await until(() => ticks >= then + 2 || isSo())
    },
    until,
    values: (name: string) => ({ ...values.get(name) }),
    stop: () => plugin.kill(),
  }
}
