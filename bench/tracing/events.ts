import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { dist } from '../../scripts/build'
import { bootKernel, fetchKernel, guestPython, whyNoGuests } from '../../scripts/kernels'
import type { Cost } from './guest'

/**
 * What the grant costs ordinary traffic and resets, in instructions, on the packaged kernel of Debian 12: a machine that
 * counts them instead of time.
 *
 * @param folder for what is made meanwhile
 * @returns rows, or why there are none
 */
export async function eventsCost(folder: string): Promise<string[][] | string> {
  const missing = whyNoGuests()
  if (missing !== undefined) return missing
  const kernel = fetchKernel('bookworm')
  if ('missing' in kernel) return kernel.missing
  const guest = join(folder, 'guest.cjs')
  buildSync({
    entryPoints: [join(__dirname, 'guest.ts')],
    bundle: true,
    platform: 'node',
    target: 'node20',
    outfile: guest,
  })
  const files = {
    ...guestPython(),
    '/test/guest.cjs': guest,
    '/test/load.py': join(__dirname, 'load.py'),
    '/usr/bin/tcp-resets': join(dist, 'bin/tcp-resets'),
  }
  const text = await bootKernel(kernel, files, { countsInstructions: true })
  const report = /REPORT (.*)/.exec(text)?.[1]
  if (report === undefined) throw new Error(`the guest reported nothing:\n${text.slice(-2000)}`)
  const costs: Record<string, Cost> = JSON.parse(report)
  const { segment = 0, reset = 0 } = costs['no grant'] ?? {}
  const more = (value: number, base: number): string =>
    `${value < base ? '' : '+'}${Math.round(value - base)}`
  return [
    ['', 'instructions for a segment', 'for a reset, sent and received', 'kernel memory'],
    ...Object.entries(costs).map(([name, cost]) =>
      name === 'no grant'
        ? [name, `${Math.round(segment)}`, `${Math.round(reset)}`, '']
        : [
            name,
            more(cost.segment, segment),
            more(cost.reset, reset),
            `${(cost.memory / 1024).toFixed(1)} MB`,
          ],
    ),
  ]
}
