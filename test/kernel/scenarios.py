"""The scenarios of test/fixtures/conformance/scenarios.json, each a function named for its entry.

A scenario starts with nothing open, does its one act, and returns once the peer or the socket shows that the act
took effect. What it leaves open is taken care of after the counters were read (World.clean).
"""

import random
import socket
import subprocess

from scapy.layers.inet import IP, TCP
from world import CLOSE, CLOSE_WAIT, FIN_WAIT2
from world import Skip, abort, disconnect, repair, state, wait_state

SCENARIOS = {}


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


# 1. Nobody listens there


@scenario
def closed_port4(w):
    w.connect_refused(w.a, w.b.ipv4, w.port())


@scenario
def closed_port6(w):
    w.connect_refused(w.a, w.b.ipv6, w.port())


@scenario
def closed_port_lo(w):
    w.connect_refused(w.b, '127.0.0.9', w.port())


@scenario
def stray_ack_closed(w):
    peer = w.raw(w.port())
    peer.send('A', ack=4711)
    peer.receive('R')


@scenario
def stray_rst_closed(w):
    peer = w.raw(w.port())
    peer.send('R')
    peer.send('RA', ack=4711)


@scenario
def stray_ack_listen(w):
    _, port = w.listen(w.b)
    peer = w.raw(port)
    peer.send('A', ack=4711)
    peer.receive('R')


# 2. An application ends the connection


@scenario
def linger0_close(w):
    client, server = w.pair()
    abort(client)
    wait_state(server, CLOSE)


@scenario
def close_unread(w):
    client, server = w.pair()
    server.send(b'unread')
    client.recv(1, socket.MSG_PEEK)
    client.close()
    wait_state(server, CLOSE)


@scenario
def data_after_close(w):
    client, server = w.pair()
    port = client.getsockname()[1]
    client.close()
    wait_state(server, CLOSE_WAIT)
    w.wait_timewait(w.a, port)
    server.send(b'too late')
    wait_state(server, CLOSE)


@scenario
def data_in_finwait1(w):
    # The peer never acknowledges the FIN: B's orphan stays a full socket in FIN_WAIT1.
    peer, server = w.raw_pair()
    server.close()
    peer.receive('F')
    peer.ack -= 1
    peer.send('PA', b'too late')
    peer.receive('R')


@scenario
def disconnect_unspec(w):
    client, server = w.pair()
    disconnect(client)
    wait_state(server, CLOSE)


@scenario
def ss_kill(w):
    client, server = w.pair()
    with w.a:
        argv = ['ss', '-K', '-t', 'sport', '=', str(client.getsockname()[1])]
        try:
            killed = subprocess.run(argv, capture_output=True, text=True, timeout=10)
        except FileNotFoundError as error:
            raise Skip('ss (iproute2) is not installed') from error
    if state(client) != CLOSE:
        raise Skip(f'ss -K killed nothing: CONFIG_INET_DIAG_DESTROY is off ({killed.stderr.strip()})')
    wait_state(server, CLOSE)


@scenario
def listener_close_pending(w):
    listener, port = w.listen(w.b)
    clients = [w.connect(w.a, w.b.ipv4, port) for _ in range(2)]
    listener.close()
    for client in clients:
        wait_state(client, CLOSE)


@scenario
def linger2_neg(w):
    client, server = w.pair()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_LINGER2, -1)
    client.shutdown(socket.SHUT_WR)
    wait_state(client, FIN_WAIT2)
    client.close()
    wait_state(server, CLOSE)


@scenario
def keepalive_timeout(w):
    client, server = w.pair()
    w.silence(server.getsockname()[1])
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    wait_state(client, CLOSE, timeout=8)


# 3. Half-open connections


@scenario
def rst_in_fin_wait(w):
    peer, server = w.raw_pair()
    server.shutdown(socket.SHUT_WR)
    peer.receive('F')
    peer.send('R')
    wait_state(server, CLOSE)


@scenario
def syn_then_rst(w):
    _, port = w.listen(w.b)
    peer = w.raw(port)
    peer.send('S')
    peer.receive('SA')
    peer.send('R')


@scenario
def synrecv_bad_ack(w):
    _, port = w.listen(w.b)
    peer = w.raw(port)
    peer.send('S')
    peer.receive('SA')
    peer.send('A', ack=peer.ack + 100_000)
    peer.receive('R')


@scenario
def synrecv_new_syn(w):
    _, port = w.listen(w.b)
    peer = w.raw(port)
    peer.send('S')
    peer.receive('SA')
    peer.send('S', seq=peer.seq + 100)
    peer.receive('R')


@scenario
def half_open_data(w):
    client, server = w.pair()
    repair(server)
    server.close()
    client.send(b'anybody there?')
    wait_state(client, CLOSE)


@scenario
def synsent_bad_ack(w):
    peer = w.raw_server()
    w.start_connect(w.a, w.b.ipv4, peer.port, from_port=peer.to_port)
    peer.receive('S')
    peer.send('SA', ack=peer.ack + 100_000)
    peer.receive('R')


# 4. TIME_WAIT


@scenario
def tw_rst(w):
    peer = w.raw_time_wait()
    peer.send('R')
    w.wait_gone(w.b, peer.to_port)


@scenario
def tw_rst_1337(w):
    w.sysctl(w.b, 'tcp_rfc1337', 1)
    w.raw_time_wait().send('R')


@scenario
def tw_new_syn(w):
    peer = w.raw_time_wait()
    peer.send('S', seq=peer.seq + 100_000)
    peer.receive('SA')


@scenario
def tw_finwait2_data(w):
    peer, server = w.raw_pair()
    server.close()
    peer.receive('F')
    peer.send('A')
    w.wait_timewait(w.b, peer.to_port)
    peer.send('PA', b'too late')
    peer.receive('R')


# 5. Queues of a listener


def sixth_connection(w):
    """Five connections fill an accept queue of backlog 4, while a sixth has its SYN already in."""
    _, port = w.listen(w.b, backlog=4)
    sixth = w.raw(port)
    sixth.send('S')
    sixth.receive('SA')
    for _ in range(5):
        w.raw(port).connect()
    sixth.send('A')
    return sixth


@scenario
def acceptq_drop(w):
    sixth_connection(w)


@scenario
def acceptq_abort(w):
    w.sysctl(w.b, 'tcp_abort_on_overflow', 1)
    sixth_connection(w).receive('R')


@scenario
def synq_drop(w):
    w.sysctl(w.b, 'tcp_syncookies', 0)
    _, port = w.listen(w.b, backlog=2)
    for _ in range(8):
        w.raw(port).send('S')


# 6. Receive buffers: pressure is not a reason for a reset


@scenario
def ofo_flood(w):
    peer, _ = w.raw_pair(receive_buffer=2304)
    for hole in range(60):
        peer.send('PA', b'x', seq=peer.seq + 2 + 2 * hole)


@scenario
def rcvq_flood(w):
    peer, _ = w.raw_pair(receive_buffer=1)
    for _ in range(16):
        peer.send('PA', b'x' * 1000)


@scenario
def zero_window(w):
    peer, _ = w.raw_pair(receive_buffer=1)
    for _ in range(26):
        peer.send('PA', b'x' * 1000)


# What sends no reset, or is none


@scenario
def user_timeout(w):
    client, server = w.pair()
    w.silence(server.getsockname()[1])
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 300)
    client.send(b'anybody there?')
    wait_state(client, CLOSE, timeout=8)


@scenario
def connect_timeout(w):
    port = w.port()
    w.silence(port)
    client = w.start_connect(w.a, w.b.ipv4, port)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000)
    wait_state(client, CLOSE, timeout=8)


@scenario
def close_syn_sent(w):
    port = w.port()
    w.silence(port)
    w.start_connect(w.a, w.b.ipv4, port).close()


@scenario
def blind_rst(w):
    peer, _ = w.raw_pair()
    peer.send('R', seq=peer.seq + 100)
    peer.receive('A')


@scenario
def oow_rst(w):
    peer, _ = w.raw_pair()
    peer.send('R', seq=peer.seq - 100_000)


@scenario
def syn_established(w):
    peer, _ = w.raw_pair()
    peer.send('S', seq=peer.seq + 100)
    peer.receive('A')


@scenario
def badsum_rst(w):
    peer, _ = w.raw_pair()
    peer.send('R', checksum=0xBAD)


@scenario
def tw_short(w):
    w.sysctl(w.b, 'tcp_fin_timeout', 2)
    client, server = w.pair()
    port = server.getsockname()[1]
    server.close()
    wait_state(client, CLOSE_WAIT)
    w.wait_timewait(w.b, port)
    client.close()


@scenario
def graceful(w):
    client, server = w.pair()
    port = client.getsockname()[1]
    client.close()
    wait_state(server, CLOSE_WAIT)
    w.wait_timewait(w.a, port)
    server.close()


@scenario
def paws_estab(w):
    now = random.randrange(1 << 20, 1 << 30)
    options = [('NOP', None), ('NOP', None), ('Timestamp', (now, 0))]
    listener, port = w.listen(w.b)
    peer = w.raw(port)
    peer.send('S', options=options)
    answer = peer.receive('SA')
    theirs = dict(answer.options)['Timestamp'][0]
    peer.send('A', options=[*options[:2], ('Timestamp', (now + 1, theirs))])
    w.accept(listener)
    peer.send('PA', b'old', options=[*options[:2], ('Timestamp', (now - 100_000, theirs))])
    peer.receive('A')


@scenario
def nft_reject(w):
    port = w.port()
    try:
        w.b.command(
            *('nft', 'add', 'rule', 'inet', 'truth', 'input'),
            *('tcp', 'dport', str(port), 'reject', 'with', 'tcp', 'reset'),
        )
    except OSError as error:
        raise Skip(f'nftables cannot reject here: {error}') from error
    w.connect_refused(w.a, w.b.ipv4, port)


@scenario
def raw_sock_rst(w):
    # A raw IP socket sends through the output hook, unlike the hand-made peers.
    segment = IP(src=w.a.ipv4, dst=w.b.ipv4) / TCP(sport=next(w.raw_ports), dport=w.port(), flags='R', seq=1)
    with w.a, socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as sock:
        sock.sendto(bytes(segment), (w.b.ipv4, 0))
