"""One process works in a folder at a time: a lock of the system, which ends with the process that holds it."""

from __future__ import annotations

import errno
import fcntl
import os
import platform
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fairseq_alignmlm.errors import InputError

NAME = ".lock"
PATIENCE = 3.0  # seconds: what was killed a moment ago may still be ending
WITHOUT = "ALIGNMLM_WITHOUT_LOCKS"


class FolderLock:
    """The lock of a folder: exclusive for what writes there, shared for what only reads it.

    Args:
        folder: is made when it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._handle = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)

    @property
    def descriptor(self) -> int:
        """The open file: a child that inherits it holds the lock too."""
        return self._handle

    def take(self, shared: bool = False, wait: bool = False) -> None:
        """Take the lock, or change from shared to exclusive and back.

        Args:
            shared: others may hold it as well, if they share it.
            wait: for as long as it takes, saying so; by default for a moment.

        Raises:
            InputError: another process holds it, or the file system has no locks.
        """
        mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        started, told = time.monotonic(), False
        while not self._try(mode):
            if not wait and time.monotonic() - started > PATIENCE:
                what = f"in use by {self._owner()}"
                raise InputError.at(self.folder, None, what, "wait for it to end, or choose another --work")
            if wait and not told and time.monotonic() - started > PATIENCE:
                print(f"waiting for {self.folder}, in use by {self._owner()}", flush=True)
                told = True
            time.sleep(0.1 if time.monotonic() - started < PATIENCE else 1.0)
        if not shared:
            text = f"{shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])} (process {os.getpid()} on {platform.node()})"
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, text.encode()[:1000], 0)

    def _try(self, mode: int) -> bool:
        try:
            fcntl.flock(self._handle, mode | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                return False
            if os.environ.get(WITHOUT):
                return True
            what = f"the file system has no locks ({os.strerror(error.errno or 0)})"
            remedy = f"choose another --work, or set {WITHOUT}=1 and see to it that nothing else works there"
            raise InputError.at(self.folder, None, what, remedy) from None
        return True

    def _owner(self) -> str:
        text = os.pread(self._handle, 1000, 0).decode("utf-8", errors="replace")
        return "".join(character for character in text if character.isprintable()) or "another process"

    def release(self) -> None:
        """Give the lock back; children that inherited it keep it."""
        os.close(self._handle)


@contextmanager
def locked(folder: Path, shared: bool = False, wait: bool = False) -> Iterator[FolderLock]:
    """Hold the lock of a folder; see `FolderLock.take`."""
    lock = FolderLock(folder)
    try:
        lock.take(shared, wait)
        yield lock
    finally:
        lock.release()
