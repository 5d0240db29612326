"""The steps of `reconciler demo`: real commands against the sandbox, in a temporary folder."""

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from reconciler.cli.views.console import Console, painted
from reconciler.model.errors import ReconcilerError

if TYPE_CHECKING:
    from reconciler.sandbox.config import Login
    from reconciler.sandbox.running_sandbox import Running

INSTANCES: Final = ("acme-dev", "acme-prod", "globex")
MANIFEST: Final = """\
version: 1

endpoints:                      # the sandbox; without these lines it is Domo itself
  api: {api}
  instance: {instance}

sinks:
  files: {{type: file, path: "secrets/{{instance}}/{{client_slug}}.json"}}

defaults:
  sink: files

client_sets:
  baseline:                     # the same client on every instance of Acme
    select: {{labels: {{customer: acme}}}}
    clients:
      - {{name: Automation Client, scope: [data, user], description: Nightly ETL}}

instances:
  acme-prod:
    labels: {{customer: acme}}
    auth: {{method: password, email: ops@acme-prod.example, password: {{env: ACME_PASSWORD}}}}
    clients:
      - {{name: Reporting, scope: [data, audit], protect: true}}
  acme-dev:
    labels: {{customer: acme}}
    auth: {{method: cookie, dsidv1: {{env: ACME_DEV_COOKIE}}}}
  globex:
    auth: {{method: token, token: {{env: GLOBEX_TOKEN}}}}
    clients:
      - {{name: Sync, scope: [data]}}
"""


def tell(console: Console, folder: Path, served: "Running", logins: Mapping[str, "Login"]) -> None:
    """Run the commands and show each of them with its output.

    Raises:
        ReconcilerError: one of them failed.

    """
    credentials = {
        "ACME_PASSWORD": logins["acme-prod"].password,
        "ACME_DEV_COOKIE": logins["acme-dev"].cookie,
        "GLOBEX_TOKEN": logins["globex"].token,
    }
    manifest = MANIFEST.format(api=served.api, instance=served.instance_template)
    (folder / "reconciler.yaml").write_text(manifest, encoding="utf-8")
    _title(console, f"A sandbox with {len(INSTANCES)} Domo instances serves at {served.url}")
    _title(console, "This is what they should have:")
    _command(console, "cat reconciler.yaml")
    console.data(manifest)
    _title(console, "Is the manifest right?")
    _step(console, folder, ["validate"], {})
    _title(console, "What would change? No credential, no network.")
    _step(console, folder, ["plan"], {})
    _title(console, "Create them.")
    _step(console, folder, ["apply", "--auto-approve"], credentials)
    _title(console, "And now?")
    _step(console, folder, ["plan", "--detailed-exitcode"], {})
    _title(console, "Does a secret that was delivered sign in?")
    _prove(console, folder, served)


def _step(
    console: Console, folder: Path, arguments: list[str], credentials: Mapping[str, str]
) -> None:
    _command(console, "reconciler " + " ".join(arguments))
    console.settle()
    ended = subprocess.run(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=folder,
        env={**os.environ, **credentials},
        stdin=subprocess.DEVNULL,
        stdout=console.stdout,
        stderr=console.stderr,
        check=False,
    )
    if ended.returncode:
        raise ReconcilerError(
            f"the demo stopped: `reconciler {arguments[0]}` ended with {ended.returncode}",
            hint="see its output above",
        )


def _prove(console: Console, folder: Path, served: "Running") -> None:
    path = Path("secrets", "acme-prod", "reporting.json")
    delivered = json.loads((folder / path).read_bytes())
    _command(console, f"curl -u CLIENT_ID:SECRET_OF({path}) {served.api}/oauth/token")
    if not _signs_in(served, delivered):
        raise ReconcilerError("the demo stopped: the secret that was delivered does not sign in")
    mode = (folder / path).stat().st_mode & 0o777
    console.data(f"{path} (mode {mode:04o}): `{delivered['name']}` signs in and gets a token.")


def _signs_in(served: "Running", delivered: Mapping[str, str]) -> bool:
    """Ask for a token as any consumer would, with none of this tool's own HTTP code."""
    url = urlsplit(served.api)
    pair = f"{delivered['client_id']}:{delivered['client_secret']}".encode()
    connection = HTTPConnection(url.netloc, timeout=10)
    try:
        connection.request(
            "GET",
            f"{url.path}/oauth/token?grant_type=client_credentials&scope=data",
            headers={"Authorization": "Basic " + b64encode(pair).decode()},
        )
        answer = connection.getresponse()
        return answer.status == HTTPStatus.OK and "access_token" in json.loads(answer.read())
    finally:
        connection.close()


def _title(console: Console, text: str) -> None:
    console.data("\n" + painted(f"# {text}", "36", console.colour))


def _command(console: Console, text: str) -> None:
    console.data(painted(f"$ {text}", "1", console.colour))
