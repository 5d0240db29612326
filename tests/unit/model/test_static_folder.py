"""The folder of a file sink that no placeholder can change."""

import pytest

from reconciler.model.address import Address
from reconciler.model.instance import Endpoints, Instance
from reconciler.model.manifest import Manifest
from reconciler.model.placeholders import static_folder
from reconciler.model.source_location import SourceLocation
from reconciler.sinks.definitions import FileSink, file_target


@pytest.mark.parametrize(
    ("template", "folder"),
    [
        ("secrets/{instance}/{client_slug}.json", "secrets"),
        ("secrets/of-{instance}.json", "secrets"),
        ("a/b/{client}", "a/b"),
        ("{instance}/x.json", ""),
        ("x.json", ""),
        ("secrets/x.json", "secrets"),
        ("/{instance}.json", "/"),
        ("/run/{instance}.json", "/run"),
        ("../above/{instance}.json", "../above"),
        ("a/{x}/b/{y}", "a"),
    ],
)
def test_static_folder(template: str, folder: str) -> None:
    """It ends before the first placeholder, at a whole folder."""
    assert static_folder(template) == folder


def test_targets_know_it() -> None:
    """A target carries the folder of its template, not of the path that was filled in."""
    place = SourceLocation("reconciler.yaml", 1, 1)
    instance = Instance(
        key="acme",
        domain="acme.domo.com",
        endpoints=Endpoints(api="https://api.domo.com", instance="https://acme.domo.com"),
        place=place,
    )
    desired = Manifest(
        root=".",
        sinks={"ops": FileSink(name="ops", path="secrets/{client}.json")},
        instances={"acme": instance},
    )
    assert desired.targets_of(Address("acme", "../../etc/x"), ("ops",)) == (
        file_target(sink="ops", path="secrets/../../etc/x.json", form="json", within="secrets"),
    )
