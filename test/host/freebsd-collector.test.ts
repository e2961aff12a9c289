import t from 'tap'
import { usualFollower } from '../../plugin/analysis/usual'
import { freebsdCollector } from '../../plugin/host/freebsd-collector'
import { createLog } from '../../plugin/log'
import { FREEBSD_COUNTERS, type FreebsdCounter } from '../../plugin/sources/freebsd-counters'
import type { SlowSource } from '../../plugin/sources/source'

t.test('the alarms get what they compare with, and nothing about sent', async t => {
  const counters = Object.fromEntries(FREEBSD_COUNTERS.map(name => [name, 5n])) as Record<
    FreebsdCounter,
    bigint
  >
  const source: SlowSource<FreebsdCounter> = {
    name: 'netstat',
    start: done => done(),
    read: () => ({ counters: { ...counters } }),
    close() {},
  }
  const collector = freebsdCollector(source, 1, usualFollower(), createLog({}))
  let text = ''
  for (let second = 0; second <= 420; second++) {
    text = collector.collect(second * 1000)
    if (text.includes('VARIABLE')) break
    counters.tcps_drops += 3n
    counters.tcps_connattempt += 4n
    counters.tcps_accepts += 6n
  }
  t.match(
    text,
    /^BEGIN ipv4.tcp_resets 1000000\nSET received = \d+\nVARIABLE CHART usual_received = 3.000\nVARIABLE CHART opened = 10.000\nEND\nBEGIN ipv4.tcp_reset_causes/,
  )
  t.notMatch(text, /SET sent =|usual_sent/)
})

t.test('a reading without them is a gap of received alone', async t => {
  const source: SlowSource<FreebsdCounter> = {
    name: 'netstat',
    start: done => done(),
    read: () => ({ counters: { tcps_badrst: 7n } }),
    close() {},
  }
  const text = freebsdCollector(source, 1, usualFollower(), createLog({})).collect(0)
  t.match(
    text,
    /^CHART ipv4.tcp_reset_causes [\s\S]*\nBEGIN ipv4.tcp_reset_causes\nSET received_ignored = 7\nEND\n$/,
  )
})
