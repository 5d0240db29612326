"""Nothing that a run says, writes or hands to a child holds a secret, whatever goes wrong.

The values are chosen to be hard to hide: quotes, per cent signs, backslashes, equals signs, braces,
and letters that are not ASCII. The search itself is the fixture `leaks`.
"""

import base64
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running
    from tests.cli.conftest import KeyPair, Run
    from tests.leak_search import LeakSearch

pytestmark = pytest.mark.usefixtures("uncovered")

PASSWORD: Final = "pä\"ss%w+rd\\='{x}&<z>€"
COOKIE: Final = "ck\"%2B+\\=/~{}'<&>k0"
TOKEN: Final = "tk\"%41+\\=/~{}'<&>t7"
SESSION: Final = "eyJ-session%2F+token=="
CREDENTIALS: Final = {"MAIL": "ops@i.example", "PW": PASSWORD, "COOKIE": COOKIE}

CHILD: Final = """\
#!/bin/sh
mkdir -p seen; env >"seen/env.$$"; echo "$0 $@" >"seen/argv.$$"
cat /proc/$$/environ /proc/$$/cmdline >"seen/proc.$$" 2>/dev/null
"""
PUT: Final = CHILD + 'cat >"got.$1"; [ ! -e broken ] || {{ {say}; exit 3; }}\n'
TOKEN_COMMAND: Final = (
    CHILD + "cat token.txt; [ ! -e refuse ] || {{ cat token.txt >&2; exit 4; }}\n"
)

MANIFEST: Final = """\
version: 1
state: {{{encryption}}}
endpoints: {{api: "{api}", instance: "{instance}"}}
sinks:
  files: {{type: file, path: "secrets/{{instance}}/{{client_slug}}.json"}}
  dotenv: {{type: file, path: "secrets/{{instance}}/{{client_slug}}.env", format: dotenv}}
  put: {{type: exec, command: ["./put.sh", "{{instance}}-{{client_slug}}"]}}
defaults: {{sink: [files, dotenv, put]}}
client_sets:
  all:
    select: {{all: true}}
    clients: [{{name: Reporting, scope: [{scope}]}}, {{name: Kept, scope: [data], sink: state}}]
instances:
  by-password:
    auth: {{method: password, email: {{env: MAIL}}, password: {{env: PW}}}}
  by-cookie:
    auth: {{method: cookie, dsidv1: {{env: COOKIE}}}}
  by-token:
    auth: {{method: token, token: {{command: ["./token.sh"]}}}}
"""
APPLY: Final = ("apply", "--auto-approve", "--absence-window", "100ms", "-vv")


@dataclass(kw_only=True)
class Stage:
    """A folder with a manifest for all three ways to sign on and all kinds of sinks."""

    folder: Path
    reconciler: "Callable[..., Run]"
    leaks: "LeakSearch"
    endpoints: dict[str, str]

    def write(
        self, *, encryption: str = "", scope: str = "data", say: str = "cat got.* >&2"
    ) -> None:
        """Write the manifest, and the commands that the children are."""
        text = MANIFEST.format(encryption=encryption, scope=scope, **self.endpoints)
        (self.folder / "reconciler.yaml").write_text(text)
        for name, script in (("put.sh", PUT.format(say=say)), ("token.sh", TOKEN_COMMAND.format())):
            (self.folder / name).write_text(script)
            (self.folder / name).chmod(0o755)
        (self.folder / "token.txt").write_text(TOKEN)
        (self.folder / "tmp").mkdir(exist_ok=True)

    @property
    def env(self) -> dict[str, str]:
        """Return the credentials, and a folder for temporary files that the search looks into."""
        folder = str(self.folder / "tmp")
        return {**CREDENTIALS, "TMPDIR": folder, "HOME": folder}

    def run(self, *arguments: str) -> "Run":
        """Run the command line."""
        done = self.reconciler(*arguments, env=self.env)
        assert "internal error" not in done.err
        return done


@pytest.fixture
def stage(
    tmp_path: Path, reconciler: "Callable[..., Run]", leaks: "LeakSearch"
) -> Callable[..., Stage]:
    """Return a function that sets a stage before a server."""

    def make(*, api: str, instance: str, **manifest: str) -> Stage:
        leaks.more = {"a password": PASSWORD, "a cookie": COOKIE, "a token": TOKEN}
        made = Stage(
            folder=tmp_path,
            reconciler=reconciler,
            leaks=leaks,
            endpoints={"api": api, "instance": instance},
        )
        made.write(**manifest)
        return made

    return make


@pytest.fixture
def served(sandbox: Callable[..., "Running"]) -> "Running":
    """Serve three instances that know the credentials."""
    rules = {
        "users": [{"email": "ops@i.example", "password": PASSWORD}],
        "cookies": {COOKIE: "ops@i.example"},
        "tokens": {TOKEN: "ops@i.example"},
    }
    keys = ("by-password", "by-cookie", "by-token")
    return sandbox({"seed": 5, "instances": {f"{key}.domo.com": rules for key in keys}})


@pytest.fixture
def shop(served: "Running", stage: Callable[..., Stage]) -> Stage:
    """Return a stage before the sandbox."""
    return stage(api=served.api, instance=served.instance_template)


def test_a_life_without_faults_leaks_nothing(shop: Stage, served: "Running") -> None:
    """Apply, replace, refresh and every view; what the children saw is searched with the rest."""
    assert shop.run(*APPLY).code == 0
    shop.write(scope="data, user")
    assert shop.run("plan", "--refresh", "--out", "plan.json", "-vv").code == 0
    assert shop.run("plan", "--format", "json").code == 0
    assert shop.run(*APPLY, "--format", "json", "--log-format", "json").code == 0
    assert shop.run("plan", "-vv").code == 0
    names = {path.name.partition(".")[0] for path in (shop.folder / "seen").iterdir()}
    assert {"env", "argv"} <= names
    assert len(served.revoked("by-token.domo.com")) == 1


def test_sealed_secrets_leak_nothing(
    served: "Running", stage: Callable[..., Stage], keypair: Callable[[str], "KeyPair"]
) -> None:
    """With encryption not even the state and the journal may hold one."""
    key = keypair("ops.key")
    shop = stage(
        api=served.api,
        instance=served.instance_template,
        encryption=f"encryption: {{age: {{recipients: [{key.recipient}]}}}}",
    )
    shop.leaks.allowed = ["got.*"]
    (shop.folder / "broken").touch()
    assert shop.run(*APPLY).code == 3
    (shop.folder / "broken").unlink()
    shop.write(encryption=f"encryption: {{age: {{recipients: [{key.recipient}]}}}}")
    assert shop.run(*APPLY).code == 0


@pytest.mark.parametrize(
    "say",
    [
        "cat got.$1 >&2",
        "base64 got.$1 >&2",
        "cat got.$1; cat got.$1 >&2",
        "tr -d '\\n' <got.$1 | sed 's/.*secret\": \"//; s/\".*//' | base64 >&2",
    ],
    ids=["plain", "base64", "both-streams", "base64-of-the-value"],
)
def test_a_sink_that_fails_and_prints_leaks_nothing(shop: Stage, say: str) -> None:
    """What a command printed is not shown, and only its private file has it."""
    shop.write(say=say)
    (shop.folder / "broken").touch()
    failed = shop.run(*APPLY)
    assert failed.code == 3
    assert "ended with exit code 3" in failed.err


def test_a_credential_command_that_fails_and_prints_leaks_nothing(shop: Stage) -> None:
    """What it printed may be the credential, so that it is not shown."""
    (shop.folder / "refuse").touch()
    failed = shop.run(*APPLY, "--log-format", "json")
    assert failed.code == 3
    assert "exit code 4" in failed.err


@pytest.mark.parametrize("what", ["lost_answer", "garbage", "no_secret", "error_after"])
def test_a_create_that_goes_wrong_leaks_nothing(shop: Stage, served: "Running", what: str) -> None:
    """Its secret may have been made, or even be in an answer that cannot be used."""
    served.fault(what, route="create*", times=None)
    assert shop.run(*APPLY).code == 3
    served.clear_faults()
    assert shop.run(*APPLY, "--log-format", "json").code == 0


def test_refused_credentials_are_not_named(shop: Stage, served: "Running") -> None:
    """Which one was refused is said by its reference."""
    for key in ("by-password", "by-cookie", "by-token"):
        user = {"email": "ops@i.example", "password": "n0t-the-0ld-0ne"}
        served.configure(f"{key}.domo.com", users=[user], cookies={}, tokens={})
    failed = shop.run(*APPLY)
    assert failed.code == 3
    assert "INVALID_CREDENTIALS" in failed.err


def test_an_interrupted_run_leaks_nothing(shop: Stage, served: "Running") -> None:
    """Neither does one that is stopped twice, with a full journal beside the state."""
    with served.lock:
        served.world.latency = 0.3
    shop.leaks.begin()
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", *APPLY],
        cwd=shop.folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **shop.env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while not served.count(route="create*"):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    shop.leaks.end("interrupted apply", stdout=out, stderr=err)
    assert process.returncode == 130
    assert shop.run(*APPLY).code in {0, 3}


class Echo(BaseHTTPRequestHandler):
    """Answers everything with what it was sent, in every field and in several spellings."""

    protocol_version = "HTTP/1.1"
    status = 400
    spared: tuple[str, ...] = ()

    def do_POST(self) -> None:
        """Answer."""
        sent = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        if any(part in self.path for part in self.spared):
            session = {"success": True, "userId": 7, "sessionToken": SESSION}
            self._answer(200, json.dumps(session if "auth" in self.path else []).encode(), "")
            return
        said = sent + str(self.headers)
        whole = " ".join((said, *re.findall(r"\S{6,}", said)))
        words = (whole, quote(whole), base64.b64encode(said.encode()).decode())
        texts = zip(("reason", "message", "error_description"), words, strict=True)
        body = {"success": False, "client_id": "c-1", "scope": ["data"], **dict(texts)}
        self._answer(self.status, json.dumps(body).encode(), quote(said))

    do_GET = do_DELETE = do_POST  # noqa: N815 (the names that the base class looks for)

    def _answer(self, status: int, body: bytes, location: str) -> None:
        self.send_response(status, "Echo")
        self.send_header("Location", f"http://{location[:200] or 'x'}.invalid/{location}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
        """Say nothing."""


@contextmanager
def echoing(status: int, *spared: str) -> Iterator[str]:
    """Serve an echo; requests with a spared part in their path are answered well."""
    handler = type("Handler", (Echo,), {"status": status, "spared": spared})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 422])
@pytest.mark.parametrize("spared", [(), ("auth", "developer-tokens")], ids=["sign-on", "create"])
def test_a_server_that_echoes_its_requests_leaks_nothing(
    stage: Callable[..., Stage], status: int, spared: tuple[str, ...]
) -> None:
    """Whatever a server repeats of a request, in a body, a header or an address, is kept back."""
    with echoing(status, *spared) as url:
        shop = stage(api=url, instance=url)
        shop.leaks.more["a session"] = SESSION
        failed = shop.run(*APPLY, *(["--log-format", "json"] if status == 400 else []))
    assert failed.code in {1, 3}


@pytest.mark.parametrize("plant", ["cat", "base64", "od -An -v -tx1"], ids=str)
def test_a_planted_leak_is_found(shop: Stage, plant: str) -> None:
    """A sink that writes beside its file what it got is what the search is for."""
    (shop.folder / "put.sh").write_text(f'#!/bin/sh\ncat >"got.$1"; {plant} <"got.$1" >stray.log\n')
    assert shop.run(*APPLY).code == 0
    assert "a client secret in file stray.log" in shop.leaks.hits()
    shop.leaks.forget()


def test_a_planted_credential_is_found_in_every_stream(leaks: "LeakSearch") -> None:
    """Each kind, in each spelling, wherever it is said."""
    from leak_search import spellings  # type: ignore[import-not-found]  # found by its folder

    for value in (PASSWORD, COOKIE, TOKEN, SESSION):
        leaks.more = {"it": value}
        for spelling in spellings(value):
            leaks.begin()
            leaks.end("a run", stderr=b"error: " + spelling + b" was refused")
            assert leaks.hits() == ["it in a run: stderr"]
            leaks.forget()
