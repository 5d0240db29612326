"""References to files."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.credentials.file import LARGEST
from reconciler.credentials.references import FileRef
from reconciler.model.errors import CredentialUnavailable
from reconciler.model.reference import CredentialRef

Resolve = Callable[[CredentialRef], str]


def test_relative_to_the_manifest(resolve: Resolve, tmp_path: Path) -> None:
    """A relative path starts at the manifest's folder, an absolute one does not."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "acme").write_text("hunter2\n")
    assert resolve(FileRef(path="keys/acme")) == "hunter2"
    assert resolve(FileRef(path=str(tmp_path / "keys" / "acme"))) == "hunter2"


def test_through_a_link(resolve: Resolve, tmp_path: Path) -> None:
    """A symbolic link is followed: that is how mounted secrets come."""
    (tmp_path / "..data").write_text("hunter2")
    (tmp_path / "password").symlink_to("..data")
    assert resolve(FileRef(path="password")) == "hunter2"


def test_missing(resolve: Resolve, tmp_path: Path) -> None:
    """A missing file is named as the manifest names it, the hint says where it is looked for."""
    with pytest.raises(CredentialUnavailable) as refused:
        resolve(FileRef(path="missing"))
    assert refused.value.message == "cannot read file missing: No such file or directory"
    assert str(tmp_path / "missing") in str(refused.value.hint)


def test_special_files(resolve: Resolve, tmp_path: Path) -> None:
    """Folders, FIFOs and devices are refused at once, and no descriptor stays open."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    open_before = len(list(Path("/dev/fd").iterdir()))
    for path in ("folder", "fifo", "/dev/zero"):
        with pytest.raises(CredentialUnavailable, match="not a regular file"):
            resolve(FileRef(path=path))
    assert len(list(Path("/dev/fd").iterdir())) == open_before


def test_socket(resolve: Resolve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket cannot be opened as a file, and the message says what the system says."""
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("door")
        with pytest.raises(CredentialUnavailable, match="cannot read file door: "):
            resolve(FileRef(path="door"))


def test_size(resolve: Resolve, tmp_path: Path) -> None:
    """A mebibyte is read, a byte more is refused without being read on."""
    (tmp_path / "large").write_bytes(b"x" * LARGEST)
    assert len(resolve(FileRef(path="large"))) == LARGEST
    (tmp_path / "large").write_bytes(b"x" * (LARGEST + 1))
    with pytest.raises(CredentialUnavailable, match="larger than 1 MiB"):
        resolve(FileRef(path="large"))
