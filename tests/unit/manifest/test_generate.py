"""What exists becomes a manifest that wants exactly that."""

from pathlib import Path

import pytest
import yaml

from reconciler.manifest.generate import document, text
from reconciler.manifest.load import Source, load
from reconciler.model.address import Address
from reconciler.model.client import ListedClient
from reconciler.model.manifest import Manifest

NAMES = (
    "Plain", "null", "No", "7", "0x1f", "a: b", "- a", "#a", "it's", '"q"', "{instance}", "*x",
    "&y", "!t", "a #b", " lead", "trail ", "Bücher — 日本語", "back\\slash", "%",
    "@at", "`", "~", "a,b]", "{x} }} {{y", "}", "{",
)  # fmt: skip

MANIFEST = """\
version: 1
endpoints: {api: "http://127.0.0.1:1/api", instance: "http://127.0.0.1:1/i/{domain}"}
instances:
  acme:
    domain: www.acme.example
    labels: {env: prod, on-call: "yes"}
    auth: {method: token, token: {command: [op, read, "op://x/{instance}"]}}
  globex:
    auth: {method: password, email: {file: mail}, password: {env: PW}}
"""


def loaded(manifest: str) -> Manifest:
    """Return what a manifest wants."""
    source = Source(name="reconciler.yaml", data=manifest.encode())
    return load([source], root=".", read=lambda name: Path(name).read_text())


def listed(name: str) -> ListedClient:
    """Return a client of that name as an instance lists it."""
    description = f"{name}\x07 [reconciler:9f3c1a-5be0d2c4]"
    return ListedClient(
        id=1, name=name, description=description, client_id="c", owner=2, scope=("user", "data")
    )


def test_what_is_written_wants_what_exists() -> None:
    """Whatever the names are, and with the instances as they were."""
    before = loaded(MANIFEST)
    found = {"acme": [listed(each) for each in NAMES], "globex": [listed("Only")]}
    after = loaded(document(before, found))
    assert set(after.clients) == {Address("acme", each) for each in NAMES} | {
        Address("globex", "Only")
    }
    assert {each.scope for each in after.clients.values()} == {("data", "user")}
    for key, was in before.instances.items():
        now = after.instances[key]
        assert (now.domain, now.labels, now.auth) == (was.domain, was.labels, was.auth)
        assert now.endpoints == was.endpoints


def test_a_description_loses_its_mark_and_its_controls() -> None:
    """What a manifest may not hold is left out."""
    before = loaded(MANIFEST)
    after = loaded(document(before, {"acme": [listed("A")]}))
    assert after.clients[Address("acme", "A")].description.rstrip() == "A"


@pytest.mark.parametrize(
    "value",
    [
        *("yes", "No", "ON", "off", "y", "N", "true", "NULL", "~", ""),
        *("7", "-1", "1_000", "0x1f", "0o17", "1e5", "1.5", ".inf", ".NaN", "+.5", "190:20:30"),
        *("2026-03-01", "2026-03-01 10:00:00", "12:30"),
    ],
)
def test_what_a_reader_could_take_for_no_text_is_quoted(value: str) -> None:
    """Booleans, numbers and dates of YAML 1.1 are among them: other tools read the file, too."""
    assert text(value) == f'"{value}"'
    assert yaml.safe_load(text(value)) == value


@pytest.mark.parametrize(("value", "written"), [("A b", "A b"), ("a: b", '"a: b"'), ("é", '"é"')])
def test_a_text_is_quoted_only_where_it_must_be(value: str, written: str) -> None:
    """What reads the same either way stays as people write it."""
    assert text(value) == written
