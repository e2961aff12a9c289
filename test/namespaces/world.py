"""Network namespaces with a process in each, as told on stdin, one word of command a line; an answer for each.

    born NAME       a new process, whose command is NAME                         NAME <pid>
    leave NAME      it moves to a new namespace, and has traffic there           NAME <pid>
    hush NAME       it moves to a new namespace                                  NAME <pid>
    talk NAME       one connection within its loopback, opened and closed        NAME <pid>
    start NAME      both                                                         NAME <pid>
    reset NAME N    N connects to a closed port of its own loopback              NAME
    outlive NAME    a second process in it takes over, and the first one ends    NAME <pid>
    end NAME        its process ends                                             NAME

All of it ends with stdin.
"""
import ctypes
import fcntl
import os
import select
import signal
import socket
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
PR_SET_NAME = 15
world = os.getpid()
signal.signal(signal.SIGCHLD, signal.SIG_IGN)


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))


def refused(count):
    for _ in range(count):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
            assert s.connect_ex(("127.0.0.1", 9)) != 0


def talk():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        client.close()
        assert accepted.recv(1) == b""
        accepted.close()


def serve(orders, answers):
    """The process of a namespace: one order a line, until it is told to end or the world is gone."""
    while True:
        ready, _, _ = select.select([orders], [], [], 2)
        if not ready:
            try:
                os.kill(world, 0)
                continue
            except ProcessLookupError:
                os._exit(0)
        word, *rest = orders.readline().split()
        if word in ("leave", "hush"):
            if libc.unshare(CLONE_NEWNET) != 0:
                os._exit(1)
            loopback_up()
        if word in ("leave", "talk"):
            talk()
        elif word == "reset":
            refused(int(rest[0]))
        elif word == "outlive" and os.fork() > 0:
            os._exit(0)
        elif word == "end":
            os._exit(0)
        os.write(answers, b"%d\n" % os.getpid())


def await_end(pid):
    try:
        fd = os.pidfd_open(pid)
        select.select([fd], [], [])
        os.close(fd)
    except ProcessLookupError:
        pass  # it was quicker


class Process:
    def __init__(self, name):
        read_orders, self.orders = os.pipe()
        read_answers, answers = os.pipe()
        if os.fork() == 0:
            libc.prctl(PR_SET_NAME, name.encode(), 0, 0, 0)
            os.write(answers, b"%d\n" % os.getpid())
            serve(os.fdopen(read_orders, "r", 1), answers)
        os.close(read_orders)
        os.close(answers)
        self.answers = os.fdopen(read_answers, "r", 1)
        self.pid = int(self.answers.readline())

    def order(self, *words):
        os.write(self.orders, (" ".join(words) + "\n").encode())
        self.pid = int(self.answers.readline())

    def outlive(self):
        before = self.pid
        self.order("outlive")
        await_end(before)

    def end(self):
        os.write(self.orders, b"end\n")
        await_end(self.pid)
        os.close(self.orders)
        self.answers.close()


def main():
    there = {}
    for line in sys.stdin:
        command, name, *rest = line.split()
        if command in ("born", "start"):
            there[name] = Process(name)
            if command == "start":
                there[name].order("leave")
            print(name, there[name].pid, flush=True)
        elif command == "end":
            there.pop(name).end()
            print(name, flush=True)
        elif command == "outlive":
            there[name].outlive()
            print(name, there[name].pid, flush=True)
        else:
            there[name].order(command, *rest)
            print(name, there[name].pid, flush=True)
    for process in there.values():
        process.end()


main()
