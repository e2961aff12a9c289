"""A TCP peer made by hand: it answers nothing by itself and sends whatever a scenario asks for."""

import random
import socket
import time

from host import ETH_P_IP, INTERFACE
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether

PACKET_OUTGOING = 4


class RawPeer:
    """Writes and reads below the host's own IP stack, so that nftables and the kernel's TCP see nothing of it."""

    def __init__(self, host, to, port, to_port, isn=None):
        self.host, self.to = host, to
        self.port, self.to_port = port, to_port
        self.seq = random.randrange(1 << 20, 1 << 30) if isn is None else isn
        self.ack = 0
        with host:
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IP))
        self.socket.bind((INTERFACE, ETH_P_IP))

    def send(self, flags, payload=b'', seq=None, ack=None, options=(), window=65535, checksum=None):
        """Without `seq`, sends at the peer's own place in the sequence and moves on by what was sent."""
        segment = TCP(
            sport=self.port,
            dport=self.to_port,
            flags=flags,
            seq=(self.seq if seq is None else seq) % (1 << 32),
            ack=(self.ack if ack is None else ack) % (1 << 32) if 'A' in flags else 0,
            options=list(options),
            window=window,
            chksum=checksum,
        )
        frame = Ether(src=self.host.mac, dst=self.to.mac) / IP(src=self.host.ipv4, dst=self.to.ipv4) / segment
        self.socket.send(bytes(frame / payload))
        if seq is None:
            self.seq += len(payload) + ('S' in flags) + ('F' in flags)

    def receive(self, flags, timeout=2.0):
        """The next segment with all of these flags; a SYN or FIN moves the acknowledgement past it."""
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                data, address = self.socket.recvfrom(1 << 16)
            except TimeoutError:
                break
            if address[2] == PACKET_OUTGOING:
                continue
            frame = Ether(data)
            if TCP not in frame or (frame[TCP].dport, frame[TCP].sport) != (self.port, self.to_port):
                continue
            segment = frame[TCP]
            if all(flag in segment.flags for flag in flags):
                if 'S' in segment.flags or 'F' in segment.flags:
                    size = frame[IP].len - 4 * frame[IP].ihl - 4 * segment.dataofs
                    self.ack = segment.seq + size + 1
                return segment
        raise TimeoutError(f'no {flags} from {self.to.letter}:{self.to_port} to {self.port} in {timeout} s')

    def connect(self, options=(), ack_options=()):
        self.send('S', options=options)
        segment = self.receive('SA')
        self.send('A', options=ack_options)
        return segment

    def close(self):
        self.socket.close()
