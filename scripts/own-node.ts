import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './build'

/** The long-term release of Node that the archives bring. It needs glibc 2.28. */
export const OWN_NODE = '24.21.0'

/** Of the npm registry's packages `node-linux-<arch>`, as it was when they were first taken. */
const INTEGRITY = {
  x64: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  arm64: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
} as const

export type Arch = keyof typeof INTEGRITY
export const ARCHS = Object.keys(INTEGRITY) as Arch[]

const cache = join(root, 'node_modules', '.cache', 'own-node')

/** What is used of the package. */
export interface OwnNode {
  readonly binary: Buffer
  readonly licence: string
}

/**
 * Node's program and licence, from the npm registry.
 *
 * @throws where the registry does not give the very package that was first taken
 */
export function ownNode(arch: Arch): OwnNode {
  const name = `node-linux-${arch}-${OWN_NODE}.tgz`
  const file = join(cache, name)
  if (!existsSync(file)) {
    const fresh = join(cache, `${process.pid}`)
    mkdirSync(fresh, { recursive: true })
    execFileSync('npm', ['pack', '--silent', '--pack-destination', fresh, `node-linux-${arch}@${OWN_NODE}`])
    renameSync(join(fresh, name), file)
  }
  const found = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`
  if (found !== INTEGRITY[arch]) throw new Error(`${file}: expected ${INTEGRITY[arch]}, found ${found}`)
  const read = (path: string): Buffer =>
    execFileSync('tar', ['-xzOf', file, `package/${path}`], { maxBuffer: 256 * 1024 * 1024 })
  return { binary: withoutSymbols(read('bin/node')), licence: read('LICENSE').toString() }
}

/**
 * A program without what is only for debuggers: all that comes after the parts that the kernel loads. The fields are those
 * of a 64-bit little-endian header: elf(5).
 */
export function withoutSymbols(elf: Buffer): Buffer {
  const headers = Number(elf.readBigUInt64LE(32))
  const [size, count] = [elf.readUInt16LE(54), elf.readUInt16LE(56)]
  const ends = Array.from({ length: count }, (_, index) => {
    const at = headers + index * size
    return Number(elf.readBigUInt64LE(at + 8) + elf.readBigUInt64LE(at + 32))
  })
  const stripped = Buffer.from(elf.subarray(0, Math.max(...ends)))
  stripped.writeBigUInt64LE(0n, 40) // where the section headers were
  stripped.fill(0, 60, 64) // how many, and which has their names
  return stripped
}
