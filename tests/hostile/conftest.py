"""The command line against servers, names and files that mean harm: measured, and read closely."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
MEASURE: Final = """
import json, resource, subprocess, sys, time
began = time.monotonic()
code = subprocess.run(sys.argv[2:], check=False, timeout=100).returncode
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
found = {"code": code, "seconds": time.monotonic() - began,
         "megabytes": peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)}
with open(sys.argv[1], "w") as file:
    json.dump(found, file)
"""
"""Runs a command in a small process of its own: the largest child is then the command."""

HOSTILE: Final = "\x1b]0;owned\x07\x1b[2J\rError: forged\nApplied: 99 forged\u202e\u200b\x9b31m\x7f"
"""A title, a cleared screen, two forged lines, a reversed text, an eight-bit escape."""

RAW: Final = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
"""What may not reach a terminal. The line feed is checked by `FORGED`."""

FORGED: Final = re.compile(r"^(?:Error|Applied): (?:99 )?forged", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a run said, and what it cost."""

    code: int
    out: str
    err: str
    seconds: float
    megabytes: float

    @property
    def said(self) -> str:
        """Return both streams."""
        return self.out + self.err

    def is_fit_for_a_terminal(self) -> bool:
        """Say whether nothing in either stream can move a cursor or forge a line."""
        return not RAW.search(self.said) and not FORGED.search(self.said)


Apply = Callable[..., Measured]


@pytest.fixture
def run(tmp_path: Path) -> Apply:
    """Return a function that runs `reconciler` in the test's folder, and measures it."""

    def start(*arguments: str, env: Mapping[str, str] | None = None) -> Measured:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("RECONCILER_", "DOMO_"))}
        found = tmp_path / ".measured.json"
        done = subprocess.run(
            [
                *(sys.executable, "-c", MEASURE, str(found)),
                *(sys.executable, "-m", "reconciler", *arguments),
            ],
            cwd=tmp_path,
            env={**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "PW": "right", **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=True,
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        return Measured(out=out, err=err, **json.loads(found.read_bytes()))

    return start


@pytest.fixture
def apply(run: Apply) -> Apply:
    """Return a function that runs `reconciler apply --auto-approve` with more arguments."""

    def start(*arguments: str, env: Mapping[str, str] | None = None) -> Measured:
        return run("apply", "--auto-approve", "--absence-window", "300ms", *arguments, env=env)

    return start


@pytest.fixture
def hostile() -> str:
    """Return a text that means harm to a terminal."""
    return HOSTILE


@pytest.fixture
def raw_server() -> Iterator[Callable[[Mapping[str, bytes]], str]]:
    """Return a function that serves bytes as they are, by `METHOD end-of-path`, and its URL."""
    with ExitStack() as stack:

        def start(answers: Mapping[str, bytes]) -> str:
            server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(answers))
            server.daemon_threads = True
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_address[1]}"

        yield start


def _handler(answers: Mapping[str, bytes]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = f"{self.command} {self.path.partition('?')[0]}"
            method = asked.partition(" ")[0]
            for line, answer in answers.items():
                wanted, _, ending = line.partition(" ")
                if method == wanted and asked.endswith(ending):
                    self.wfile.write(answer)
                    break
            self.close_connection = True

        do_GET = do_POST = do_DELETE = answer  # noqa: N815 (the library looks for these names)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@pytest.fixture
def http() -> Callable[..., bytes]:
    """Return a function that writes an answer: a status, and a body that is JSON or bytes."""

    def write(status: int, body: object = b"", **headers: str) -> bytes:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        head = f"HTTP/1.1 {status} Said\r\nContent-Length: {len(content)}\r\n{more}\r\n"
        return head.encode() + content

    return write


@pytest.fixture
def manifest(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a manifest of one client, `acme/Reporting`, in a file sink."""

    def write(api: str, instance: str | None = None, **changes: str) -> Path:
        sink = changes.get("sink", '{type: file, path: "secrets/{client_slug}.json"}')
        auth = '{method: password, email: "ops@acme.example", password: {env: PW}}'
        client = changes.get("client", "{name: Reporting, scope: [data]}")
        path = tmp_path / "reconciler.yaml"
        path.write_text(
            f"version: 1\n"
            f'endpoints: {{api: "{api}", instance: "{instance or api}"}}\n'
            f"sinks: {{files: {sink}}}\n"
            f"defaults: {{sink: files, auth: {changes.get('auth', auth)}}}\n"
            f"instances:\n"
            f"  acme: {{domain: acme.domo.com, clients: [{client}]}}\n"
        )
        return path

    return write


@pytest.fixture
def config() -> Callable[..., dict[str, object]]:
    """Return a function that makes the sandbox's world: one instance, one user, any rules."""

    def make(**rules: object) -> dict[str, object]:
        users = [{"email": "ops@acme.example", "password": "right"}]
        return {"seed": 3, "instances": {"acme.domo.com": {"users": users, **rules}}}

    return make
