"""Runs scenarios between two hosts: one name a line on stdin, one JSON answer a line on stdout.

    run_scenarios.py SCENARIOS_JSON NAMESPACE_A IPV4_A IPV6_A NAMESPACE_B IPV4_B IPV6_B

An answer is {name, ok, seconds, counters: {A, B}, wire: {A, B}}, {name, ok: false, error} or {name, skipped}.
Counters are the movement of every column of Tcp: and TcpExt: that moved, by the kernel's name.
"""

import json
import sys
import time
import traceback

from host import Host
from scenarios import SCENARIOS
from world import Skip, World

QUIET = 0.05
PATIENCE = 2.0


def moved(before, after):
    return {name: value - before.get(name, 0) for name, value in after.items() if value != before.get(name, 0)}


def reached(movement, wanted, prefix):
    pairs = ((host, name, n) for host in movement for name, n in wanted.get(prefix + host, {}).items())
    return all(movement[host].get(name, 0) >= n for host, name, n in pairs)


class Runner:
    def __init__(self, table, *hosts):
        self.hosts = {'A': Host('A', *hosts[:3]), 'B': Host('B', *hosts[3:])}
        self.world = World(self.hosts['A'], self.hosts['B'])
        with open(table) as file:
            self.expected = {entry['name']: entry['invariant'] for entry in json.load(file)['scenarios']}

    def counters(self):
        return {letter: host.counters() for letter, host in self.hosts.items()}

    def wire(self):
        return {letter: host.wire() for letter, host in self.hosts.items()}

    def moves(self, before, now):
        return {letter: moved(before[letter], now[letter]) for letter in self.hosts}

    def settle(self, counters, wire, wanted):
        """Waits for the wanted movement, in vain if it does not come, and then until nothing moves any more.

        Scenarios wait for what their sockets show; this covers what only the counters show.
        """
        deadline = time.monotonic() + PATIENCE
        last, seen, since = None, None, time.monotonic()
        while time.monotonic() < deadline:
            time.sleep(0.005)
            now = self.moves(counters, self.counters())
            if now != last:
                last, since = now, time.monotonic()
            elif time.monotonic() - since >= QUIET and reached(last, wanted, ''):
                seen = self.moves(wire, self.wire())
                if reached(seen, wanted, 'wire'):
                    break
        return last, seen or self.moves(wire, self.wire())

    def run(self, name):
        scenario = SCENARIOS.get(name)
        if scenario is None:
            return {'name': name, 'ok': False, 'error': 'no such scenario'}
        started = time.monotonic()
        counters, wire = self.counters(), self.wire()
        try:
            scenario(self.world)
            error = None
        except Skip as reason:
            self.world.clean()
            return {'name': name, 'skipped': str(reason)}
        except Exception:
            error = traceback.format_exc()
        movement, seen = self.settle(counters, wire, self.expected.get(name, {}))
        self.world.clean()
        answer = {
            'name': name,
            'ok': error is None,
            'seconds': round(time.monotonic() - started, 3),
            'counters': movement,
            'wire': seen,
        }
        return answer if error is None else {**answer, 'error': error}


def main():
    runner = Runner(*sys.argv[1:])
    for line in sys.stdin:
        print(json.dumps(runner.run(line.strip())), flush=True)
    runner.world.end()


main()
