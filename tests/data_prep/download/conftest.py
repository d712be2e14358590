"""A server on loopback that cuts, refuses, redirects and changes what it serves, as a test asks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class Resource:
    """What the server does with one path.

    Attributes:
        cuts: how many bytes each coming answer sends before the connection is dropped.
        ranges: whether Range is honoured.
        failures: status codes of the coming answers before it works.
        redirect: where the client is sent instead.
        url: the path with the server's address.
        asked: the Range of every request so far.
    """

    body: bytes
    etag: str = '"1"'
    ranges: bool = True
    cuts: list[int] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    redirect: str = ""
    url: str = ""
    asked: list[str | None] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    resources: dict[str, Resource]

    def do_GET(self) -> None:
        resource = self.resources.get(self.path)
        if resource is None:
            return self.send_error(404)
        wanted = self.headers.get("Range")
        resource.asked.append(wanted)
        if resource.failures:
            return self.send_error(resource.failures.pop(0))
        if resource.redirect:
            self.send_response(302)
            self.send_header("Location", resource.redirect)
            self.end_headers()
            return None
        same = self.headers.get("If-Range", resource.etag) == resource.etag
        start = int(wanted[len("bytes=") : -1]) if wanted and resource.ranges and same else 0
        if start and start >= len(resource.body):
            return self.send_error(416)
        rest = resource.body[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(resource.body) - 1}/{len(resource.body)}")
        self.send_header("Content-Length", str(len(rest)))
        if resource.etag:
            self.send_header("ETag", resource.etag)
        self.end_headers()
        with suppress(ConnectionError):  # the client may have seen enough
            self.wfile.write(rest[: resource.cuts.pop(0)] if resource.cuts else rest)
        return None

    def log_message(self, *args: object) -> None:
        pass


@dataclass
class Server:
    address: str
    resources: dict[str, Resource]

    def put(self, name: str, body: bytes, **behaviour: Any) -> Resource:
        """Serve ``body`` under ``name``, as the fields of `Resource` say."""
        resource = Resource(body, url=f"{self.address}/{name}", **behaviour)
        self.resources[f"/{name}"] = resource
        return resource


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server whose resources a test puts there."""
    monkeypatch.setenv("no_proxy", "*")
    resources: dict[str, Resource] = {}
    running = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"resources": resources}))
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield Server(f"http://127.0.0.1:{running.server_port}", resources)
    running.shutdown()
    running.server_close()
