/** BTF of a few structures and a function, as a compiler would write it (kernel: Documentation/bpf/btf.rst). */
export function madeBtf(): Buffer {
  const strings: string[] = ['']
  const nameOf = (name: string): number => {
    const at = strings.reduce((sum, text) => sum + text.length + 1, 0)
    if (name === '') return 0
    strings.push(name)
    return at
  }
  const words: number[] = []
  const type = (name: string, kind: number, parts: number, size: number, more: number[], flag = 0) =>
    words.push(nameOf(name), ((flag << 31) | (kind << 24) | parts) >>> 0, size, ...more)
  const [INT, POINTER, STRUCT, UNION, TYPEDEF, FUNCTION, PROTOTYPE] = [1, 2, 4, 5, 8, 12, 13] as const

  type('int', INT, 0, 4, [32]) // 1
  type('', POINTER, 0, 5, []) // 2
  type('net_t', TYPEDEF, 0, 4, []) // 3
  type('', STRUCT, 1, 8, [nameOf('net'), 2, 0]) // 4
  type('sock', STRUCT, 3, 24, [nameOf('state'), 1, 32, nameOf(''), 6, 64, nameOf('net'), 3, 128]) // 5
  type('', UNION, 2, 8, [nameOf('daddr'), 1, 0, nameOf('hash'), 1, 0]) // 6
  type('bits', STRUCT, 2, 4, [nameOf('few'), 1, (3 << 24) | 1, nameOf('whole'), 1, 8], 1) // 7
  type('', PROTOTYPE, 2, 1, [nameOf('sk'), 2, nameOf('skb'), 2]) // 8
  type('send_reset', FUNCTION, 0, 8, []) // 9
  // A structure may be called as a function is.
  type('send_reset', STRUCT, 0, 0, [])

  const HEAD = 24
  const types = Buffer.from(Uint32Array.from(words).buffer)
  const text = Buffer.from(strings.map(name => `${name}\0`).join(''))
  const head = Buffer.alloc(HEAD)
  head.writeUInt16LE(0xeb9f, 0)
  head.writeUInt8(1, 2)
  const numbers = [HEAD, 0, types.length, types.length, text.length]
  numbers.forEach((number, at) => {
    head.writeUInt32LE(number, 4 + 4 * at)
  })
  return Buffer.concat([head, types, text])
}
