import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { NEEDS } from '../../cli/agent/container-needs'
import { root } from '../../scripts/build'
import { command } from '../cli/sandbox'

// The files for Docker and Kubernetes name places that `install --into` makes.

const file = (...parts: string[]): string => readFileSync(join(root, 'packaging', ...parts), 'utf8')
const GRANTED = '/run/netdata-tcp-resets'

interface Mount {
  readonly name: string
  readonly mountPath: string
  readonly subPath?: string
  readonly mountPropagation?: string
}

interface Volume {
  readonly name: string
  readonly hostPath?: { readonly path: string }
}

t.test('Kubernetes', async t => {
  const layer = t.testdir({})
  t.match(spawnSync(command, ['install', '--into', layer], { encoding: 'utf8' }), { status: 0 })
  const values = parse(file('kubernetes', 'values.yaml'))
  const documents = parseAllDocuments(file('kubernetes', 'node.yaml'))
  t.strictSame(
    documents.flatMap(({ errors }) => errors),
    [],
  )
  const pod = documents[0]?.toJS().spec.template.spec
  const home = pod.volumes.find(({ name }: Volume) => name === 'layer').hostPath.path

  for (const part of [values.child, values.parent, pod])
    for (const { name } of (part.extraVolumeMounts ?? pod.initContainers[1].volumeMounts) as Mount[])
      t.ok(
        (part.extraVolumes ?? part.volumes).some((volume: Volume) => volume.name === name),
        `${name} is a volume`,
      )
  const plugins = values.child.extraVolumes.find(({ name }: Volume) => name === 'tcp-resets-plugins')
  const inLayer = plugins.hostPath.path.replace(home, layer)
  t.ok(existsSync(join(inLayer, 'tcp_resets.plugin')), 'the children have the plugin')
  const parts = (values.parent.extraVolumeMounts as Mount[]).map(({ mountPath, subPath }) => {
    t.ok(existsSync(join(layer, `${subPath}`)), `${subPath} is made`)
    return `/${subPath}` === mountPath
  })
  t.strictSame(parts, [true, true], 'and is in the place that it is made for')
  for (const mounts of [values.child.extraVolumeMounts, pod.initContainers[1].volumeMounts])
    t.ok((mounts as Mount[]).some(({ mountPath }) => mountPath === GRANTED))
})

t.test('Docker', async t => {
  const { services } = parse(file('docker', 'compose.yaml'))
  const { netdata, grant } = services
  t.match(netdata, { network_mode: 'host', pid: 'host' })
  const wanted = NEEDS.flatMap(({ flag }) => /^-v (.*)$/.exec(flag)?.[1] ?? [])
  t.strictSame(
    wanted.filter(mount => !netdata.volumes.includes(mount)),
    [],
    'it has the mounts that `install --into` prints',
  )
  t.strictSame(grant.volumes, [`${GRANTED}:${GRANTED}:rshared`])
})

t.test(
  'what goes on running after the grant',
  { skip: process.getuid?.() !== 0 && 'needs root' },
  async t => {
    const [shell, c, script] = parse(file('docker', 'compose.yaml')).services.grant.entrypoint
    const asked = script
      .replace(/^.*tcp-resets grant.*\n/, '')
      .replace('sleep infinity', 'cat /proc/self/status')
    t.match(spawnSync(shell, [c, asked], { encoding: 'utf8' }), {
      status: 0,
      stdout: /^Uid:\t65534\t65534\t65534\t65534\nGid:\t65534[\s\S]*^CapPrm:\t0+\n[\s\S]*^CapBnd:\t0+$/m,
    })
  },
)
