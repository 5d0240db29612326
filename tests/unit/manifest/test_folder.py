"""A folder of files is one manifest."""

from collections.abc import Callable

import pytest

from reconciler.manifest.load import load
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import InvalidInput
from reconciler.model.manifest import Manifest

Load = Callable[..., Manifest]
Mistakes = Callable[..., tuple[Diagnostic, ...]]

TEAM = "version: 1\ninstances: {b: {clients: [{name: B, scope: [data], sink: f}]}}\n"
BASE = (
    "version: 1\nsinks: {f: {type: file, path: '{client}'}}\n"
    "defaults: {auth: {method: token, token: {env: T}}}\ninstances: {a: {}}\n"
    "moved: [{from: x, to: a}]\n"
)


def test_maps_are_united(load_text: Load) -> None:
    """One file's instances use another's sinks and defaults."""
    desired = load_text({"base.yaml": BASE, "team.yaml": TEAM})
    assert list(desired.instances) == ["a", "b"]
    (client,) = desired.clients.values()
    assert str(client.place) == "team.yaml:2:27"
    assert [each.source for each in desired.moved] == ["x"]


def test_the_order_of_the_files_does_not_matter(load_text: Load) -> None:
    """The same files in another order are the same manifest."""
    files = {"base.yaml": BASE, "team.yaml": TEAM}
    assert load_text(files) == load_text(dict(reversed(files.items())))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("instances: {a: {}}", "the instance `a`"),
        ("sinks: {f: {type: file, path: y}}", "the sink `f`"),
        ("defaults: {protect: true}", "`defaults`"),
    ],
)
def test_what_two_files_define_shows_both(text: str, what: str, mistakes: Mistakes) -> None:
    """The mistake is in the later file and points at the earlier one."""
    (found,) = mistakes({"base.yaml": BASE, "c.yaml": f"version: 1\n{text}\n"})
    assert found.message == f"{what} is defined twice"
    assert found.place is not None
    assert (found.place.file, found.related[0].place.file) == ("c.yaml", "base.yaml")


def test_a_folder_says_its_version_once(load_text: Load) -> None:
    """The files are one manifest, so that one of them may have the version for all."""
    files = {"base.yaml": BASE, "c.yaml": "instances: {c: {}}\n"}
    assert "c" in load_text(files).instances


def test_a_folder_without_a_version_is_one_mistake(mistakes: Mistakes) -> None:
    """It is at the first file, however many there are."""
    (found,) = mistakes({"b.yaml": "x-b: 1\n", "a.yaml": "\nx-a: 1\n", "c.yaml": "x-c: 1\n"})
    assert found.code == "missing-key"
    assert str(found.place) == "a.yaml:2:1"


def test_a_version_that_a_file_has_must_be_right(mistakes: Mistakes) -> None:
    """Also where another file has the right one."""
    (found,) = mistakes({"base.yaml": BASE, "c.yaml": "version: 2\n"})
    assert (found.code, str(found.place)) == ("unknown-version", "c.yaml:1:10")


def test_mistakes_of_all_files_are_in_one_report(mistakes: Mistakes) -> None:
    """A broken file does not hide another's mistakes, and causes no false ones."""
    found = mistakes(
        {
            "a.yaml": "version: [",
            "b.yaml": "version: 2\nx: 1\n",
            "c.yaml": TEAM,
            "d.yaml": "\xe9: é\x01",
        }
    )
    assert [(each.place and each.place.file, each.code) for each in found] == [
        ("a.yaml", "syntax"),
        ("b.yaml", "unknown-version"),
        ("b.yaml", "unknown-key"),
        ("d.yaml", "control-character"),
    ]


def test_a_folder_without_files_is_a_mistake() -> None:
    """Nothing to read is not an empty wish."""
    with pytest.raises(InvalidInput) as caught:
        load([], root="/", read=str)
    assert caught.value.diagnostics[0].code == "empty-folder"
