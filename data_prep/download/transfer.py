"""One file over HTTP: resumed after a cut, checked against its sha256, complete or absent."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairseq_alignmlm import __version__
from fairseq_alignmlm.errors import InputError
from fairseq_alignmlm.progress import track
from fairseq_alignmlm.storage import sha256_of, write_json

from .catalogue import RemoteFile

_MIB = 1 << 20
MOST = 64 << 30  # bytes of a file whose size the table does not state
_RETRIED = (408, 425, 429, 500, 502, 503, 504)
_CUTS = (ConnectionError, TimeoutError, ssl.SSLError, http.client.HTTPException, urllib.error.URLError)


class TransferError(OSError):
    """Say that a file could not be had: server, network, or its bytes are not the expected ones."""


@dataclass(frozen=True)
class Patience:
    """How hard to try.

    Attributes:
        attempts: failures in a row, without one new byte, before an address is given up.
        wait: seconds before the second attempt; doubled each time, at most 60.
        timeout: seconds without a byte after which a connection counts as cut.
    """

    attempts: int = 5
    wait: float = 1.0
    timeout: float = 60.0


class PartialFile:
    """``<target>.part``, and in ``<target>.part.json`` which version of the remote file its bytes belong to."""

    def __init__(self, target: Path) -> None:
        self.path = target.with_name(target.name + ".part")
        self._version_path = target.with_name(target.name + ".part.json")

    def size(self) -> int:
        """Return the number of bytes held."""
        return self.path.stat().st_size if self.path.exists() else 0

    def version(self) -> str:
        """Return the ETag or date of the version, "" when the server told neither."""
        try:
            return str(json.loads(self._version_path.read_text(encoding="utf-8"))["version"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def start(self, version: str) -> None:
        """Forget what is held and begin with ``version``."""
        self.path.unlink(missing_ok=True)
        write_json(self._version_path, {"version": version})

    def discard(self) -> None:
        """Remove both files."""
        self.path.unlink(missing_ok=True)
        self._version_path.unlink(missing_ok=True)


class _Refused(Exception):
    """An address that will not serve the file, with the reason."""


class _HttpOnly(urllib.request.HTTPRedirectHandler):
    """Follow redirects to http and https alone, and never from https down to http."""

    def redirect_request(self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: Any) -> Any:
        allowed = ("https://",) if req.full_url.startswith("https://") else ("http://", "https://")
        if not newurl.startswith(allowed):
            raise _Refused(f"redirects to {newurl}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(remote: RemoteFile, target: Path, patience: Patience | None = None) -> str:
    """Transfer ``remote`` to ``target`` and return its sha256.

    What has arrived waits in ``<target>.part``, and the next attempt, or the next run, asks only for the rest. A server
    that cannot do that, or whose file has changed since, is asked for all of it.

    Args:
        remote: its addresses are tried in order; bytes that do not match its ``sha256`` are thrown away.
        target: replaced only by a complete, checked file.
        patience: retries and time-outs.

    Raises:
        TransferError: no address gave the expected bytes. A part that may be continued stays.
        InputError: an address is neither http nor https.
    """
    patience = patience or Patience()
    target.parent.mkdir(parents=True, exist_ok=True)
    part = PartialFile(target)
    reasons = []
    for url in remote.urls:
        if not url.startswith(("http://", "https://")):
            raise InputError(f"{url}: only http and https addresses are fetched")
        # A continued file that does not match may hold two versions: it gets one more try, from its start.
        for _ in range(2):
            continued = part.size() > 0
            try:
                _transfer(url, part, remote, patience)
            except _Refused as error:
                reasons.append(f"{url}: {error}")
                break
            digest = sha256_of(part.path)
            if not remote.sha256 or digest == remote.sha256:
                os.replace(part.path, target)
                part.discard()
                return digest
            part.discard()
            if not continued:
                reasons.append(f"{url}: sha256 is {digest}, expected {remote.sha256}")
                break
    raise TransferError(f"cannot download {remote.name}: " + "; ".join(reasons))


def _transfer(url: str, part: PartialFile, remote: RemoteFile, patience: Patience) -> None:
    """Bring ``part`` to its full length, or raise ``_Refused``."""
    failures = 0
    while True:
        before = part.size()
        try:
            _continue(url, part, remote, patience.timeout)
            return
        except urllib.error.HTTPError as error:
            error.close()
            reason = f"HTTP status {error.code} {error.reason}"
            if error.code == 416:  # nothing lies beyond what is held: the file is not the one begun with
                part.discard()
            elif error.code not in _RETRIED:
                raise _Refused(reason) from None
        except _CUTS as error:
            reason = str(getattr(error, "reason", "") or error) or type(error).__name__
        failures = 1 if part.size() > before else failures + 1
        if failures >= patience.attempts:
            raise _Refused(f"{reason} ({failures} attempts)")
        time.sleep(min(60.0, patience.wait * 2 ** (failures - 1)))


def _continue(url: str, part: PartialFile, remote: RemoteFile, timeout: float) -> None:
    """Ask for what is missing and append it, or raise one of ``_CUTS``."""
    held, version = part.size(), part.version()
    if held and remote.sha256 and held == remote.size:
        return  # complete, but the program ended before it was checked
    request = urllib.request.Request(url, headers={"User-Agent": f"fairseq_alignmlm/{__version__}"})
    request.add_header("Accept-Encoding", "identity")
    if held and (version or remote.sha256):
        request.add_header("Range", f"bytes={held}-")
        if version:
            request.add_header("If-Range", version)
    with urllib.request.build_opener(_HttpOnly()).open(request, timeout=timeout) as response:
        if held == 0 or _first_byte(response) != held:
            part.start(_version(response))
            held = 0
        if _first_byte(response) != held:
            raise http.client.HTTPException("the server sends another part of the file than it was asked for")
        length = response.headers.get("Content-Length", "")
        total = held + int(length) if length.isdigit() else remote.size
        if remote.size and total != remote.size:
            raise _Refused(f"has {total:,} bytes, expected {remote.size:,}")
        _check_space(part.path.parent, total - held)
        steps = _append(response, part, remote.size or MOST)
        for _ in track(steps, f"download {remote.name}", max(0, total - held) // _MIB or None, "MiB"):
            pass
    if part.size() < total:
        raise http.client.HTTPException(f"connection cut after {part.size():,} of {total:,} bytes")


def _append(response: http.client.HTTPResponse, part: PartialFile, limit: int) -> Iterator[None]:
    """Append what comes to ``part``; yield once for every MiB."""
    size, shown = part.size(), 0
    start = size
    with open(part.path, "ab") as output:
        while block := response.read1(1 << 16):  # read1: a cut loses nothing that has arrived
            size += len(block)
            if size > limit:
                raise _Refused(f"sends more than the expected {limit:,} bytes")
            output.write(block)
            for _ in range((size - start) // _MIB - shown):
                shown += 1
                yield


def _first_byte(response: http.client.HTTPResponse) -> int:
    """Return the offset the answer starts at: 0 for a whole file, -1 when the server does not say."""
    if response.status != 206:
        return 0
    match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(match[1]) if match else -1


def _version(response: http.client.HTTPResponse) -> str:
    """Return what tells this version of the file from another; weak ETags do not promise equal bytes."""
    etag = response.headers.get("ETag", "")
    return etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified", "")


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise OSError(f"{folder}: {needed:,} bytes to download, {free:,} bytes free")
