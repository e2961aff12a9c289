"""Aborted connections over loopback, by processes of different names.

    aborts.py COUNT PORTS

First `nginx` aborts COUNT connections to a port, and `curl` then one to the same. Then `client` aborts connections from so
many ports of its own, to 127.0.0.2. Prints the port of `nginx`.
"""

import ctypes
import os
import socket
import struct
import sys

LINGER_NOW = struct.pack('ii', 1, 0)
PR_SET_NAME = 15
libc = ctypes.CDLL(None)
count, ports = map(int, sys.argv[1:])


def as_process(name, act):
    child = os.fork()
    if child == 0:
        libc.prctl(PR_SET_NAME, name.encode(), 0, 0, 0)
        act()
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        sys.exit(f'{name} failed')


def abort(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOW)
    sock.close()


def serve(times):
    for _ in range(times):
        with socket.create_connection(shared.getsockname()):
            abort(shared.accept()[0])


def call(server):
    for _ in range(ports):
        sock = socket.create_connection(server.getsockname())
        with server.accept()[0]:
            abort(sock)


with socket.create_server(('127.0.0.1', 0)) as shared, socket.create_server(('127.0.0.2', 0)) as other:
    as_process('nginx', lambda: serve(count))
    as_process('curl', lambda: serve(1))
    as_process('client', lambda: call(other))
    print(shared.getsockname()[1])
