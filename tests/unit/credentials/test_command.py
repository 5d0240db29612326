"""References to commands; the processes are real."""

import asyncio
import base64
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.credentials.resolver import LocalCredentials
from reconciler.model.errors import CredentialUnavailable
from reconciler.model.reference import CommandRef, CredentialRef, EnvRef
from reconciler.model.secret import Met, Secret
from reconciler.system.keeper import Keeper

Resolve = Callable[[CredentialRef], str]


def sh(script: str) -> CommandRef:
    """Return the reference to a shell script."""
    return CommandRef(argv=("sh", "-c", script))


def refusal(resolve: Resolve, script: str) -> CredentialUnavailable:
    """Return the error of a script that fails."""
    with pytest.raises(CredentialUnavailable) as refused:
        resolve(sh(script))
    return refused.value


def test_standard_output(resolve: Resolve) -> None:
    """What the command prints is the credential; what it says beside that is not."""
    assert resolve(sh("echo hunter2; echo warning >&2")) == "hunter2"
    assert resolve(CommandRef(argv=("printf", "%s", "-x"))) == "-x"


def test_works_in_the_manifests_folder(resolve: Resolve, tmp_path: Path) -> None:
    """A relative command and the files that it opens are relative to the manifest's folder."""
    (tmp_path / "get.sh").write_text("#!/bin/sh\ncat kept\n")
    (tmp_path / "get.sh").chmod(0o755)
    (tmp_path / "kept").write_text("hunter2\n")
    assert resolve(CommandRef(argv=("./get.sh",))) == "hunter2"


def test_environment(resolve_with: Callable[..., Any]) -> None:
    """The command gets the environment without the variables that references name."""
    resolve = resolve_with({"HIDDEN": "hunter2", "SEEN": "yes"}, hidden=frozenset({"HIDDEN"}))
    assert resolve(sh('echo "[$HIDDEN][$SEEN]"')) == "[][yes]"


def test_fails(resolve: Resolve) -> None:
    """The exit code and the last lines of standard error say why, fit for a terminal."""
    error = refusal(resolve, r"printf '1\n2\n3\n4\n5\nnot \033[1msigned in\n' >&2; exit 7")
    assert error.message == (
        "command sh ended with exit code 7: 2 / 3 / 4 / 5 / not \\x1b[1msigned in"
    )
    assert "by hand" in str(error.hint)


def test_fails_in_silence(resolve: Resolve) -> None:
    """Without words, the exit code stands alone."""
    assert refusal(resolve, "exit 7").message == "command sh ended with exit code 7"
    assert refusal(resolve, "kill -9 $$").message == "command sh died of SIGKILL"


@pytest.mark.parametrize("script", ["", "echo", "printf '\\r\\n'"])
def test_prints_nothing(resolve: Resolve, script: str) -> None:
    """An empty output is no credential, whatever the exit code says."""
    error = refusal(resolve, f"{script or ':'}; echo no such item >&2")
    assert error.message == "command sh printed nothing: no such item"


@pytest.mark.parametrize(
    "said",
    [
        "hunter2-hunter2",
        base64.b64encode(b"user:hunter2-hunter2").decode(),
        "debug: password=%68unter2 hunter2-hunter2!",
    ],
)
def test_says_its_output(resolve: Resolve, said: str) -> None:
    """What the command says is withheld where its output is in it."""
    error = refusal(resolve, f"echo hunter2-hunter2; echo '{said}' >&2; exit 1")
    assert "exit code 1" in error.message
    assert "a secret may be in it" in error.message
    assert said not in error.message
    assert "hunter2" not in error.message


def test_says_a_line_of_its_output(resolve: Resolve) -> None:
    """Also one line of several is withheld, and all is where there is too much to look for."""
    error = refusal(resolve, "echo login; echo ' hunter2'; echo failed for hunter2 >&2; exit 1")
    assert "hunter2" not in error.message
    error = refusal(resolve, "head -c 20000 /dev/zero; echo anything >&2; exit 1")
    assert "anything" not in error.message


def test_says_another_credential(tmp_path: Path, keeper: Keeper) -> None:
    """What the command says is withheld where a credential is in it that was resolved before."""
    met = Met()
    credentials = LocalCredentials(
        tmp_path, {**os.environ, "PW": "Pa55-word"}, frozenset({"PW"}), keeper=keeper, met=met
    )

    def resolve(reference: CredentialRef) -> str:
        return asyncio.run(credentials.resolve(reference)).reveal()

    script = "echo login with pa55-word failed >&2; exit 1"
    assert refusal(resolve, script).message.endswith(": login with pa55-word failed")
    assert resolve(EnvRef(name="PW")) == "Pa55-word"
    assert "pa55" not in refusal(resolve, script).message
    met.add(Secret("a-session-of-this-run"))
    assert "session" not in refusal(resolve, "echo a-session-of-this-run >&2; exit 1").message


def test_says_something_else(resolve: Resolve) -> None:
    """What the command says is shown where nothing of its output is in it."""
    error = refusal(resolve, "echo hunter2; echo vault is sealed >&2; exit 1")
    assert error.message.endswith(": vault is sealed")


def test_hangs(resolve_with: Callable[..., Any]) -> None:
    """A command that hangs is ended in time."""
    start = time.monotonic()
    error = refusal(resolve_with(command_timeout=0.2), "sleep 60")
    assert error.message == "command sh did not end within 0.2s"
    assert time.monotonic() - start < 5


def test_floods(resolve: Resolve) -> None:
    """A command that never stops printing is ended."""
    assert refusal(resolve, "cat /dev/zero").message == "command sh printed more than 1 MiB"


def test_not_found(resolve: Resolve) -> None:
    """A missing command says where commands are looked for."""
    with pytest.raises(CredentialUnavailable) as refused:
        resolve(CommandRef(argv=("./get.sh", "hunter2")))
    assert refused.value.message == "command ./get.sh cannot be run: not found"
    assert "manifest's folder" in str(refused.value.hint)


def test_many_at_once(tmp_path: Path, keeper: Keeper) -> None:
    """Commands of many instances run side by side, each with its own answer."""
    credentials = LocalCredentials(tmp_path, os.environ, frozenset(), keeper=keeper, met=Met())

    async def scenario() -> list[str]:
        references = [sh(f"sleep 0.2; echo {number}") for number in range(16)]
        secrets = await asyncio.gather(*(credentials.resolve(each) for each in references))
        return [each.reveal() for each in secrets]

    start = time.monotonic()
    assert asyncio.run(scenario()) == [str(number) for number in range(16)]
    assert time.monotonic() - start < 2.5
