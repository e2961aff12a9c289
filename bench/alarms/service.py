"""A service that serves one client after the other, with a pause after each: <port> <backlog> <pause, seconds>.

Node can't accept slowly. As in Apache, a client is accepted once it has said something (TCP_DEFER_ACCEPT).
"""

import socket
import sys
import time

port, backlog, pause = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])

listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
if pause > 0:
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 5)
listener.bind(('0.0.0.0', port))
listener.listen(backlog)
while True:
    client, _ = listener.accept()
    client.settimeout(1)
    try:
        client.recv(64)
        client.send(b'!')
    except OSError:
        pass  # it has hung up
    client.close()
    time.sleep(pause)
