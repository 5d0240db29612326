"""What a sink's file holds."""

import json
import shlex
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.address import Address
from reconciler.model.client import Delivery
from reconciler.model.secret import Secret
from reconciler.sinks.formats import content, line


def test_json(delivery: Delivery) -> None:
    """JSON is the delivery's object, pretty, with a newline at its end."""
    data = content(delivery, "json")
    assert json.loads(data) == delivery.document()
    assert data.startswith(b'{\n  "instance": "acme-prod",\n')
    assert data.endswith(b"}\n")


def test_line(delivery: Delivery) -> None:
    """A command gets the same object on one line."""
    data = line(delivery)
    assert json.loads(data) == delivery.document()
    assert data.count(b"\n") == 1
    assert data.endswith(b"}\n")


def test_dotenv(delivery: Delivery) -> None:
    """Dotenv has two variables; what has nothing special has no quotes."""
    assert content(delivery, "dotenv").decode() == (
        f"DOMO_CLIENT_ID={delivery.client_id}\n"
        f"DOMO_CLIENT_SECRET={delivery.client_secret.reveal()}\n"
    )


@pytest.mark.parametrize(
    ("secret", "written"),
    [
        ("-x", "-x"),
        ("a b", "'a b'"),
        ("$HOME#", "'$HOME#'"),
        ('"', "'\"'"),
        ("ü", "'ü'"),
        ("it's", '"it\'s"'),
    ],
)
def test_dotenv_quotes(deliver_of: Callable[[str], Delivery], secret: str, written: str) -> None:
    """A value with special characters is in quotes that need no escape."""
    assert content(deliver_of(secret), "dotenv").decode().endswith(f"_SECRET={written}\n")


@pytest.mark.parametrize("secret", ["it's $5", "a\\b", "a\nDOMO_ADMIN=1", "a\0", "a\x1b"])
def test_dotenv_refuses(deliver_of: Callable[[str], Delivery], secret: str) -> None:
    """What readers of dotenv do not agree on is not written, and not shown."""
    with pytest.raises(ValueError, match="do not agree") as refused:
        content(deliver_of(secret), "dotenv")
    assert secret not in str(refused.value)


def test_raw(delivery: Delivery) -> None:
    """Raw is the secret, alone, without a newline."""
    assert content(delivery, "raw") == delivery.client_secret.reveal().encode()


@given(secret=st.text())
def test_reads_back(secret: str) -> None:
    """Whatever a value is, JSON gives it back, and dotenv means it or refuses it."""
    delivery = Delivery(
        address=Address("a", secret or "b"),
        domain="a.domo.com",
        live_name=secret,
        description=secret,
        scope=("data",),
        client_id="id",
        client_secret=Secret(secret),
        created_at="2026-01-31T08:00:00Z",
    )
    assert json.loads(content(delivery, "json")) == delivery.document()
    assert json.loads(line(delivery)) == delivery.document()
    try:
        written = content(delivery, "dotenv").decode()
    except ValueError:
        return
    assert shlex.split(written) == ["DOMO_CLIENT_ID=id", f"DOMO_CLIENT_SECRET={secret}"]
