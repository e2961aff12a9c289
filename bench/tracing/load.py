"""What a segment and a reset cost here: nanoseconds of this clock each, as JSON.

    load.py SEGMENTS RESETS

Over loopback: a ping-pong of one byte, and connects to a closed port.
"""

import json
import socket
import sys
import time

segments, resets = map(int, sys.argv[1:])


def ping_pong(count):
    with socket.create_server(('127.0.0.1', 0)) as server:
        with socket.create_connection(server.getsockname()) as one, server.accept()[0] as other:
            for end in (one, other):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            start = time.monotonic_ns()
            for _ in range(count // 2):
                one.send(b'x')
                other.recv(1)
                other.send(b'x')
                one.recv(1)
            return (time.monotonic_ns() - start) / count


def refused(count):
    with socket.socket() as sock:
        start = time.monotonic_ns()
        for _ in range(count):
            sock.connect_ex(('127.0.0.1', 9))
        return (time.monotonic_ns() - start) / count


ping_pong(100)
print(json.dumps({'segment': ping_pong(segments), 'reset': refused(resets)}))
