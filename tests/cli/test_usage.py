"""The command line itself: help, usage errors, streams that fail, shells."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Reconciler, Run


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("help", ("--help",)),
        ("usage_none", ()),
        ("usage_command", ("paln",)),
        ("usage_option", ("plan", "--detailed-exit-code")),
        ("usage_value", ("plan", "--as-of", "tomorrow")),
        ("usage_schema", ("schema", "manifst")),
    ],
)
def test_the_command_line_answers(
    name: str,
    arguments: tuple[str, ...],
    reconciler: "Reconciler",
    golden: Callable[[str, "Run"], None],
) -> None:
    """Help is data and ends in 0; what was not understood is an error and ends in 64."""
    golden(name, reconciler(*arguments))


def test_a_schema_is_printed_as_it_is_published(reconciler: "Reconciler") -> None:
    """`schema` prints the published file, byte for byte, for each name."""
    folder = Path(__file__).parents[2] / "schemas"
    published = sorted(folder.glob("*.v1.schema.json"))
    assert published
    for path in published:
        run = reconciler("schema", path.name.removesuffix(".v1.schema.json"))
        assert (run.code, run.out, run.err) == (0, path.read_text(encoding="utf-8"), "")
    assert reconciler("schema").out == reconciler("schema", "manifest").out


@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        (("apply", "--nope", "--log-format", "json"), {}),
        (("nope", "--log-format=json"), {}),
        (("nope",), {"RECONCILER_LOG_FORMAT": "json"}),
    ],
)
def test_what_cannot_be_read_is_told_as_it_was_asked_for(
    arguments: tuple[str, ...], env: dict[str, str], reconciler: "Reconciler"
) -> None:
    """A program that reads JSON lines gets one, too, where the command line itself is wrong."""
    run = reconciler(*arguments, env=env)
    said = json.loads(run.err)
    assert (run.code, said["level"], said["code"]) == (64, "error", "usage")


@pytest.mark.parametrize("rate", ["nan", "inf", "0"])
def test_a_rate_is_a_number(rate: str, reconciler: "Reconciler") -> None:
    """What is no number of requests is refused, though it compares like one."""
    run = reconciler("plan", "--rate", rate)
    assert (run.code, "--rate" in run.err) == (64, True)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_completion(reconciler: "Reconciler", shell: str) -> None:
    """The script calls the program back through its own variable."""
    run = reconciler("completion", shell)
    assert (run.code, run.err) == (0, "")
    assert "_RECONCILER_COMPLETE" in run.out


def test_commands_and_options_are_completed(reconciler: "Reconciler") -> None:
    """A shell that asks with a half-typed word gets what it may become."""
    env = {
        "_RECONCILER_COMPLETE": "bash_complete",
        "COMP_WORDS": "reconciler sch",
        "COMP_CWORD": "1",
    }
    assert reconciler(env=env).out == "plain,schema\n"
    env |= {"COMP_WORDS": "reconciler plan --detail", "COMP_CWORD": "2"}
    assert reconciler(env=env).out == "plain,--detailed-exitcode\n"


@pytest.mark.parametrize("arguments", [("schema",), ("completion", "zsh"), ("--version",)])
def test_a_reader_that_leaves_is_no_error(
    arguments: tuple[str, ...], tmp_path: Path, environment: dict[str, str]
) -> None:
    """A closed pipe ends the program without a word, however much it had to say."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=tmp_path,
        env=environment,
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


def test_output_that_cannot_be_written_is_an_error(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """A standard output that takes nothing is said, and is no success with half an answer."""
    with Path(os.devnull).open("rb") as unwritable:
        done = subprocess.run(
            [sys.executable, "-m", "reconciler", "schema"],
            cwd=tmp_path,
            env=environment,
            stdout=unwritable,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == b"Error: cannot write the output: Bad file descriptor\n"
