# SPDX-License-Identifier: MIT
"""A FUSE file system of a few files in memory, which can stall. Root; no package.

It speaks the kernel's protocol itself (linux/fuse.h, version 7.31). From stall() on it takes the
requests of some kinds and answers none of them: whoever made one then waits until close(), and not
even SIGKILL ends that wait. Use it in a mount namespace of its own: see leave_namespace().
"""
import ctypes
import errno
import os
import stat
import struct
import threading

# Requests, by their numbers in linux/fuse.h.
LOOKUP, FORGET, GETATTR, SETATTR, OPEN, READ, WRITE, STATFS = 1, 2, 3, 4, 14, 15, 16, 17
RELEASE, FSYNC, FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR = 18, 20, 25, 26, 27, 28, 29
INTERRUPT, BATCH_FORGET, MKDIR, UNLINK, CREATE = 36, 42, 9, 10, 35
ROOT, HEAD = 1, 40
SIZE_CHANGES = 1 << 3  # FATTR_SIZE
DIRECT = 1             # FOPEN_DIRECT_IO: no cache hides a request
MS_REC_PRIVATE, CLONE_NEWNS, MNT_DETACH = 0x44000, 0x20000, 2

libc = ctypes.CDLL(None, use_errno=True)


def must(ret):
    if ret < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def leave_namespace():
    """From here on no mount of this process is anybody else's."""
    must(libc.unshare(CLONE_NEWNS))
    must(libc.mount(b"none", b"/", None, MS_REC_PRIVATE, None))


class FuseFiles:
    """Mounted at `folder`; `files` are names and contents."""

    def __init__(self, folder, files):
        self.folder, self.names = folder, list(files)
        self.contents = [bytearray(content) for content in files.values()]
        self.kinds, self.beyond, self.stalled = frozenset(), -1, threading.Event()
        self.device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        must(libc.mount(b"files", folder.encode(), b"fuse", 0,
                        f"fd={self.device},rootmode=40755,user_id=0,group_id=0,allow_other".encode()))
        threading.Thread(target=self.serve, daemon=True).start()

    def stall(self, *kinds, beyond=-1):
        """Reads and writes only if they are beyond this offset."""
        self.beyond = beyond
        self.kinds = frozenset(kinds)

    def is_stalled(self, kind, body):
        if kind in (READ, WRITE) and struct.unpack_from("<Q", body, 8)[0] <= self.beyond:
            return False
        return kind in self.kinds

    def close(self):
        """Whoever waits gets an error. The device's last file must go, so nobody may have it."""
        libc.umount2(self.folder.encode(), MNT_DETACH)
        os.close(self.device)

    def serve(self):
        while True:
            try:
                request = os.read(self.device, 1 << 20)
            except OSError:  # ENODEV: unmounted; EBADF: closed
                return
            _, kind, number, node = struct.unpack_from("<IIQQ", request)
            if self.is_stalled(kind, request[HEAD:]):
                self.stalled.set()
                continue
            answer = self.answer(kind, node, request[HEAD:])
            if answer is None:
                continue
            error, body = answer if isinstance(answer, tuple) else (0, answer)
            try:
                os.write(self.device, struct.pack("<IiQ", 16 + len(body), -error, number) + body)
            except OSError:
                pass  # who asked has gone

    def attributes(self, node):
        size = 0 if node == ROOT else len(self.contents[node - 2])
        mode = stat.S_IFDIR | 0o755 if node == ROOT else stat.S_IFREG | 0o644
        return struct.pack("<6Q10I", node, size, (size + 511) // 512, 0, 0, 0, 0, 0, 0, mode, 1, 0,
                           0, 0, 4096, 0)

    def entry(self, name):
        node = self.names.index(name) + 2
        return struct.pack("<4Q2I", node, 0, 0, 0, 0, 0) + self.attributes(node)

    def resize(self, node, size):
        content = self.contents[node - 2]
        del content[size:]
        content.extend(bytes(size - len(content)))

    def answer(self, kind, node, body):
        """The body, or an errno and a body, or None where no answer is due."""
        if kind == INIT:
            return struct.pack("<4I2H2I2HI28x", 7, 31, 65536, 0, 12, 8, 65536, 1, 0, 0, 0)
        if kind in (FORGET, BATCH_FORGET, INTERRUPT):
            return None
        if kind == LOOKUP:
            name = body.rstrip(b"\0").decode()
            return self.entry(name) if name in self.names else (errno.ENOENT, b"")
        if kind in (GETATTR, SETATTR):
            if kind == SETATTR and struct.unpack_from("<I", body)[0] & SIZE_CHANGES:
                self.resize(node, struct.unpack_from("<Q", body, 16)[0])
            return struct.pack("<QII", 0, 0, 0) + self.attributes(node)
        if kind in (OPEN, OPENDIR):
            return struct.pack("<QII", node, DIRECT if kind == OPEN else 0, 0)
        if kind == READDIR:
            return b""
        if kind == READ:
            offset, size = struct.unpack_from("<QI", body, 8)
            return bytes(self.contents[node - 2][offset:offset + size])
        if kind == WRITE:
            offset, size = struct.unpack_from("<QI", body, 8)
            content = self.contents[node - 2]
            content.extend(bytes(max(0, offset + size - len(content))))
            content[offset:offset + size] = body[HEAD:HEAD + size]
            return struct.pack("<II", size, 0)
        if kind == STATFS:
            return bytes(80)
        if kind in (RELEASE, RELEASEDIR, FSYNC, FLUSH):
            return b""
        return (errno.ENOSYS, b"")
