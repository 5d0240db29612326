"""Files of revoked clients: removed only if they are provably what was delivered."""

import json
from pathlib import Path

import pytest

from reconciler.model.leftover import Fate, Leftover
from reconciler.model.secret import Secret, fingerprint
from reconciler.sinks.leftovers import sweep

DIGEST = fingerprint("c1", Secret("s1"))
OURS = {
    "json": json.dumps({"client_id": "c1", "client_secret": "s1"}),
    "dotenv": "DOMO_CLIENT_ID=c1\nDOMO_CLIENT_SECRET=s1\n",
    "raw": "s1",
}


def leftover(form: str, *, path: str = "f", digest: str | None = DIGEST) -> Leftover:
    """Return a file of the client c1."""
    return Leftover(target=f"{form} file {path}", client_id="c1", digest=digest)


@pytest.mark.parametrize("form", ["json", "dotenv", "raw"])
def test_a_file_that_is_what_was_delivered_is_removed_on_request(form: str, tmp_path: Path) -> None:
    """Without the request it stays, and a second look finds that it is gone."""
    path = tmp_path / "f"
    path.write_text(OURS[form])
    assert sweep([(leftover(form), False)], tmp_path) == [Fate.LEFT]
    assert path.exists()
    assert sweep([(leftover(form), True)], tmp_path) == [Fate.REMOVED]
    assert list(tmp_path.iterdir()) == []
    assert sweep([(leftover(form), True)], tmp_path) == [Fate.ABSENT]


@pytest.mark.parametrize(
    ("form", "content"),
    [
        ("json", '{"client_id": "c2", "client_secret": "s1"}'),
        ("json", '{"client_id": "c1", "client_secret": "s2"}'),
        ("json", "a stranger's text"),
        ("dotenv", "DOMO_CLIENT_ID=c2\nDOMO_CLIENT_SECRET=s1\n"),
        ("raw", "s2"),
        ("raw", ""),
    ],
)
def test_a_file_with_another_content_is_never_removed(
    form: str, content: str, tmp_path: Path
) -> None:
    """Something else wrote there since."""
    (tmp_path / "f").write_text(content)
    assert sweep([(leftover(form), True)], tmp_path) == [Fate.FOREIGN]
    assert (tmp_path / "f").read_text() == content


@pytest.mark.parametrize(("form", "fate"), [("json", Fate.REMOVED), ("raw", Fate.UNPROVEN)])
def test_without_a_recorded_digest_the_client_id_decides(
    form: str, fate: Fate, tmp_path: Path
) -> None:
    """A file with nothing but a secret then proves nothing, and stays."""
    (tmp_path / "f").write_text(OURS[form])
    assert sweep([(leftover(form, digest=None), True)], tmp_path) == [fate]
    assert (tmp_path / "f").exists() is (fate is Fate.UNPROVEN)


def test_what_leads_elsewhere_or_is_no_file_is_never_removed(tmp_path: Path) -> None:
    """A link out of the file's folder, a folder, and a target that is no file are left alone."""
    outside = tmp_path / "outside"
    outside.write_text(OURS["json"])
    (tmp_path / "in").mkdir()
    (tmp_path / "in/link").symlink_to(outside)
    (tmp_path / "in/folder").mkdir()
    files = [leftover("json", path="in/link"), leftover("json", path="in/folder")]
    files += [leftover("json", path=str(outside)), leftover("json", path="in/../outside")]
    command = Leftover(target="command ./put.sh", client_id="c1")
    found = sweep([(each, True) for each in (*files, command)], tmp_path)
    assert found == [Fate.UNPROVEN] * 5
    assert outside.exists()
