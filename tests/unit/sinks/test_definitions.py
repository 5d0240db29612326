"""The built-in types against the published schema of manifests."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler import plugins
from reconciler.model.errors import BrokenPlugin
from reconciler.sinks.definitions import exec_target, file_target, recorded_target

SCHEMA: Final = Path(__file__).parents[3] / "schemas" / "manifest.v1.schema.json"
DEFS: Final[dict[str, Any]] = json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"]


def test_the_published_schema_has_the_sinks_that_are_built_in() -> None:
    """Its types, keys and required keys are those of the definitions."""
    assert DEFS["sink"]["properties"]["type"]["enum"] == list(plugins.BUILT_IN[plugins.SINKS])
    properties = {"type": DEFS["sink"]["properties"]["type"]}
    for name, branch in zip(plugins.BUILT_IN[plugins.SINKS], DEFS["sink"]["allOf"], strict=True):
        kind = plugins.sink_type(name)
        assert kind is not None
        properties |= kind.schema["properties"]
        assert branch["if"]["properties"]["type"]["const"] == name
        assert branch["then"]["required"] == ["type", *kind.schema["required"]]
        keys = branch["then"]["propertyNames"]["enum"]
        assert keys == ["type", *kind.schema["properties"]]
    assert DEFS["sink"]["properties"] == properties


def test_the_published_schema_has_the_sources_that_are_built_in() -> None:
    """A reference has exactly the sources of the definitions."""
    found = {}
    for name in plugins.BUILT_IN[plugins.CREDENTIALS]:
        source = plugins.credential_source(name)
        assert source is not None
        found[name] = source.schema
    assert DEFS["reference"]["properties"] == found


def test_a_recorded_file_is_found_again() -> None:
    """The text that a delivery records leads to the file, within its own folder."""
    there = recorded_target(str(file_target(sink="f", path="a/b.json", form="json")))
    assert there == file_target(sink="", path="a/b.json", form="json", within="a")


@pytest.mark.parametrize("path", ["/etc/x.json", "../x.json", "a/../../x.json"])
def test_a_recorded_file_out_of_the_folder_is_not_trusted(path: str) -> None:
    """Another user's state does not choose which file is read or removed."""
    assert recorded_target(f"json file {path}") is None


def test_a_recorded_command_is_no_file() -> None:
    """A command is not taken for a file, whatever its words are."""
    target = exec_target(sink="e", argv=("json", "file", "x"), timeout=1.0)
    assert recorded_target(str(target)) is None


def test_an_adapter_that_is_not_there_is_a_broken_plugin() -> None:
    """The message names the adapter and keeps the reason."""
    kind = plugins.sink_type("file")
    assert kind is not None
    broken = type("Broken", (kind,), {"adapter": "reconciler.sinks.file:Nothing"})
    with pytest.raises(BrokenPlugin, match="file:Nothing cannot be loaded"):
        plugins.load_adapter(broken)
