"""A scripted Domo on loopback, and a manifest of one instance that points at it."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Reconciler, Run

VALUE: Final = "value-of-the-credential"
AUTH: Final = {
    "password": "{method: password, email: ops@acme.example, password: {env: VALUE}}",
    "cookie": "{method: cookie, dsidv1: {env: VALUE}}",
    "token": "{method: token, token: {env: VALUE}}",
}
SIGN_ON: Final = "POST /instance/api/content/v2/authentication"
LIST: Final = "GET /instance/api/identity/v1/developer-tokens"
CREATE: Final = "POST /api/clients"
CREATE_ON_INSTANCE: Final = "POST /instance/api/identity/v1/developer-tokens"
NAMES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
VARIABLES: Final = (*NAMES, *map(str.lower, NAMES), "SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(kw_only=True)
class Answer:
    """What the server answers: a body as it is, or as JSON."""

    status: int = 200
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        """Return the body's bytes."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(kw_only=True)
class Asked:
    """One request: `METHOD path`, and the headers by lower-case name."""

    line: str
    headers: Mapping[str, str]


class Scripted(ThreadingHTTPServer):
    """Answers each `METHOD path` as the script says; the key `*` answers the others."""

    daemon_threads = True

    def __init__(self, script: Mapping[str, Answer]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = script
        self.asked: list[Asked] = []

    def count(self, line: str) -> int:
        """Return how often `METHOD path` was asked."""
        return sum(each.line == line for each in self.asked)


class Handler(BaseHTTPRequestHandler):
    """Answers from the server's script."""

    protocol_version = "HTTP/1.1"
    server: Scripted

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's name)
        """Write no access log."""

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        line = f"{self.command} {self.path.partition('?')[0]}"
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append(Asked(line=line, headers=headers))
        answer = self.server.script.get(line) or self.server.script.get("*", Answer(status=500))
        content = answer.content()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = do_CONNECT = _answer  # noqa: N815 (the library's names)


Serve = Callable[..., Scripted]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that serves a script, with TLS if it gets a certificate's context."""
    running: list[Scripted] = []

    def begin(script: Mapping[str, Answer], context: ssl.SSLContext | None = None) -> Scripted:
        server = Scripted(script)
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        running.append(server)
        return server

    yield begin
    for server in running:
        server.shutdown()
        server.server_close()


SIGNED_ON: Final = Answer(body={"userId": 27, "success": True, "sessionToken": "s3ssion"})
EMPTY: Final = Answer(body=[])
WORKS: Final = {SIGN_ON: SIGNED_ON, LIST: EMPTY}
"""A script of an instance without clients."""


@dataclass(kw_only=True)
class Domo:
    """Runs the command line against a scripted Domo."""

    folder: Path
    serve: Serve
    reconciler: "Reconciler"

    def write(self, base: str | None, *, method: str = "password", domain: str = "") -> None:
        """Write the manifest; `base` is the URL of both endpoints, None for Domo's own."""
        endpoints = f"endpoints: {{api: {base}/api, instance: {base}/instance}}\n" if base else ""
        named = f"domain: {domain}, " if domain else ""
        (self.folder / "reconciler.yaml").write_text(
            f"version: 1\n{endpoints}defaults: {{auth: {AUTH[method]}}}\n"
            f"instances:\n  acme: {{{named}clients: [{{name: A, scope: [data]}}]}}\n"
        )

    def check(
        self,
        script: Mapping[str, Answer],
        *,
        method: str = "password",
        value: str = VALUE,
        domain: str = "",
        env: Mapping[str, str] | None = None,
    ) -> "tuple[Run, Scripted]":
        """Run `check` against a script."""
        server = self.serve(script)
        self.write(f"http://127.0.0.1:{server.server_port}", method=method, domain=domain)
        return self.reconciler("check", env={"VALUE": value, **(env or {})}), server

    def apply(
        self, script: Mapping[str, Answer], *, method: str = "password"
    ) -> "tuple[Run, Scripted]":
        """Run `apply` against a script."""
        server = self.serve(script)
        self.write(f"http://127.0.0.1:{server.server_port}", method=method)
        arguments = ("apply", "--auto-approve", "--absence-window", "0s")
        return self.reconciler(*arguments, env={"VALUE": VALUE}), server


@pytest.fixture
def domo(
    tmp_path: Path,
    serve: Serve,
    reconciler: "Reconciler",
    environment: dict[str, str],
) -> Domo:
    """Return a scripted Domo; no proxy and no certificates of this machine have an effect."""
    for name in VARIABLES:
        environment.pop(name, None)
    return Domo(folder=tmp_path, serve=serve, reconciler=reconciler)


def hint(run: "Run") -> str:
    """Return the hint that a run shows."""
    return next((line for line in run.err.splitlines() if line.startswith("hint: ")), "")
