import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Ajv from 'ajv'
import standaloneCode from 'ajv/dist/standalone'
import { build as bundle } from 'esbuild'
import { parse } from 'yaml'
import schema from '../plugin/config/schema.json'
import { readGuides, renderGuide, renderIndex } from './guides'

export const root = join(__dirname, '..')
export const dist = join(root, 'dist')

/** The first lines of the plugin: sh reads them as a launcher, JavaScript as a string and a comment. */
const NODE_NEEDED = 'tcp_resets.plugin needs Node.js 18 or later'
const LAUNCHER = [
  '#!/bin/sh',
  [
    "':' //;",
    'node=$(command -v node || command -v nodejs) ||',
    `{ echo "${NODE_NEEDED}, and there is no node or nodejs on PATH ($PATH)" >&2; echo DISABLE; exit 1; };`,
    // What other Node programs of this machine are given (--import, --require) is not for this one.
    'unset NODE_OPTIONS; exec "$node" "$0" "$@"',
  ].join(' '),
].join('\n')

/** Runs before anything that an old Node can't even read is evaluated. */
const VERSION_CHECK = `if (parseInt(process.versions.node, 10) < 18) {
  console.error('${NODE_NEEDED}, and ' + process.execPath + ' is ' + process.versions.node)
  console.log('DISABLE')
  process.exit(1)
}`

/** Makes `dist/`, the drop-in tree. */
export async function build(): Promise<void> {
  generateConfig()
  rmSync(dist, { recursive: true, force: true })
  for (const dir of ['plugins.d', 'conf.d', 'health.d', 'web/guides/tcp']) {
    mkdirSync(join(dist, dir), { recursive: true })
  }
  const plugin = join(dist, 'plugins.d', 'tcp_resets.plugin')
  await bundle({
    entryPoints: [join(root, 'plugin', 'main.ts')],
    outfile: plugin,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    // Old syntax, so that every Node back to 10.4 gets as far as the version check and says what is wrong.
    target: 'node10.4',
    banner: { js: `${LAUNCHER}\n${VERSION_CHECK}` },
    legalComments: 'inline',
    logLevel: 'warning',
  })
  chmodSync(plugin, 0o755)
  copyFileSync(join(root, 'conf.d', 'tcp_resets.conf'), join(dist, 'conf.d', 'tcp_resets.conf'))
  copyFileSync(join(root, 'health.d', 'tcp_resets.conf'), join(dist, 'health.d', 'tcp_resets.conf'))
  buildGuides()
}

function buildGuides(): void {
  const web = join(dist, 'web', 'guides', 'tcp')
  const guides = readGuides(join(root, 'guides', 'tcp'))
  for (const guide of guides) writeFileSync(join(web, `${guide.name}.html`), renderGuide(guide))
  writeFileSync(join(web, 'index.html'), renderIndex(guides))
}

/** What the plugin would otherwise have to work out at every start: the validator, and the defaults. */
function generateConfig(): void {
  const generated = join(root, 'plugin', 'config', 'generated')
  mkdirSync(generated, { recursive: true })

  const ajv = new Ajv({ allErrors: true, code: { source: true, esm: true } })
  writeFileSync(join(generated, 'validate.js'), standaloneCode(ajv, ajv.compile(schema)))
  writeFileSync(
    join(generated, 'validate.d.ts'),
    [
      "import type { ValidateFunction } from 'ajv'",
      "import type { PartialConfig } from '../config'",
      'declare const validate: ValidateFunction<PartialConfig>',
      'export default validate',
      '',
    ].join('\n'),
  )

  const text = readFileSync(join(root, 'conf.d', 'tcp_resets.conf'), 'utf8')
  writeFileSync(
    join(generated, 'stock.ts'),
    [
      "import type { Config } from '../config'",
      `export const stockText = ${JSON.stringify(text)}`,
      `export const stockConfig: Config = ${JSON.stringify(parse(text))}`,
      '',
    ].join('\n'),
  )
}

if (require.main === module) {
  build().catch(error => {
    console.error(error)
    process.exit(1)
  })
}
