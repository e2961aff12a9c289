"""Resets as fast as this machine makes them: connects to a closed port, again and again.

    flood.py ADDRESS PORT COUNT

Run in the attacker's namespace. One refused connect is one reset that the other host sends and this one receives.
"""

import errno
import socket
import sys

address, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
family = socket.AF_INET6 if ':' in address else socket.AF_INET
target = (address, port)
with socket.socket(family, socket.SOCK_STREAM) as sock:
    connect = sock.connect_ex
    for _ in range(count):
        if connect(target) != errno.ECONNREFUSED:
            sys.exit('a connect was not refused')
