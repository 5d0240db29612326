"""Cookies and access tokens as people paste them."""

import pytest

from reconciler.model.pasted import cookie_of, token_of
from reconciler.model.secret import Secret

UUID = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
DA_SID = "DA-SID-prod5-acme"


@pytest.mark.parametrize(
    "pasted",
    [
        UUID,
        f" {UUID}\n",
        f'"{UUID}"',
        f"'{UUID}'",
        f"{UUID};",
        f"_dsidv1={UUID}",
        f'_dsidv1="{UUID}"',
        f'"_dsidv1": "{UUID}"',
        f"_dsidv1\t{UUID}\t.domo.com\t/",
        f"Cookie: _dsidv1={UUID}",
        f"Cookie: {DA_SID}=other; _dsidv1={UUID}; theme=dark",
        f"_dsidv1={UUID}; Path=/; Secure",
        f"-H 'cookie: _dsidv1={UUID}'",
    ],
)
def test_a_pasted_cookie_is_reduced_to_its_value(pasted: str) -> None:
    """The cookie's name, quotes, header and neighbours are no part of the value."""
    name, value = cookie_of(Secret(pasted))

    assert (name, value.reveal()) == ("_dsidv1", UUID)


@pytest.mark.parametrize("pasted", [f"{DA_SID}={UUID}", f'Cookie: theme=dark; {DA_SID}="{UUID}"'])
def test_a_da_sid_cookie_keeps_its_own_name(pasted: str) -> None:
    """A `DA-SID-…` cookie sent as `_dsidv1` could never be accepted."""
    name, value = cookie_of(Secret(pasted))

    assert (name, value.reveal()) == (DA_SID, UUID)


@pytest.mark.parametrize("pasted", ["eyJ=.a+b/c==", "my_dsidv1=x"])
def test_a_value_without_a_known_name_is_unchanged(pasted: str) -> None:
    """An equals sign may belong to the value."""
    name, value = cookie_of(Secret(pasted))

    assert (name, value.reveal()) == ("_dsidv1", pasted)


@pytest.mark.parametrize(
    "pasted",
    ["DDCI9", ' "DDCI9"\n', "X-DOMO-Developer-Token: DDCI9", "Bearer DDCI9", '"bearer DDCI9"'],
)
def test_a_pasted_access_token_is_reduced_to_its_value(pasted: str) -> None:
    """Quotes, blanks and the header's name are no part of the token."""
    assert token_of(Secret(pasted)).reveal() == "DDCI9"
