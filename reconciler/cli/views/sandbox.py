"""What `reconciler sandbox` prints: shell lines for a first plan against it."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

MANIFEST: Final = "sandbox.yaml"


def instructions(
    running: "Running", config: Mapping[str, Any], keys: tuple[str, ...]
) -> Iterator[str]:
    """Yield shell lines that export the credentials and write a manifest that refers to them."""
    from reconciler.sandbox.config import login

    yield f"# A Domo double serves on {running.url} until Ctrl-C. Paste this into another shell:"
    for key in keys:
        password = login(config, f"{key}.domo.com").password
        yield f"export DOMO_{key.upper().replace('-', '_')}_PASSWORD='{password}'"
    yield f"cat > {MANIFEST} <<'END'"
    yield from _manifest(running, keys)
    yield "END"
    yield f"# and then: reconciler plan -f {MANIFEST}"


def _manifest(running: "Running", keys: tuple[str, ...]) -> Iterator[str]:
    from reconciler.manifest.generate import text

    yield "version: 1"
    yield "state: {path: sandbox.state.json}"
    yield "endpoints:"
    yield f"  api: {running.api}"
    yield f"  instance: {running.instance_template}"
    yield "client_sets:"
    yield "  everywhere:"
    yield "    select: {all: true}"
    yield "    clients:"
    yield "      - {name: Automation Client, scope: [data, user]}"
    yield "instances:"
    for key in keys:
        reference = '{env: "DOMO_{INSTANCE}_PASSWORD"}'
        yield f"  {text(key)}:"  # `no` and `123` would not be read as text
        yield f"    auth: {{method: password, email: ops@{key}.example, password: {reference}}}"
