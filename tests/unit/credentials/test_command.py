"""References to commands; the processes are real."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.credentials.references import CommandRef
from reconciler.credentials.resolver import LocalCredentials
from reconciler.model.errors import CredentialUnavailable
from reconciler.model.reference import CredentialRef
from reconciler.system.child_process import KeepErrors
from reconciler.system.process_reaper import ProcessReaper

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


LOG: Final = "s.json.20260131T080000-0123abcd.log"


def test_fails(resolve: Resolve, tmp_path: Path) -> None:
    """The exit code says why; the error output goes to a private file, fit for a terminal."""
    script = r"printf '1\n\n2\nnot \033[1msigned in\n' >&2; exit 7"
    error = refusal(resolve, script)
    path = tmp_path / LOG
    assert error.message == f"command sh ended with exit code 7; its error output is in {path}"
    assert "by hand" in str(error.hint)
    title, *lines = path.read_text().splitlines()
    assert title.startswith("== sh -c ")
    assert title.endswith("ended with exit code 7")
    assert lines == ["1", "", "2", "not \\x1b[1msigned in"]


def test_fails_in_silence(resolve: Resolve) -> None:
    """Without words, the exit code stands alone."""
    assert refusal(resolve, "exit 7").message == "command sh ended with exit code 7"
    assert refusal(resolve, "kill -9 $$").message == "command sh died of SIGKILL"


@pytest.mark.parametrize("script", ["", "echo", "printf '\\r\\n'"])
def test_prints_nothing(resolve: Resolve, tmp_path: Path, script: str) -> None:
    """An empty output is no credential, whatever the exit code says."""
    error = refusal(resolve, f"{script or ':'}; echo no such item >&2")
    log = tmp_path / LOG
    assert error.message == f"command sh printed nothing; its error output is in {log}"
    assert log.read_text().endswith(" printed nothing\nno such item\n")


@pytest.mark.parametrize("said", ["hunter2", "2retnuh", "h u n t e r 2", "vault is sealed"])
def test_prints_an_error_beside_its_output(resolve: Resolve, said: str) -> None:
    """No error output is quoted: a credential can be in it in a form that no search finds."""
    error = refusal(resolve, f"echo hunter2; echo '{said}' >&2; exit 1")
    assert said not in error.message


def test_hangs(resolve_with: Callable[..., Any]) -> None:
    """A command that hangs is ended in time."""
    error = refusal(resolve_with(command_timeout=0.2), "sleep 60")
    assert error.message == "command sh did not end within 0.2s"


def test_floods(resolve: Resolve) -> None:
    """A command that never stops printing is ended."""
    assert refusal(resolve, "cat /dev/zero").message == "command sh printed more than 1 MiB"


def test_not_found(resolve: Resolve) -> None:
    """A missing command says where commands are looked for."""
    with pytest.raises(CredentialUnavailable) as refused:
        resolve(CommandRef(argv=("./get.sh", "hunter2")))
    assert refused.value.message == "command ./get.sh cannot be run: not found"
    assert "manifest's folder" in str(refused.value.hint)


MEET = "mkdir met.$$; while [ $(ls -d met.* | wc -l) -lt 16 ]; do sleep 0.05; done"
"""Ends once sixteen commands run it at the same time."""


def test_many_at_once(tmp_path: Path, keeper: ProcessReaper, keep: KeepErrors) -> None:
    """Commands of many instances run side by side, each with its own answer."""
    credentials = LocalCredentials(tmp_path, os.environ, frozenset(), keeper=keeper, keep=keep)

    async def scenario() -> list[str]:
        references = [sh(f"{MEET}; echo {number}") for number in range(16)]
        secrets = await asyncio.gather(*(credentials.resolve(each) for each in references))
        return [each.reveal() for each in secrets]

    assert asyncio.run(scenario()) == [str(number) for number in range(16)]
