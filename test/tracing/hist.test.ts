import t from 'tap'
import { parseHist } from '../../plugin/tracing/hist'

const TEXT = `# event histogram
#
# trigger info: hist:name=netdata_tcp_resets:keys=ino:vals=hitcount:sort=hitcount:size=4096 if flags & 4 && state == 1 [active]
#

{ ino: 4026532231 } hitcount:          7
{ ino: 4026531846 } hitcount:         32

Totals:
    Hits: 39
    Entries: 2
    Dropped: 0
`

t.test('counts by namespace', async t => {
  t.strictSame(parseHist(TEXT), {
    counts: new Map([
      [4026532231, 7n],
      [4026531846, 32n],
    ]),
    dropped: 0n,
  })
  t.strictSame(parseHist(TEXT.replace('Dropped: 0', 'Dropped: 12'))?.dropped, 12n)
})

t.test('what is no table of counts', async t => {
  t.equal(parseHist(''), undefined)
  t.equal(parseHist(TEXT.slice(0, 200)), undefined, 'cut off')
})
