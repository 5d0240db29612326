"""References to environment variables."""

import os
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.credentials.references import EnvRef
from reconciler.model.errors import CredentialUnavailable


def test_value(resolve_with: Callable[..., Any]) -> None:
    """The variable's value is the credential."""
    assert resolve_with({"PASSWORD": "hunter2"})(EnvRef(name="PASSWORD")) == "hunter2"


def test_hidden_from_children_only(resolve_with: Callable[..., Any]) -> None:
    """A variable that children do not get can be resolved: that is why it is hidden."""
    resolve = resolve_with({"PASSWORD": "hunter2"}, hidden=frozenset({"PASSWORD"}))
    assert resolve(EnvRef(name="PASSWORD")) == "hunter2"


@pytest.mark.parametrize(("environ", "said"), [({}, "is not set"), ({"PASSWORD": ""}, "is empty")])
def test_no_value(resolve_with: Callable[..., Any], environ: dict[str, str], said: str) -> None:
    """Unset and empty are told apart, and the hint says what to set."""
    with pytest.raises(CredentialUnavailable) as refused:
        resolve_with(environ)(EnvRef(name="PASSWORD"))
    assert refused.value.message == f"environment variable `PASSWORD` {said}"
    assert "set PASSWORD" in str(refused.value.hint)


def test_not_text(resolve_with: Callable[..., Any]) -> None:
    """A variable that is not UTF-8 is refused."""
    with pytest.raises(CredentialUnavailable, match="is not UTF-8"):
        resolve_with({"PASSWORD": os.fsdecode(b"hunter2\xff")})(EnvRef(name="PASSWORD"))
