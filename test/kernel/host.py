"""One of the two hosts of the conformance suite, as seen from a process outside both."""

import ctypes
import json
import os
import socket
import subprocess

INTERFACE = 'veth0'
ETH_P_IP = 0x0800
CLONE_NEWNET = 0x40000000

libc = ctypes.CDLL(None, use_errno=True)


def enter_namespace(fd):
    # os.setns() is newer than Python 3.11.
    if libc.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), 'setns')


class Host:
    """A network namespace. Sockets made and commands run inside `with host:` belong to it for good."""

    entered = [os.open('/proc/self/ns/net', os.O_RDONLY | os.O_CLOEXEC)]

    def __init__(self, letter, namespace, ipv4, ipv6):
        self.letter = letter
        self.ipv4 = ipv4
        self.ipv6 = ipv6
        self.fd = os.open(f'/run/netns/{namespace}', os.O_RDONLY | os.O_CLOEXEC)
        with self:
            # A kept descriptor stays with the namespace it was opened in.
            self.files = [os.open(f'/proc/thread-self/net/{name}', os.O_RDONLY) for name in ('snmp', 'netstat')]
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as probe:
                probe.bind((INTERFACE, 0))
                self.mac = probe.getsockname()[4].hex(':')

    def __enter__(self):
        Host.entered.append(self.fd)
        enter_namespace(self.fd)
        return self

    def __exit__(self, *_):
        Host.entered.pop()
        enter_namespace(Host.entered[-1])

    def counters(self):
        """Every column of Tcp: and TcpExt:, by the name the kernel prints."""
        values = {}
        for fd in self.files:
            lines = os.pread(fd, 1 << 16, 0).decode().splitlines()
            for names, numbers in zip(lines[::2], lines[1::2]):
                if names.startswith(('Tcp:', 'TcpExt:')):
                    values.update(zip(names.split()[1:], map(int, numbers.split()[1:])))
        return values

    def wire(self):
        """RST packets seen by nftables, see hosts.nft."""
        answer = json.loads(self.command('nft', '-j', 'list', 'counters', 'table', 'inet', 'truth'))
        found = (entry['counter'] for entry in answer['nftables'] if 'counter' in entry)
        return {counter['name']: counter['packets'] for counter in found}

    def command(self, *argv):
        with self:
            done = subprocess.run(argv, capture_output=True, text=True, timeout=10)
        if done.returncode != 0:
            raise OSError(f'{" ".join(argv)}: exit {done.returncode}: {done.stderr.strip()}')
        return done.stdout

    def sysctl(self, name, value):
        """Sets net.ipv4.<name> in this namespace and returns what it was."""
        with self, open(f'/proc/sys/net/ipv4/{name}', 'r+') as file:
            before = file.read().strip()
            file.seek(0)
            file.write(str(value))
        return before

    def socket_state(self, local_port):
        """(state, timer) of the IPv4 socket on that port, from /proc/net/tcp; None when there is none.

        Timer 3 tells the small TIME_WAIT socket from a full one, whatever state it stands for.
        """
        with self, open('/proc/thread-self/net/tcp') as file:
            rows = [line.split() for line in file.readlines()[1:]]
        for row in rows:
            if int(row[1].rpartition(':')[2], 16) == local_port and row[3] != '0A':
                return int(row[3], 16), int(row[5].partition(':')[0], 16)
        return None
