"""A mixed load of TCP connections between two hosts; says as JSON what it did and what moved.

    mixed_load.py NAMESPACE IPV4 IPV6 NAMESPACE IPV4 IPV6 CONNECTIONS

Workers open connections from A to B and from B to A, over IPv4 and IPv6, and end each in one of the ways below.
Meanwhile a few connects run into a timeout, and a port scanner without a TCP of its own looks at B from A's address.
"""

import collections
import itertools
import json
import multiprocessing
import random
import signal
import socket
import sys
import time

from host import Host, libc
from raw_peer import RawPeer
from world import CLOSE, World, abort, wait_state

WORKERS = 3
BATCH = 250
CLOSED_PORT = 9
TIMEOUTS = 50
SCANNED_PORTS = 5000
PATIENCE = 240
PR_SET_PDEATHSIG = 1


# How a connection ends: `one` ends it, `other` sees it end.


def closed(one, other):
    one.send(b'question')
    other.recv(64)
    one.close()
    other.recv(64)
    other.close()


def aborted(one, other):
    abort(one)
    gone(other)


def closed_with_unread_data(one, other):
    other.send(b'unread')
    one.recv(1, socket.MSG_PEEK)
    one.close()
    gone(other)


def data_after_close(one, other):
    one.close()
    other.recv(64)
    # The FIN is acknowledged now, and not with the data: all of the connection that is left is a TIME_WAIT socket.
    other.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    other.send(b'too late')
    gone(other)


def data_crossing_close(one, other):
    one.close()
    other.recv(64)
    other.send(b'too late')
    gone(other)


def aborted_while_closing(one, other):
    other.shutdown(socket.SHUT_WR)
    one.recv(64)
    abort(one)
    gone(other)


def refused(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        try:
            sock.connect((address, CLOSED_PORT))
        except ConnectionRefusedError:
            return
    raise AssertionError(f'{address} port {CLOSED_PORT} let us in')


SHARES = {
    closed: 52,
    refused: 15,
    aborted: 15,
    closed_with_unread_data: 10,
    data_after_close: 4,
    data_crossing_close: 3,
    aborted_while_closing: 1,
}


def gone(sock):
    wait_state(sock, CLOSE, timeout=10)
    sock.close()


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def listen(host, family):
    with host:
        listener = socket.socket(family, socket.SOCK_STREAM)
    listener.bind(('', 0))
    listener.listen(16)
    return listener


def work(seed, count):
    """Makes that many connections and returns how many ended in which way."""
    chance = random.Random(seed)
    a, b = hosts
    families = (socket.AF_INET, lambda host: host.ipv4), (socket.AF_INET6, lambda host: host.ipv6)
    listeners = {(host, family): listen(host, family) for host in hosts for family, _ in families}
    acts = chance.choices(list(SHARES), list(SHARES.values()), k=count)
    for start in range(0, count, BATCH):
        client_host, server_host = chance.choice(((a, b), (b, a)))
        family, address_of = chance.choice(families)
        address = address_of(server_host)
        listener = listeners[server_host, family]
        port = listener.getsockname()[1]
        with client_host:
            for act in acts[start : start + BATCH]:
                if act is refused:
                    refused(family, address)
                    continue
                client = socket.socket(family, socket.SOCK_STREAM)
                client.connect((address, port))
                server, _ = listener.accept()
                act(*((client, server) if chance.random() < 0.5 else (server, client)))
    return collections.Counter(act.__name__ for act in acts)


def scan(open_port):
    """A SYN scan of B: closed ports answer with a reset, and the open port's answer is met with one."""
    scanner = RawPeer(*hosts, 20000, open_port)
    # It reads nothing, and the load's packets need not queue up here.
    scanner.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    for port in itertools.islice(itertools.cycle(range(1, 1000)), SCANNED_PORTS):
        scanner.to_port = open_port if port % 100 == 0 else port
        scanner.send('S')
        if scanner.to_port == open_port:
            scanner.send('R')
            scanner.port += 1
    scanner.close()


def count_answers_to_scan(host):
    """Resets to the hand-made scanner, which has no TCP behind it: no counter of this host can have them."""
    reset_to_scanner = 'tcp dport 20000-29999 tcp flags & rst == rst'
    host.command(
        'nft',
        'add table inet scan; add counter inet scan answers;'
        'add chain inet scan input { type filter hook input priority -310 ; };'
        f'add rule inet scan input {reset_to_scanner} counter name answers',
    )


def answers_to_scan(host):
    answer = json.loads(host.command('nft', '-j', 'list', 'counters', 'table', 'inet', 'scan'))
    return next(entry['counter']['packets'] for entry in answer['nftables'] if 'counter' in entry)


def seen():
    counters = [host.counters() for host in hosts]
    wire = [host.wire() for host in hosts]
    return [{**counted, **wired} for counted, wired in zip(counters, wire)]


def settle():
    """Until nothing has moved for a while: what the last connections have to say to each other."""
    before = seen()
    while True:
        time.sleep(0.5)
        now = seen()
        if now == before:
            return now
        before = now


def main():
    connections = int(sys.argv[7])
    signal.alarm(PATIENCE)
    die_with_parent()
    a, b = hosts
    for host in hosts:
        # Above the scanner's ports, and enough for those that TIME_WAIT keeps.
        host.sysctl('ip_local_port_range', '30000 65535')
    count_answers_to_scan(a)
    world = World(a, b)
    with multiprocessing.Pool(WORKERS + 1, die_with_parent) as pool:
        before = seen()
        started = time.monotonic()
        listener, open_port = world.listen(b)
        silent_port = world.port()
        world.silence(silent_port)
        lost = [world.start_connect(a, b.ipv4, silent_port) for _ in range(TIMEOUTS)]
        for sock in lost:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000)
        share = -(-connections // WORKERS)
        jobs = [pool.apply_async(work, (number, share)) for number in range(WORKERS)]
        scanning = pool.apply_async(scan, (open_port,))
        ended = sum((job.get(PATIENCE) for job in jobs), collections.Counter())
        scanning.get(PATIENCE)
        for sock in lost:
            wait_state(sock, CLOSE, timeout=10)
        seconds = time.monotonic() - started
        after = settle()
    world.end()
    print(
        json.dumps(
            {
                'seconds': seconds,
                'ended': {**ended, 'timed_out': TIMEOUTS, 'scanned': SCANNED_PORTS},
                'moved': {
                    host.letter: {name: now[name] - then[name] for name in now if now[name] != then[name]}
                    for host, then, now in zip(hosts, before, after)
                },
                'answers_to_scan': answers_to_scan(a),
            }
        )
    )


hosts = Host('A', *sys.argv[1:4]), Host('B', *sys.argv[4:7])
main()
