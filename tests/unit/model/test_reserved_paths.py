"""Files of the tool's own: which paths they have, and which clients would be written over them."""

import os
from pathlib import Path

import pytest

from reconciler.manifest.load import Source, load
from reconciler.model.reserved_paths import OwnFile, OwnFiles, overwrites
from reconciler.stores.local import LocalStore


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("s.json", "the state"),
        ("s.json.0123456789abcdef.tmp", "the state"),
        ("s.json/x", "the state"),
        ("s.json.backup", "the state's backup"),
        ("s.json.backup.0123456789abcdef.tmp", "the state's backup"),
        ("s.json.lock", "the state's lock"),
        ("s.json.0123_ab-c.journal", "a journal of the state"),
        ("keys/ops.txt", "a key"),
        ("fleet/x.yml", "what is read as a part of the manifest"),
        ("s.json.20260131T080000-0123abcd.log", "an error log of the state"),
        ("s.json.old", None),
        ("s.json.my.log", None),
        ("s.jsonl", None),
        ("a/s.json", None),
        ("fleet/x.json", None),
        ("fleet/.x.yaml", None),
        ("fleet/a/x.yaml", None),
    ],
)
def test_a_path_is_known(path: str, what: str | None) -> None:
    """The state's kin are known by the form of their names, the others by their paths."""
    own = OwnFiles(state="s.json", named={"keys/ops.txt": OwnFile(what="a key")}, folder="fleet")
    found = own.of(path)
    assert (found and found.what) == what


def test_every_file_of_the_store_is_known(tmp_path: Path) -> None:
    """The names are written twice, here and in the store: this holds them together."""
    store = LocalStore(tmp_path / "s.json")
    own = OwnFiles(state=str(tmp_path / "s.json"))
    store.error_log("20260131T080000-0123abcd").keep("it failed", b"why")
    (log,) = tmp_path.iterdir()
    for path in (*store.secret_paths(), store.lock_path, log):
        assert own.of(str(path)) is not None, path


def test_overwrites_are_found_for_another_state_and_through_links(tmp_path: Path) -> None:
    """What `--state` names is as safe as what the manifest names, also behind a link."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    text = (
        "version: 1\ndefaults: {auth: {method: token, token: {file: token.txt}}, sink: f}\n"
        "sinks: {f: {type: file, path: 'link/{client}'}}\n"
        "instances: {a: {clients: [{name: other.json, scope: [data]}, {name: x, scope: [data]}]}}\n"
    )
    desired = load([Source(name="m.yaml", data=text.encode())], root=str(tmp_path), read=str)
    state = tmp_path / "real" / "other.json"
    (found,) = overwrites(desired, desired.clients, state=str(state), resolve=os.path.realpath)
    assert (str(found.address), found.sink, found.path) == ("a/other.json", "f", "link/other.json")
    assert found.what == "the state"
    assert not list(
        overwrites(desired, desired.clients, state=str(tmp_path / "s"), resolve=os.path.realpath)
    )
