import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import Ajv from 'ajv'
import standaloneCode from 'ajv/dist/standalone'
import { build as bundle, type Metafile, transformSync } from 'esbuild'
import { isMap, isScalar, parse, parseDocument, type YAMLMap } from 'yaml'
import schema from '../plugin/config/schema.json'
import { DASHBOARD_SCRIPT, readGuides, renderGuide, renderIndex } from '../web/render'
import { HEALTH_FORMS, healthFileOf } from './health-forms'
import { manualOf } from './manual'
import { setModes } from './modes'
import { listOf, thirdParties } from './third-party'

export const root = join(__dirname, '..')
export const dist = join(root, 'dist')
/** In it: what the bundles have of others, with the licences. */
export const THIRD_PARTY = 'THIRD-PARTY-LICENSES'

/**
 * The first lines of a program: the launcher, and then the check that runs before anything that an old Node can't even
 * read.
 *
 * @param name what the program is called when it complains
 * @param farewell what is to be printed on stdout when there is no Node that can run it
 * @param late the option that puts Node's optimizing compiler off
 */
function launcher(name: string, farewell: string, late: string): string {
  const sh = readFileSync(join(root, 'scripts', 'launcher.sh'), 'utf8')
    .replace('@NAME@', name)
    .replace('@LATE@', late)
    .replace('@FAREWELL@', farewell)
  return `${sh}if (parseInt(process.versions.node, 10) < 18) {
  console.error('${name} needs Node.js 18 or later, and ' + process.execPath + ' is ' + process.versions.node)
  process.stdout.write('${farewell}')
  process.exit(1)
}`
}

/**
 * Bundles a program into one executable file that needs nothing beside it.
 *
 * @returns what is in it
 */
async function bundleProgram(entry: string, outfile: string, farewell = '', late = ''): Promise<Metafile> {
  const { metafile } = await bundle({
    entryPoints: [join(root, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    // Old syntax, so that every Node back to 10.4 gets as far as the check of its version.
    target: 'node10.4',
    banner: { js: launcher(basename(outfile), farewell, late) },
    legalComments: 'inline',
    logLevel: 'warning',
    metafile: true,
    // The paths in the comments are the same wherever it is built, and wherever node_modules really is.
    absWorkingDir: root,
    preserveSymlinks: true,
  })
  return metafile
}

/** Whose templates are in what `generateConfig` writes, though no file of theirs is bundled. */
const GENERATORS = ['ajv']

/** Makes `dist/`, the drop-in tree. */
export async function build(): Promise<void> {
  generateConfig()
  generateStyle()
  rmSync(dist, { recursive: true, force: true })
  for (const dir of ['plugins.d', 'conf.d', 'health.d', 'web/guides/tcp', 'man/man8', 'bin']) {
    mkdirSync(join(dist, dir), { recursive: true })
  }
  const bundles = [
    await bundleProgram(
      'plugin/main.ts',
      join(dist, 'plugins.d', 'tcp_resets.plugin'),
      'DISABLE\\n',
      '--interrupt-budget=13000000',
    ),
    await bundleProgram('cli/tcp-resets.ts', join(dist, 'bin', 'tcp-resets')),
  ]
  writeFileSync(join(dist, THIRD_PARTY), listOf(thirdParties(bundles, root, GENERATORS)))
  copyFileSync(join(root, 'conf.d', 'tcp_resets.conf'), join(dist, 'conf.d', 'tcp_resets.conf'))
  writeFileSync(join(dist, 'man/man8/tcp-resets.8'), manualOf(join(root, 'packaging/tcp-resets.8')))
  copyGrant()
  buildHealth()
  buildGuides()
  setModes(dist, /^(bin|plugins\.d)\//)
}

/** The alarms: a file that every agent takes, and one for those from some version on that tells more. */
function buildHealth(): void {
  const text = readFileSync(join(root, 'health.d', 'tcp_resets.conf'), 'utf8')
  writeFileSync(join(dist, 'health.d', 'tcp_resets.conf'), text)
  for (const form of HEALTH_FORMS) {
    mkdirSync(join(dist, 'health', form), { recursive: true })
    writeFileSync(join(dist, 'health', form, 'tcp_resets.conf'), healthFileOf(form, text))
  }
}

/** What root runs to let the agent read the kernel's trace of resets, and all that systemd starts. */
function copyGrant(): void {
  copyFileSync(join(root, 'packaging', 'tcp-resets-grant'), join(dist, 'bin', 'tcp-resets-grant'))
  mkdirSync(join(dist, 'systemd'))
  for (const name of readdirSync(join(root, 'packaging')).filter(isUnit))
    copyFileSync(join(root, 'packaging', name), join(dist, 'systemd', name))
}

const isUnit = (name: string): boolean => /\.(service|path)$/.test(name)

function buildGuides(): void {
  const web = join(dist, 'web', 'guides', 'tcp')
  const guides = readGuides(join(root, 'guides', 'tcp'))
  for (const guide of guides) writeFileSync(join(web, `${guide.name}.html`), renderGuide(guide))
  writeFileSync(join(web, 'index.html'), renderIndex(guides))
  writeFileSync(join(web, 'dashboard.js'), DASHBOARD_SCRIPT)
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
  writeFileSync(
    join(generated, 'form.ts'),
    `export const form = ${JSON.stringify(JSON.stringify(formOf(text)))}\n`,
  )
}

/** What the dashboard makes its form of: the schema with the defaults, and the comments of the stock file as help. */
function formOf(text: string): { jsonSchema: object; uiSchema: object } {
  const document = parseDocument(text)
  if (!isMap(document.contents)) throw new Error('the stock configuration has no keys')
  return {
    jsonSchema: withDefaults(schema, parse(text)),
    uiSchema: { uiOptions: { fullPage: true }, ...helpOf(document.contents) },
  }
}

/** A part of the schema. */
interface SchemaPart {
  readonly description?: string
  readonly properties?: Readonly<Record<string, SchemaPart>>
}

function withDefaults({ properties, ...part }: SchemaPart, value: unknown): object {
  if (properties === undefined) return { ...part, default: value }
  const values = value as Readonly<Record<string, unknown>>
  const described = Object.entries(properties).map(([key, each]) => [
    key,
    { title: key, ...withDefaults(each, values[key]) },
  ])
  return { ...part, properties: Object.fromEntries(described) }
}

/** The comment before each key. That of the first key of a section is kept with the section. */
function helpOf(section: YAMLMap): Record<string, object> {
  const helps = section.items.map(({ key, value }, index) => {
    if (!isScalar(key)) throw new Error('a key of the stock configuration is no word')
    const comment = (index === 0 && section.commentBefore) || key.commentBefore || ''
    // What comes before an empty line is of the whole file.
    const own = comment.split(/\n\s*\n/).at(-1) ?? ''
    const help = { 'ui:help': own.replace(/\s*\n\s*/g, ' ').trim() }
    return [String(key.value), isMap(value) ? { ...help, ...helpOf(value) } : help]
  })
  return Object.fromEntries(helps)
}

/** The looks of a report: those of the guides, and what only a report has. */
function generateStyle(): void {
  const generated = join(root, 'explain', 'report', 'generated')
  mkdirSync(generated, { recursive: true })
  const files = [join(root, 'web', 'page.css'), join(root, 'explain', 'report', 'report.css')]
  const { code } = transformSync(files.map(file => readFileSync(file, 'utf8')).join('\n'), {
    loader: 'css',
    minify: true,
    target: 'chrome90',
  })
  writeFileSync(join(generated, 'style.ts'), `export const STYLE = ${JSON.stringify(code)}\n`)
}

if (require.main === module) {
  build().catch(error => {
    console.error(error)
    process.exit(1)
  })
}
