"""An agent's end of a plugin's stdout: a FIFO with a pipe of one page, whose reader can stop.

Usage: reader.py FIFO. Prints `ready`, then what it reads; on the line `stop` it fills the pipe and reads no more, on `go`
it reads again. What it filled the pipe with, `#`, is no part of any plugin's text, and is left out.
"""
import fcntl
import os
import select
import sys

F_SETPIPE_SZ = 1031

pipe = os.open(sys.argv[1], os.O_RDWR | os.O_NONBLOCK)
fcntl.fcntl(pipe, F_SETPIPE_SZ, 4096)
os.write(1, b'ready\n')
reading = True
while True:
    ready, _, _ = select.select([0, pipe] if reading else [0], [], [])
    if 0 in ready:
        words = os.read(0, 100)
        if not words:
            break
        reading = words.strip() == b'go'
        if not reading:
            # A pipe that lacks a little: the plugin writes a part of its text, and has to keep the rest.
            os.write(pipe, b'#' * 3500)
    elif pipe in ready:
        os.write(1, os.read(pipe, 65536).replace(b'#', b''))
