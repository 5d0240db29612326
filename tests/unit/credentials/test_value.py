"""What a credential may look like, whichever place it comes from."""

import pytest

from reconciler.credentials.references import EnvRef
from reconciler.credentials.value import secret_from
from reconciler.model.errors import CredentialUnavailable


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"hunter2", "hunter2"),
        (b"hunter2\n", "hunter2"),
        (b"hunter2\r\n", "hunter2"),
        (b"  spaces stay \t\n", "  spaces stay \t"),
        ("pässwörd\n".encode(), "pässwörd"),
        (b"-x", "-x"),
        (b"007", "007"),
    ],
)
def test_loses_one_newline(data: bytes, value: str) -> None:
    """One trailing newline goes, and nothing else."""
    assert secret_from(data, EnvRef(name="V")).reveal() == value


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\r\n", "is empty"),
        (b"hunter2\n\n", "contains more than one line"),
        (b"hunter2\r", "contains more than one line"),
        (b"hunter2\nX-Evil: 1", "contains more than one line"),
        (b"hunter2\0", "contains a NUL character"),
        (b"hunter2\xff", "is not UTF-8 (byte 8)"),
        (b"\xef\xbb\xbfhunter2", "begins with a byte order mark (UTF-8)"),
        ("hunter2".encode("utf-16"), "begins with a byte order mark (UTF-16)"),
    ],
)
def test_refused(data: bytes, wrong: str) -> None:
    """What could not be sent as it stands is refused by name, without being shown."""
    with pytest.raises(CredentialUnavailable) as refused:
        secret_from(data, EnvRef(name="V"))
    assert refused.value.message == f"environment variable `V` {wrong}"
    assert "hunter2" not in str(refused.value.hint)
