import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
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
  for (const { volumes } of [services.netdata, services.grant])
    t.ok(volumes.some((volume: { source?: string }) => volume.source === GRANTED))
  t.match(
    file('docker', 'Dockerfile'),
    /bin\/tcp-resets install --into \/layer\n[\s\S]*^COPY .* \/layer\/ \/$/m,
  )
})
