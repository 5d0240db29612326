"""What other tools did to a file is recognised by its bytes."""

import pytest

from reconciler.model.damaged_file import damage


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n", "Git LFS"),
        (b"\0GITCRYPT\0\1\2\3", "git-crypt"),
        (b"{\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> other\n}\n", "conflict markers"),
        (b"\xef\xbb\xbf{}\n", "byte-order mark"),
        (b"\xff\xfe{\0}\0", "byte-order mark"),
        (b"{}\r\n", "Windows line endings"),
    ],
)
def test_damage_names_the_cause(data: bytes, said: str) -> None:
    """Each cause has its own words and a remedy."""
    found = damage(data, line_endings=True)
    assert found is not None
    assert said in found[0]
    assert found[1]


@pytest.mark.parametrize("data", [b"", b"{}\n", b"# <<<<<<< a comment\n", b"version: 1\n"])
def test_damage_of_a_sound_file_is_nothing(data: bytes) -> None:
    """A file without such a fault is left to its reader."""
    assert damage(data, line_endings=True) is None
