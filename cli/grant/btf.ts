/**
 * What the running kernel says of its own structures and functions: `/sys/kernel/btf/vmlinux`
 * (kernel: Documentation/bpf/btf.rst).
 */
export interface Btf {
  /**
   * @param structure its name, without `struct`
   * @param path names of members, one inside the other, with dots between; unnamed structures and unions are looked into
   * @returns bytes from the beginning of the structure; undefined where there is no such member, or it is a bit field
   */
  offsetOf(structure: string, path: string): number | undefined
  /** The place of a parameter of a function, from 1 on; undefined where there is none of that name. */
  parameterOf(fn: string, parameter: string): number | undefined
}

const MAGIC = 0xeb9f
const KIND = { array: 3, struct: 4, union: 5, func: 12, prototype: 13 } as const
const HEAD = 12
/** Bytes behind the head of a type: some, and some for each of its parts. */
const TAIL: Readonly<Record<number, readonly [fixed: number, each: number]>> = {
  1: [4, 0], // int
  [KIND.array]: [12, 0],
  [KIND.struct]: [0, 12],
  [KIND.union]: [0, 12],
  6: [0, 8], // enum
  [KIND.prototype]: [0, 8],
  14: [4, 0], // variable
  15: [0, 12], // section
  17: [4, 0], // declaration tag
  19: [0, 12], // 64-bit enum
}
const LAST_KIND = 19

/**
 * @throws where it is no BTF, or one of a kind that came later
 */
export function readBtf(data: Buffer): Btf {
  const u32 = (at: number): number => data.readUInt32LE(at)
  if (data.readUInt16LE(0) !== MAGIC) throw new Error('no BTF of this byte order')
  const types = u32(4) + u32(8)
  const strings = u32(4) + u32(16)
  const kindOf = (at: number): number => (u32(at + 4) >>> 24) & 0x1f
  const partsOf = (at: number): number => u32(at + 4) & 0xffff
  const nameAt = (at: number): string => {
    const from = strings + u32(at)
    return data.toString('latin1', from, data.indexOf(0, from))
  }

  /** Where each type begins, by its number; number 0 is `void`. */
  const places = [0]
  for (let at = types; at < types + u32(12); ) {
    const kind = kindOf(at)
    if (kind > LAST_KIND) throw new Error(`BTF has a type of the unknown kind ${kind}`)
    places.push(at)
    const [fixed, each] = TAIL[kind] ?? [0, 0]
    at += HEAD + fixed + each * partsOf(at)
  }

  /** No name is in the strings twice, so that comparing where it is there is enough. */
  const find = (kind: number, name: string): number | undefined => {
    const found = data.indexOf(`\0${name}\0`, strings, 'latin1')
    if (found < 0) return undefined
    const offset = found + 1 - strings
    return places.find((at, number) => number > 0 && u32(at) === offset && kindOf(at) === kind)
  }

  /** A member of a structure, and where it begins, in bits. */
  const member = (at: number, name: string): { readonly bits: number; readonly type: number } | undefined => {
    if (kindOf(at) !== KIND.struct && kindOf(at) !== KIND.union) return undefined
    const hasBitFields = u32(at + 4) >>> 31 === 1
    for (let part = at + HEAD; part < at + HEAD + 12 * partsOf(at); part += 12) {
      const width = hasBitFields ? u32(part + 8) >>> 24 : 0
      const bits = hasBitFields ? u32(part + 8) & 0xffffff : u32(part + 8)
      const type = places[u32(part + 4)] ?? 0
      const itsName = nameAt(part)
      if (itsName === name) return width === 0 ? { bits, type } : undefined
      const inside = itsName === '' && type > 0 ? member(type, name) : undefined
      if (inside !== undefined) return { bits: bits + inside.bits, type: inside.type }
    }
    return undefined
  }

  return {
    offsetOf(structure, path) {
      let type = find(KIND.struct, structure)
      let bits = 0
      for (const name of path.split('.')) {
        const found = type === undefined ? undefined : member(unnamed(type), name)
        if (found === undefined) return undefined
        bits += found.bits
        type = found.type
      }
      return bits % 8 === 0 ? bits / 8 : undefined
    },
    parameterOf(fn, parameter) {
      const at = find(KIND.func, fn)
      const prototype = at === undefined ? undefined : places[u32(at + 8)]
      if (prototype === undefined || kindOf(prototype) !== KIND.prototype) return undefined
      for (let n = 0; n < partsOf(prototype); n++)
        if (nameAt(prototype + HEAD + 8 * n) === parameter) return n + 1
      return undefined
    },
  }

  /** What a typedef stands for: `possible_net_t`. */
  function unnamed(at: number): number {
    const TYPEDEF = 8
    return kindOf(at) === TYPEDEF ? unnamed(places[u32(at + 8)] ?? 0) : at
  }
}
