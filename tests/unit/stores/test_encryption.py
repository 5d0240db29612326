"""Secrets sealed with age, and the real tool's messages."""

from collections.abc import Sequence
from pathlib import Path

import pyrage  # type: ignore[import-untyped]  # it ships no types
import pytest

from reconciler.model.errors import CredentialUnavailable, InvalidInput, StateRefused
from reconciler.model.secret import Secret
from reconciler.state.model import Plain, Sealed
from reconciler.stores.encryption import AgeSealing, PlainSealing, identities_from

DATA = Path(__file__).parent / "data"
AGE = "age1yryw90qh39hgcrx5jalzgptfyr85e73gkxmyx38y80q0tnpurvaqv7rk0p"
SSH = (DATA / "ssh.key.pub").read_text().strip()


def sealing(*recipients: str, key: str = "age.key") -> AgeSealing:
    """Return a sealing that opens with one of the keys of these tests."""
    return AgeSealing(recipients, identities_from((DATA / key).read_text(), name=key))


def sealed(text: bytes) -> Sealed:
    """Seal any text, as somebody else would."""
    recipient = pyrage.x25519.Recipient.from_str(AGE)
    return Sealed(text=pyrage.encrypt(text, [recipient], armored=True).decode())


@pytest.mark.parametrize(("recipients", "key"), [([AGE], "age.key"), ([SSH, AGE], "ssh.key")])
def test_what_is_sealed_is_opened(recipients: Sequence[str], key: str) -> None:
    """Each recipient opens it, and what stands in the file shows nothing."""
    both = sealing(*recipients, key=key)
    kept = both.keep(client_id="c1", secret=Secret("hush"))
    assert isinstance(kept, Sealed)
    assert kept.text.startswith("-----BEGIN AGE ENCRYPTED FILE-----")
    assert "hush" not in kept.text
    found = both.open(client_id="c1", sealed=kept)
    assert found is not None
    assert found.same_as(Secret("hush"))


@pytest.mark.parametrize("key", ["age.key", "ssh.key", "rsa.key"])
def test_a_message_of_the_real_tool_is_opened(key: str) -> None:
    """The fixed message was sealed by age 1.1.1 to all of the keys."""
    found = sealing(AGE, key=key).open(
        client_id="c1", sealed=Sealed(text=(DATA / "sealed.age").read_text())
    )
    assert found is not None
    assert found.reveal() == "hush ü"


def test_nobody_opens_without_a_key() -> None:
    """Without an identity, or with another one, the secret stays sealed, and that is no error."""
    kept = AgeSealing([SSH]).keep(client_id="c1", secret=Secret("hush"))
    assert isinstance(kept, Sealed)
    assert AgeSealing([SSH]).open(client_id="c1", sealed=kept) is None
    assert sealing(SSH).open(client_id="c1", sealed=kept) is None


def test_a_moved_secret_is_refused() -> None:
    """A sealed value under another client is noticed."""
    kept = sealing(AGE).keep(client_id="c1", secret=Secret("hush"))
    assert isinstance(kept, Sealed)
    with pytest.raises(StateRefused, match="client c2 belongs to another client") as caught:
        sealing(AGE).open(client_id="c2", sealed=kept)
    assert "hush" not in str(caught.value)


def test_a_damaged_secret_is_refused() -> None:
    """A message that was changed is not taken for one without a key."""
    kept = sealing(AGE).keep(client_id="c1", secret=Secret("hush"))
    assert isinstance(kept, Sealed)
    lines = kept.text.splitlines()
    lines[-2] = lines[-2][::-1]
    for text in ("\n".join(lines), "nonsense", kept.text[:200]):
        with pytest.raises(StateRefused, match="client c1 is damaged"):
            sealing(AGE).open(client_id="c1", sealed=Sealed(text=text))


@pytest.mark.parametrize(
    "text", [b"hush", b"[]", b"1", b"{}", b'{"client_id":"c1","client_secret":1}', b"\xff"]
)
def test_a_message_of_something_else_is_refused(text: bytes) -> None:
    """What was sealed by hand, and is not ours, is not handed out as a secret."""
    with pytest.raises(StateRefused, match="not a secret of this tool"):
        sealing(AGE).open(client_id="c1", sealed=sealed(text))


def test_recipients_are_checked_before_anything_is_made() -> None:
    """Every recipient that is none is named, at once."""
    with pytest.raises(InvalidInput) as caught:
        AgeSealing([AGE, "age1nonsense", "ssh-ed25519 AAAA"])
    said = [each.message for each in caught.value.diagnostics]
    assert said == [
        "`age1nonsense` is no age recipient",
        "`ssh-ed25519 AAAA` is no age recipient",
    ]


def test_without_a_recipient_nothing_is_sealed() -> None:
    """An empty list of recipients does not mean that a secret stays in plain."""
    with pytest.raises(InvalidInput) as caught:
        AgeSealing([])
    assert [each.message for each in caught.value.diagnostics] == ["encryption has no recipient"]


@pytest.mark.parametrize("text", ["", "# only a comment\n"])
def test_a_file_without_a_key_is_refused(text: str) -> None:
    """The error says what an identity looks like."""
    with pytest.raises(CredentialUnavailable, match=r"no key in `key\.txt`") as caught:
        identities_from(text, name="key.txt")
    assert "AGE-SECRET-KEY-1" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "text", ["AGE-SECRET-KEY-1NONSENSE", "-----BEGIN OPENSSH PRIVATE KEY-----\nnonsense\n"]
)
def test_a_file_with_a_broken_key_is_refused(text: str) -> None:
    """The error names the file and does not quote the key."""
    with pytest.raises(CredentialUnavailable, match=r"`key\.txt` holds no usable key") as caught:
        identities_from(text, name="key.txt")
    assert "nonsense" not in str(caught.value).lower()


def test_an_identity_shows_nothing() -> None:
    """A key in a traceback or a log is a name."""
    (identity,) = identities_from((DATA / "age.key").read_text(), name="age.key")
    assert "AGE-SECRET" not in repr(identity)


def test_without_encryption_a_secret_is_kept_as_it_is() -> None:
    """The plain sealing keeps plain, and opens nothing that is sealed."""
    kept = PlainSealing().keep(client_id="c1", secret=Secret("hush"))
    assert isinstance(kept, Plain)
    assert kept.secret.same_as(Secret("hush"))
    assert PlainSealing().open(client_id="c1", sealed=Sealed(text="age…")) is None


def test_what_was_sealed_once_is_opened_without_recipients() -> None:
    """A manifest that no longer asks for encryption does not close what is sealed."""
    kept = AgeSealing([AGE]).keep(client_id="c1", secret=Secret("hush"))
    assert isinstance(kept, Sealed)
    keys = identities_from((DATA / "age.key").read_text(), name="age.key")
    found = PlainSealing(keys).open(client_id="c1", sealed=kept)
    assert found is not None
    assert found.same_as(Secret("hush"))
