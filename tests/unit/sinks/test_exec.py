"""Commands as sinks; the processes are real."""

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Final

import pytest

from reconciler.model.client import Delivery
from reconciler.model.errors import SinkFailed
from reconciler.model.sink import SinkTarget
from reconciler.sinks.definitions import exec_target
from reconciler.sinks.registry import LocalSinks
from reconciler.system.child_process import KeepErrors
from reconciler.system.process_reaper import ProcessReaper


def target(*argv: str, timeout: float = 20.0) -> SinkTarget:
    """Return a command as a target."""
    return exec_target(sink="vault", argv=argv, timeout=timeout)


def sh(script: str, timeout: float = 20.0) -> SinkTarget:
    """Return a shell script as a target."""
    return target("sh", "-c", script, timeout=timeout)


def refusal(sinks: LocalSinks, where: SinkTarget, delivery: Delivery) -> str:
    """Return what a command that does not take the secret says."""
    with pytest.raises(SinkFailed) as refused:
        asyncio.run(sinks.deliver(where, delivery))
    assert delivery.client_secret.reveal() not in refused.value.message
    return refused.value.message


def test_gets_json(sinks: LocalSinks, root: Path, delivery: Delivery) -> None:
    """The command reads the delivery's object in the manifest's folder."""
    asyncio.run(sinks.deliver(sh("cat > got"), delivery))
    assert json.loads((root / "got").read_text()) == delivery.document()


def test_secret_is_in_no_argument(sinks: LocalSinks, root: Path, delivery: Delivery) -> None:
    """Neither the arguments nor the environment hold the secret."""
    (root / "put.sh").write_text('#!/bin/sh\necho "$0" "$@" > seen\nenv >> seen\ncat > got\n')
    (root / "put.sh").chmod(0o755)
    asyncio.run(sinks.probe([target("./put.sh", "acme-prod", "-x")]))
    asyncio.run(sinks.deliver(target("./put.sh", "acme-prod", "-x"), delivery))
    seen = (root / "seen").read_text()
    assert " acme-prod -x\n" in seen
    assert delivery.client_secret.reveal() not in seen
    assert delivery.client_secret.reveal() in (root / "got").read_text()


def test_environment(
    root: Path, keeper: ProcessReaper, keep: KeepErrors, delivery: Delivery
) -> None:
    """The command gets the environment without the variables that references name."""
    environ = {"PATH": os.environ["PATH"], "PASSWORD": "hunter2", "SEEN": "yes"}
    sinks = LocalSinks(root, environ, frozenset({"PASSWORD"}), keeper=keeper, keep=keep)
    asyncio.run(sinks.deliver(sh('echo "[$PASSWORD][$SEEN]" > seen'), delivery))
    assert (root / "seen").read_text() == "[][yes]\n"


def test_does_not_read(sinks: LocalSinks, delivery: Delivery) -> None:
    """Exit code 0 is a delivery, also from a command that has not read its input."""
    asyncio.run(sinks.deliver(target("true"), delivery))


LOG: Final = "s.json.20260131T080000-0123abcd.log"


def test_fails(sinks: LocalSinks, root: Path, delivery: Delivery) -> None:
    """The exit code says why, and the message names the file with the error output."""
    said = refusal(sinks, sh("echo out; echo vault is sealed >&2; exit 3"), delivery)
    assert said == (
        f"sink vault: command sh ended with exit code 3; its error output is in {root / LOG}"
    )
    assert (root / LOG).read_text() == (
        "== acme-prod/Automation Client: sink vault: command sh ended with exit code 3\n"
        "vault is sealed\n"
    )
    assert refusal(sinks, sh("exit 3"), delivery).endswith("ended with exit code 3")
    assert refusal(sinks, sh("kill -9 $$"), delivery).endswith("died of SIGKILL")


@pytest.mark.parametrize(
    "shown",
    ["cat", "rev", "base64", "fold -w 3", "sed 's/./& /g'", "tr a-z0-9 n-za-m5-90-4"],
)
def test_prints_what_it_got_in_any_form(sinks: LocalSinks, delivery: Delivery, shown: str) -> None:
    """No search finds a secret that is reversed or divided, so nothing is quoted."""
    whole = refusal(sinks, sh(f"{shown} >&2; exit 3"), delivery)
    assert whole == refusal(sinks, sh("echo vault is sealed >&2; exit 3"), delivery)


def test_hangs_after_a_question(sinks: LocalSinks, root: Path, delivery: Delivery) -> None:
    """What a command printed before it was ended is kept as well."""
    said = refusal(sinks, sh("echo code from your phone? >&2; sleep 60", timeout=0.5), delivery)
    assert said.endswith(f"did not end within 0.5s; its error output is in {root / LOG}")
    assert "code from your phone?" in (root / LOG).read_text()


def test_hangs(sinks: LocalSinks, delivery: Delivery) -> None:
    """A command that hangs is ended in time."""
    said = refusal(sinks, sh("sleep 60", timeout=0.2), delivery)
    assert said == "sink vault: command sh did not end within 0.2s"


def test_floods(sinks: LocalSinks, delivery: Delivery) -> None:
    """A command that never stops printing is ended."""
    said = refusal(sinks, target("cat", "/dev/zero"), delivery)
    assert said == "sink vault: command cat printed more than 1 MiB"


def test_leaves_a_process_behind(sinks: LocalSinks, delivery: Delivery) -> None:
    """What a command leaves behind does not hold up its delivery."""
    asyncio.run(sinks.deliver(sh("sleep 60 & exit 0"), delivery))


def test_missing(sinks: LocalSinks, root: Path, delivery: Delivery) -> None:
    """A command that cannot be run is found by the probe, which says each once and runs none."""
    (root / "plain").touch(mode=0o644)
    (root / "put.sh").write_text("#!/bin/sh\ntouch ran\n")
    (root / "put.sh").chmod(0o755)
    targets = [target("./missing", str(number)) for number in range(100)]
    with pytest.raises(SinkFailed) as refused:
        asyncio.run(sinks.probe([*targets, target("./plain"), target("./put.sh")]))
    assert refused.value.message.splitlines() == [
        "2 sink targets cannot take a secret:",
        "sink vault: command ./missing cannot be run: not found",
        "sink vault: command ./plain cannot be run: not an executable file",
    ]
    assert not (root / "ran").exists()
    assert refusal(sinks, targets[0], delivery).endswith("cannot be run: not found")


def test_a_few_at_once(
    root: Path, keeper: ProcessReaper, keep: KeepErrors, delivery: Delivery
) -> None:
    """No more commands run at once than allowed."""
    sinks = LocalSinks(root, os.environ, frozenset(), keeper=keeper, keep=keep, concurrency=3)
    script = "mkdir run.$$; ls -d run.* | wc -l >> counts; sleep 0.1; rmdir run.$$"

    async def scenario() -> None:
        await asyncio.gather(*(sinks.deliver(sh(script), delivery) for _ in range(9)))

    asyncio.run(scenario())
    counts = [int(each) for each in (root / "counts").read_text().split()]
    assert len(counts) == 9
    assert max(counts) <= 3


def test_cancelled(sinks: LocalSinks, root: Path, delivery: Delivery) -> None:
    """A cancelled delivery ends its command and lets the next one in."""

    async def scenario() -> None:
        task = asyncio.create_task(sinks.deliver(sh("touch began; sleep 60; touch over"), delivery))
        while not (root / "began").exists():  # noqa: ASYNC110 (another process makes it)
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await sinks.deliver(target("true"), delivery)

    asyncio.run(scenario())
    assert not (root / "over").exists()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (b"#!/bin/sh\r\ncat\r\n", "Windows line endings"),
        (b"#!/usr/bin/env python3\r\n", "Windows line endings"),
        (b"cat > got\n", "no interpreter"),
        (b"", "no interpreter"),
        (b"#!\ncat\n", "names no interpreter"),
        (b"\xef\xbb\xbf#!/bin/sh\ncat\n", "byte-order mark"),
        (b"#!/no/such/shell -e\n", "its interpreter /no/such/shell is not found"),
        (b"#!/usr/bin/env no-such-python\n", "its interpreter no-such-python is not found"),
        (b"#!/usr/bin/env -S no-such-python -u\n", "its interpreter no-such-python is not found"),
    ],
)
def test_script_that_the_system_does_not_run_is_refused(
    sinks: LocalSinks, root: Path, script: bytes, said: str
) -> None:
    """The probe finds a script that could not start when the secret is there."""
    (root / "put.sh").write_bytes(script)
    (root / "put.sh").chmod(0o755)
    with pytest.raises(SinkFailed, match=re.escape(said)):
        asyncio.run(sinks.probe([target("./put.sh")]))


@pytest.mark.parametrize("first", ["#!/bin/sh", "#! /bin/sh -e", "#!/usr/bin/env sh"])
def test_script_that_runs_passes_the_probe(sinks: LocalSinks, root: Path, first: str) -> None:
    """The usual first lines pass."""
    (root / "put.sh").write_text(f"{first}\ncat\n")
    (root / "put.sh").chmod(0o755)
    asyncio.run(sinks.probe([target("./put.sh")]))
