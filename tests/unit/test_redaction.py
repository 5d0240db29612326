"""A secret cannot be shown, kept or compared by accident, and what holds one says so."""

import ast
import copy
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.model.secret import Secret

PACKAGE: Final = Path(__file__).parents[2] / "reconciler"
NAMES: Final = {"password", "secret", "token", "cookie", "dsidv1", "client_secret", "credential"}
SAFE: Final = {"Secret", "StoredSecret", "Plain", "Sealed", "CredentialRef", "Credential", "bool"}
"""Types whose text form shows nothing: a secret, where one is to be found, or whether."""

VALUE: Final = "hunter2-hunter2"


def secret_fields() -> Iterator[tuple[str, str]]:
    """Yield each class attribute of the package, the sandbox apart, whose name says secret."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "sandbox" in path.parts:
            continue  # a double that plays Domo has its secrets in plain
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            where = f"{path.relative_to(PACKAGE).as_posix()}:{getattr(node, 'name', '')}"
            for name, kind in attributes(node):
                if name.strip("_") in NAMES:
                    yield f"{where}.{name}", kind


def attributes(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the annotated attributes of a class, with their types."""
    for each in node.body if isinstance(node, ast.ClassDef) else ():
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            yield each.target.id, ast.unparse(each.annotation)


def test_no_value_holds_a_secret_as_text() -> None:
    """Wherever a field's name says that it is a secret, its type cannot show one."""
    fields = dict(secret_fields())
    assert fields
    plain = {
        where: kind
        for where, kind in fields.items()
        if not {part.strip(" '\"") for part in kind.replace("None", "").split("|")} - {""} <= SAFE
    }
    assert plain == {}


@pytest.mark.parametrize(
    "show", [repr, str, format, ascii, "{:>30}".format, "%s".__mod__, lambda s: f"{s!r}{s}"]
)
def test_no_text_form_shows_it(show: Callable[[Any], str]) -> None:
    """Printing, formatting and logging show that there is one, and nothing of it."""
    assert "hunter" not in show(Secret(VALUE))


@pytest.mark.parametrize(
    "leave", [pickle.dumps, copy.copy, copy.deepcopy, hash, vars, {1}.__contains__]
)
def test_it_does_not_leave_unasked(leave: Callable[[Any], Any]) -> None:
    """It is not pickled, copied, hashed or listed."""
    with pytest.raises(TypeError) as refused:
        leave(Secret(VALUE))
    assert "hunter" not in str(refused.value)


def test_it_is_compared_only_on_purpose() -> None:
    """Equality is refused, so that a container compares no two by accident."""
    with pytest.raises(TypeError):
        _ = Secret(VALUE) == VALUE
    assert Secret(VALUE).same_as(Secret(VALUE))
    assert not Secret(VALUE).same_as(Secret("another"))


def test_an_error_that_passes_by_does_not_show_it() -> None:
    """An error about a structure with a secret in it quotes the structure, not the secret."""
    with pytest.raises(KeyError) as caught:
        _ = {"of": {"client": Secret(VALUE)}}[f"{[Secret(VALUE)]}"]
    assert "hunter" not in repr(caught.value)
