"""What the scenarios are told with: two hosts, sockets and hand-made peers on fresh ports, and a clean end.

Ports: below 20000 for sockets, 20000-29999 for hand-made peers (hosts.nft keeps the kernel from answering there).
"""

import ctypes
import errno
import itertools
import socket
import struct
import time

from host import libc
from raw_peer import RawPeer

ESTABLISHED, SYN_SENT, SYN_RECV, FIN_WAIT1, FIN_WAIT2, TIME_WAIT, CLOSE, CLOSE_WAIT = range(1, 9)
TIMEWAIT_TIMER = 3
LINGER_NOW = struct.pack('ii', 1, 0)
TCP_REPAIR = 19


class Skip(Exception):
    """This machine cannot run the scenario; the message says why."""


def eventually(true, what, timeout=3.0):
    deadline = time.monotonic() + timeout
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f'{what}: not within {timeout} s')
        time.sleep(0.002)


def state(sock):
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]


def wait_state(sock, wanted, timeout=3.0):
    eventually(lambda: state(sock) == wanted, f'socket in state {wanted} (it is in {state(sock)})', timeout)


def abort(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOW)
    sock.close()


def repair(sock):
    """From here on this socket sends nothing, not even when it is closed: tcp_close() in net/ipv4/tcp.c."""
    sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)


def disconnect(sock):
    """connect() to AF_UNSPEC, which Python's connect() cannot say."""
    address = struct.pack('H14x', socket.AF_UNSPEC)
    if libc.connect(sock.fileno(), address, len(address)) != 0:
        raise OSError(ctypes.get_errno(), 'connect(AF_UNSPEC)')


class World:
    def __init__(self, a, b):
        self.a, self.b = a, b
        self.ports = itertools.cycle(range(5000, 20000))
        self.raw_ports = itertools.cycle(range(20000, 30000))
        self.sockets, self.listeners, self.peers, self.undo = [], [], [], []

    # Sockets

    def port(self):
        return next(self.ports)

    def socket(self, host, family=socket.AF_INET):
        with host:
            sock = socket.socket(family, socket.SOCK_STREAM)
        sock.settimeout(5)
        self.sockets.append(sock)
        return sock

    def listen(self, host, backlog=16, receive_buffer=None):
        sock = self.socket(host)
        self.sockets.remove(sock)
        self.listeners.append(sock)
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        port = self.port()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(('0.0.0.0', port))
        sock.listen(backlog)
        return sock, port

    def accept(self, listener):
        sock, _ = listener.accept()
        sock.settimeout(5)
        self.sockets.append(sock)
        return sock

    def connect(self, host, address, port):
        sock = self.socket(host, socket.AF_INET6 if ':' in address else socket.AF_INET)
        sock.connect((address, port))
        return sock

    def connect_refused(self, host, address, port):
        try:
            self.connect(host, address, port)
        except ConnectionRefusedError:
            return
        raise AssertionError(f'{address} port {port} let us in')

    def start_connect(self, host, address, port, from_port=0):
        sock = self.socket(host)
        sock.bind((host.ipv4, from_port))
        sock.setblocking(False)
        if sock.connect_ex((address, port)) != errno.EINPROGRESS:
            raise AssertionError('connect() did not stay in progress')
        sock.settimeout(5)
        return sock

    def pair(self):
        """An established connection from A to B: (A's socket, B's socket)."""
        listener, port = self.listen(self.b)
        client = self.connect(self.a, self.b.ipv4, port)
        return client, self.accept(listener)

    # Hand-made peers

    def raw(self, to_port, isn=None):
        """A hand-made peer at A's address, talking to that port of B."""
        peer = RawPeer(self.a, self.b, next(self.raw_ports), to_port, isn)
        self.peers.append(peer)
        return peer

    def raw_server(self):
        """A hand-made peer at B's address, awaiting a connection from a free port of A."""
        peer = RawPeer(self.b, self.a, next(self.raw_ports), self.port())
        self.peers.append(peer)
        return peer

    def raw_pair(self, receive_buffer=None, options=(), ack_options=()):
        """An established connection from a hand-made peer to B: (peer, B's socket)."""
        listener, port = self.listen(self.b, receive_buffer=receive_buffer)
        peer = self.raw(port)
        peer.connect(options, ack_options)
        return peer, self.accept(listener)

    def raw_time_wait(self):
        """B has closed first and is in TIME_WAIT; the peer has seen all of it. The listener still listens."""
        peer, server = self.raw_pair()
        server.close()
        peer.receive('F')
        peer.send('FA')
        peer.receive('A')
        return peer

    # The way in between

    def silence(self, port):
        """What A sends to this port of B is lost from now on."""
        self.b.command('nft', 'add', 'element', 'inet', 'truth', 'blackhole', f'{{ {port} }}')
        self.undo.append(lambda: self.b.command('nft', 'flush', 'set', 'inet', 'truth', 'blackhole'))

    def sysctl(self, host, name, value):
        try:
            before = host.sysctl(name, value)
        except FileNotFoundError as error:
            raise Skip(f'net.ipv4.{name} is not per network namespace here') from error
        self.undo.append(lambda: host.sysctl(name, before))

    def wait_timewait(self, host, port):
        """The connection is closed and only its small TIME_WAIT socket is left."""
        eventually(
            lambda: (host.socket_state(port) or (0, 0))[1] == TIMEWAIT_TIMER, f'TIME_WAIT socket on port {port}'
        )

    def wait_gone(self, host, port):
        eventually(lambda: host.socket_state(port) is None, f'no socket left on port {port}')

    # Between scenarios

    def clean(self):
        """Takes away what could still act, without a packet and without moving a counter the table knows.

        Connections that stand stay open until end(): with neither listener, data nor timer they keep still, and
        closing them would count as resets of established connections.
        """
        for listener in self.listeners:
            if listener.fileno() == -1:
                continue
            listener.setblocking(False)
            try:
                while True:
                    self.accept(listener)
            except BlockingIOError:
                listener.close()
        for peer in self.peers:
            peer.close()
        for back in reversed(self.undo):
            back()
        self.listeners, self.peers, self.undo = [], [], []
        self.close_silently(lambda sock: state(sock) not in (ESTABLISHED, CLOSE_WAIT))

    def end(self):
        self.clean()
        self.close_silently(lambda _: True)

    def close_silently(self, chosen):
        still_open = [sock for sock in self.sockets if sock.fileno() != -1]
        self.sockets = []
        for sock in still_open:
            if chosen(sock):
                repair(sock)
                sock.close()
            else:
                self.sockets.append(sock)
