import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const kernel = join(__dirname, '..', 'fixtures', 'kernels', '6.12.107+deb13-amd64')

/** A root with a /proc of its own, where the resets are those that a test says. */
export interface FakeHost {
  /** NETDATA_HOST_PREFIX. */
  readonly prefix: string
  readonly snmp: string
  readonly netstat: string
  /** What the kernel would have there now. */
  readonly text: () => string
  /** So many more resets, each sent and received. The file is never half written. */
  happen(resets: number): void
  /** Resets sent since the machine was started. */
  readonly sent: () => bigint
  /** Every number that `sent` ever had. */
  readonly history: ReadonlySet<bigint>
  /** Puts both files back as they were. */
  mend(): void
}

/** Above 2^53, so that a number that is rounded or cut off is not one that was there. */
const START = 9_007_199_254_740_993n

/** @param prefix an empty directory */
export function fakeHost(prefix: string): FakeHost {
  const net = join(prefix, 'proc', 'net')
  mkdirSync(net, { recursive: true })
  const [snmp, netstat] = [join(net, 'snmp'), join(net, 'netstat')]
  const original = readFileSync(join(kernel, 'snmp'), 'latin1')
  const names = /^Tcp: (Rto.*)$/m.exec(original)?.[1]?.split(' ') ?? []
  const history = new Set<bigint>([START])
  let resets = 0n

  const text = (): string => {
    const rise: Record<string, bigint> = { OutRsts: START + resets, AttemptFails: resets }
    return original.replace(/^Tcp: \d.*$/m, `Tcp: ${names.map(name => rise[name] ?? 0n).join(' ')}`)
  }
  const write = (): void => {
    writeFileSync(join(prefix, 'next'), text(), 'latin1')
    renameSync(join(prefix, 'next'), snmp)
  }
  const mend = (): void => {
    mkdirSync(net, { recursive: true })
    for (const file of [snmp, netstat]) rmSync(file, { recursive: true, force: true })
    write()
    cpSync(join(kernel, 'netstat'), join(prefix, 'next'))
    renameSync(join(prefix, 'next'), netstat)
  }
  mend()
  return {
    prefix,
    snmp,
    netstat,
    text,
    happen(count) {
      resets += BigInt(count)
      history.add(START + resets)
      write()
    },
    sent: () => START + resets,
    history,
    mend,
  }
}
