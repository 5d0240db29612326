"""Scopes that Domo knows and this version does not."""

import pytest

from reconciler.manifest.load import Source, load
from reconciler.model.errors import InvalidInput
from reconciler.model.manifest import Manifest

_MANIFEST = """version: 1
{allow}
defaults: {{auth: {{method: token, token: {{env: TOKEN}}}}}}
instances:
  acme:
    clients:
      - {{name: A, scope: [cards]}}
      - {{name: B, scope: [cards, data]}}
"""


def _load(allow: str) -> Manifest:
    data = _MANIFEST.format(allow=allow).encode()
    return load([Source(name="m.yaml", data=data)], root=".", read=lambda _: "")


def test_an_unknown_scope_that_is_allowed_is_one_warning() -> None:
    """The warning is at the first use; the scope is wanted as it is written."""
    desired = _load("allow_scopes: [cards]")

    (warning,) = desired.warnings
    assert (warning.code, warning.severity) == ("unknown-scope", "warning")
    assert "`cards`" in warning.message
    assert warning.place is not None
    assert warning.place.line == 7
    assert {each.scope for each in desired.clients.values()} == {("cards",), ("cards", "data")}


@pytest.mark.parametrize("allow", ["", "allow_scopes: [card]", "allow_scopes: [Cards]"])
def test_an_unknown_scope_that_is_not_allowed_is_an_error(allow: str) -> None:
    """Only the exact name in `allow_scopes` allows a scope."""
    with pytest.raises(InvalidInput) as caught:
        _load(allow)

    assert {each.code for each in caught.value.diagnostics} == {"unknown-scope"}


@pytest.mark.parametrize("allow", ["cards", "[1]", "[a b]", "[cards, cards]"])
def test_a_wrong_list_of_allowed_scopes_is_an_error(allow: str) -> None:
    """The list has text without spaces, none twice."""
    with pytest.raises(InvalidInput):
        _load(f"allow_scopes: {allow}")
