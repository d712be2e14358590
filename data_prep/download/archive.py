"""Extraction that cannot write outside its folder, whatever the archive says.

Only regular files and folders come out, always as newly made files: links and devices are refused rather than
followed, so no later member can be written through an earlier one. Names are checked before anything is
written, and bytes are counted as they appear, because sizes in headers may lie.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple, cast

from fairseq_alignmlm.errors import InputError

_BLOCK = 1 << 20
MAX_MEMBERS = 1_000_000
MAX_HEADER = 1 << 24
_OPEN: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    IndexError,  # zipfile: a member without a name
    RuntimeError,  # zipfile: encrypted, or a compression method it does not know
)


_FOREIGN = re.compile(r"^[A-Za-z]:|[\\\0]")  # a drive, a separator of another system, a C string's end


class Extracted(NamedTuple):
    """What came out of an archive: number of files and their bytes."""

    files: int
    size: int


class _Member(NamedTuple):
    name: str
    content: IO[bytes] | None  # None for a folder


def expansion_limit(archive_size: int) -> int:
    """Return how many bytes an archive may become: 1 GiB, or 40 times its own size if that is more.

    Text shrinks to a fifth or a tenth; a "bomb" shrinks to less than a hundredth.
    """
    return max(1 << 30, 40 * archive_size)


def is_archive(path: Path) -> bool:
    """Say whether ``extract`` knows the suffix of ``path``."""
    return path.name.endswith((".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz"))


def extract(archive: Path, folder: Path, max_size: int | None = None) -> Extracted:
    """Extract a zip, tar (plain, gz, bz2, xz) or single compressed file into ``folder``.

    Args:
        archive: told apart by its suffix.
        folder: where members go; new or empty, so that nothing in it is a link already.
        max_size: bytes after which extraction stops; by default :func:`expansion_limit`.

    Raises:
        InputError: a member would leave the folder, is a link or a device, appears twice, or the archive is damaged or
            larger than allowed. What has been written by then stays in ``folder``: give a temporary one.
    """
    limit = expansion_limit(archive.stat().st_size) if max_size is None else max_size
    folder.mkdir(parents=True, exist_ok=True)
    files = size = 0
    try:
        with ExitStack() as stack:
            for count, member in enumerate(_members(archive, stack), 1):
                if count > MAX_MEMBERS:
                    raise InputError.at(archive, None, f"more than {MAX_MEMBERS:,} members")
                target = folder / safe_name(archive, member.name)
                if member.content is None:
                    target.mkdir(parents=True, exist_ok=True)
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                with open(target, "xb") as output:
                    while block := member.content.read(_BLOCK):
                        size += len(block)
                        if size > limit:
                            raise InputError.at(archive, None, f"unpacks to more than {limit:,} bytes", "refused")
                        output.write(block)
                files += 1
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise InputError.at(archive, None, f"names {Path(error.filename).name!r} twice", "refused") from error
    except _DAMAGE as error:
        raise InputError.at(archive, None, f"damaged archive ({error})", "download it again") from error
    except OSError as error:
        if error.errno is not None:  # the disk's fault; bz2 says OSError without a number for its input's
            raise
        raise InputError.at(archive, None, f"damaged archive ({error})", "download it again") from error
    return Extracted(files, size)


def safe_name(archive: Path, name: str) -> PurePosixPath:
    """Return the relative path a member asks for.

    Raises:
        InputError: it is absolute, climbs with ``..``, or would be one of these on another system.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or _FOREIGN.search(name):
        raise InputError.at(archive, None, f"member {name!r} points outside the folder", "refused")
    return path


class _Bounded:
    """A stream that gives only so many bytes until it is told that they were of use.

    A header of a tar file is read in one go, however long it says to be: without a bound it fills the memory.
    """

    def __init__(self, stream: IO[bytes], archive: Path) -> None:
        self._stream = stream
        self._archive = archive
        self.allowed = MAX_HEADER

    def read(self, size: int) -> bytes:
        self.allowed -= size
        if self.allowed < 0:
            raise InputError.at(self._archive, None, f"headers of more than {MAX_HEADER:,} bytes", "refused")
        return self._stream.read(size)


def _members(archive: Path, stack: ExitStack) -> Iterator[_Member]:
    name = archive.name.replace(".tgz", ".tar.gz")
    if name.endswith(".zip"):
        return _zip_members(archive, stack)
    suffix = next((suffix for suffix in _OPEN if name.endswith(suffix)), "")
    if not suffix and not name.endswith(".tar"):
        raise InputError.at(archive, None, "unknown kind of archive", "use .zip, .tar(.gz|.bz2|.xz), .gz, .bz2 or .xz")
    content = _OPEN.get(suffix, open)(archive, "rb")
    stack.callback(content.close)
    if name.endswith(f".tar{suffix}"):
        return _tar_members(archive, _Bounded(content, archive), stack)
    return iter([_Member(name.removesuffix(suffix), content)])


def _tar_members(archive: Path, stream: _Bounded, stack: ExitStack) -> Iterator[_Member]:
    # A stream is read in one pass; nothing is sought.
    tar = tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r|")  # noqa: SIM115 (the stack closes it)
    stack.callback(tar.close)
    for info in tar:
        if info.isdir():
            stream.allowed = MAX_HEADER
            yield _Member(info.name, None)
        elif info.isreg() and not info.issparse():
            stream.allowed = info.size + MAX_HEADER  # its content, which `extract` counts, and the header that follows
            yield _Member(info.name, tar.extractfile(info))
        else:
            kind = "a link" if info.issym() or info.islnk() else "a device or sparse"
            raise InputError.at(archive, None, f"member {info.name!r} is {kind}", "refused")


def _zip_members(archive: Path, stack: ExitStack) -> Iterator[_Member]:
    bundle = stack.enter_context(zipfile.ZipFile(archive))
    for info in bundle.infolist():
        mode = info.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            kind = "a link" if stat.S_ISLNK(mode) else "a device"
            raise InputError.at(archive, None, f"member {info.filename!r} is {kind}", "refused")
        if info.is_dir():
            yield _Member(info.filename, None)
        else:
            with bundle.open(info) as content:
                yield _Member(info.filename, content)
