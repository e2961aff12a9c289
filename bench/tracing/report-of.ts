import { basename, join } from 'node:path'
import { buildSync } from 'esbuild'
import { dist } from '../../scripts/build'
import { bootKernel, fetchKernel, type GuestOptions, whyNoGuests } from '../../scripts/kernels'

/**
 * Boots the packaged kernel of Debian 12, and runs a program of this folder in it.
 *
 * @param folder for what is made meanwhile
 * @returns what the program reports, or why there is nothing
 */
export async function reportOf<Report>(
  folder: string,
  program: string,
  { files, ...options }: GuestOptions & { files: Readonly<Record<string, string>> },
): Promise<Report | string> {
  const missing = whyNoGuests()
  if (missing !== undefined) return missing
  const kernel = fetchKernel('bookworm')
  if ('missing' in kernel) return kernel.missing
  const guest = join(folder, `${basename(program, '.ts')}.cjs`)
  const entryPoints = [join(__dirname, program)]
  buildSync({ entryPoints, bundle: true, platform: 'node', target: 'node20', outfile: guest })
  const ours = {
    '/test/guest.cjs': guest,
    '/usr/bin/tcp-resets': join(dist, 'bin/tcp-resets'),
    '/usr/libexec/tcp_resets.plugin': join(dist, 'plugins.d/tcp_resets.plugin'),
  }
  const text = await bootKernel(kernel, { ...files, ...ours }, options)
  const report = /REPORT (.*)/.exec(text)?.[1]
  if (report === undefined) throw new Error(`the guest reported nothing:\n${text.slice(-2000)}`)
  return JSON.parse(report)
}
