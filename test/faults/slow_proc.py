"""A folder as it is, but every read of a file in it takes as many seconds as the file `delay` beside it says.

Usage: slow_proc.py FOLDER MOUNTPOINT DELAY_FILE
"""
import os
import sys
import time

from fusepy import FUSE, FuseOSError, Operations


class Slow(Operations):
    def __init__(self, folder, delay):
        self.folder, self.delay = folder, delay

    def at(self, path):
        return self.folder + path

    def getattr(self, path, fh=None):
        try:
            status = os.lstat(self.at(path))
        except OSError as error:
            raise FuseOSError(error.errno)
        return {key: getattr(status, key) for key in ('st_mode', 'st_size', 'st_nlink', 'st_uid', 'st_gid', 'st_mtime')}

    def readdir(self, path, fh):
        return ['.', '..', *os.listdir(self.at(path))]

    def open(self, path, flags):
        try:
            return os.open(self.at(path), os.O_RDONLY)
        except OSError as error:
            raise FuseOSError(error.errno)

    def read(self, path, size, offset, fh):
        with open(self.delay) as file:
            time.sleep(float(file.read()))
        return os.pread(fh, size, offset)

    def release(self, path, fh):
        os.close(fh)


FUSE(Slow(sys.argv[1], sys.argv[3]), sys.argv[2], foreground=True, direct_io=True, attr_timeout=0, entry_timeout=0)
