"""What every sink promises, whatever its kind."""

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.model.address import Address
from reconciler.model.client import Delivery
from reconciler.model.errors import SinkFailed
from reconciler.model.secret import Secret
from reconciler.model.sink import SinkTarget
from reconciler.ports import Sinks
from reconciler.sinks.definitions import exec_target, file_target
from reconciler.sinks.registry import LocalSinks
from reconciler.stores.local import LocalStore
from reconciler.system.process_reaper import ProcessReaper


def a_file(name: str) -> SinkTarget:
    """Return a file."""
    return file_target(sink="files", path=f"kept/{name}", form="json", within="kept")


def a_command(name: str) -> SinkTarget:
    """Return a command that keeps what it gets in a file, as a real one would in a vault."""
    script = 'mkdir -p kept && cat > "kept/$1"'
    return exec_target(sink="vault", argv=("sh", "-c", script, "put", name), timeout=20.0)


@pytest.fixture
def sinks(tmp_path: Path) -> Iterator[Sinks]:
    """Return the sinks of a manifest's folder."""
    with ProcessReaper() as keeper:
        keep = LocalStore(tmp_path / "s.json").error_log("20260131T080000-0123abcd").keep
        yield LocalSinks(tmp_path, os.environ, frozenset(), keeper=keeper, keep=keep)


@pytest.fixture(params=[a_file, a_command])
def make(request: pytest.FixtureRequest) -> Callable[[str], SinkTarget]:
    """Return a function that makes a target of each kind."""
    made: Callable[[str], SinkTarget] = request.param
    return made


def delivery(secret: str) -> Delivery:
    """Return a delivery of a secret."""
    return Delivery(
        address=Address("acme-prod", "ETL"),
        domain="acme-prod.domo.com",
        live_name="ETL (2)",
        description="Nightly",
        scope=("data",),
        client_id="0e5f9f6c-0000-4000-8000-000000000000",
        client_secret=Secret(secret),
        created_at="2026-01-31T08:00:00Z",
    )


def kept(folder: Path, name: str) -> dict[str, object]:
    """Return what a sink keeps."""
    found: dict[str, object] = json.loads((folder / "kept" / name).read_text())
    return found


def test_nine_keys(sinks: Sinks, make: Callable[[str], SinkTarget], tmp_path: Path) -> None:
    """A sink gets one JSON object with the nine keys."""
    asyncio.run(sinks.deliver(make("etl"), delivery("s3cret")))
    assert kept(tmp_path, "etl") == {
        "instance": "acme-prod",
        "domain": "acme-prod.domo.com",
        "name": "ETL",
        "live_name": "ETL (2)",
        "description": "Nightly",
        "scope": ["data"],
        "client_id": "0e5f9f6c-0000-4000-8000-000000000000",
        "client_secret": "s3cret",
        "created_at": "2026-01-31T08:00:00Z",
    }


def test_again(sinks: Sinks, make: Callable[[str], SinkTarget], tmp_path: Path) -> None:
    """Delivering again is harmless, and the newer secret wins."""
    for secret in ("first", "second", "second"):
        asyncio.run(sinks.deliver(make("etl"), delivery(secret)))
    assert kept(tmp_path, "etl")["client_secret"] == "second"
    assert [each.name for each in (tmp_path / "kept").iterdir()] == ["etl"]


def test_probe_leaves_nothing(
    sinks: Sinks, make: Callable[[str], SinkTarget], tmp_path: Path
) -> None:
    """A probe of a sink that works writes nothing that stays and runs nothing."""
    asyncio.run(sinks.probe([make("etl"), make("other")]))
    assert list(tmp_path.iterdir()) == []


def test_failure(sinks: Sinks, make: Callable[[str], SinkTarget], tmp_path: Path) -> None:
    """A delivery that fails says so, names the sink, holds no secret, and leaves what was there."""
    (tmp_path / "kept").write_text("in the way")
    target = make("etl")
    with pytest.raises(SinkFailed) as refused:
        asyncio.run(sinks.deliver(target, delivery("s3cret")))
    assert refused.value.message.startswith(f"sink {target.sink}: ")
    assert "s3cret" not in refused.value.message + str(refused.value.hint)
    assert (tmp_path / "kept").read_text() == "in the way"
    left = {each.name for each in tmp_path.iterdir() if each.suffix != ".log"}
    assert left == {"kept"}


def test_probe_says_all(sinks: Sinks, tmp_path: Path) -> None:
    """One error names every sink that cannot take a secret."""
    (tmp_path / "kept").write_text("in the way")
    missing = exec_target(sink="vault", argv=("./put",), timeout=1.0)
    with pytest.raises(SinkFailed) as refused:
        asyncio.run(sinks.probe([a_file("etl"), missing, a_command("etl")]))
    assert [each.partition(":")[0] for each in refused.value.message.splitlines()] == [
        "2 sink targets cannot take a secret",
        "sink files",
        "sink vault",
    ]


def test_nothing_to_probe(sinks: Sinks, tmp_path: Path) -> None:
    """A run without sinks has nothing to prove."""
    asyncio.run(sinks.probe([]))
    assert list(tmp_path.iterdir()) == []
