"""Where an action comes from when the client's own entry is as it was."""

from typing import TYPE_CHECKING

from reconciler.manifest.load import Source, load
from reconciler.model.address import Address
from reconciler.model.secret import Secret
from reconciler.model.source_location import SourceLocation
from reconciler.plan.action import Cause
from reconciler.plan.render.text import render_text
from reconciler.state.model import Plain

if TYPE_CHECKING:
    from tests.unit.plan.conftest import Fleet

MANIFEST = """\
version: 1
sinks:
  files: {type: file, path: "s/{instance}/{client_slug}"}
  more: {type: file, path: "m/{instance}/{client_slug}"}
defaults:
  auth: {method: token, token: {env: T}}
  sink: files
  rotate_after: 30d
client_sets:
  base:
    select: {all: true}
    sink: more
    clients: [{name: ETL, scope: [data]}]
instances:
  acme:
    rotate_after: 60d
    clients: [{name: A, scope: [data]}, {name: B, scope: [data], sink: more}]
"""


def test_a_client_knows_which_wider_level_gives_its_settings() -> None:
    """The nearest level that gives a setting is its place; what its own entry gives has none."""
    clients = load([Source(name="m.yaml", data=MANIFEST.encode())], root=".", read=str).clients
    due = SourceLocation("m.yaml", 16, 5)
    assert clients[Address("acme", "A")].inherited == {
        "sink": SourceLocation("m.yaml", 7, 3),
        "rotate_after": due,
    }
    assert clients[Address("acme", "B")].inherited == {"rotate_after": due}
    assert clients[Address("acme", "ETL")].inherited == {
        "sink": SourceLocation("m.yaml", 12, 5),
        "rotate_after": due,
    }


def test_an_action_names_the_setting_that_decided(fleet: "Fleet") -> None:
    """A rotation by age names `rotate_after`, a delivery `sink`, and a change of scope neither."""
    inherited = {
        "sink": SourceLocation("m.yaml", 7, 3),
        "rotate_after": SourceLocation("m.yaml", 8, 3),
    }
    fleet.want("acme/Due", rotate_after=1.0, inherited=inherited)
    fleet.know("acme/Due")
    fleet.want("acme/Sink", inherited=inherited)
    fleet.know("acme/Sink", delivered={}, secret=Plain(secret=Secret("s")))
    fleet.want("acme/Scope", "user", inherited=inherited)
    fleet.know("acme/Scope", "data")
    causes = {
        each.address.client: each.origin and each.origin.cause for each in fleet.plan().actions
    }
    assert causes == {
        "Due": Cause("rotate_after", SourceLocation("m.yaml", 8, 3)),
        "Sink": Cause("sink", SourceLocation("m.yaml", 7, 3)),
        "Scope": None,
    }
    assert "(m.yaml:8, rotate_after)" in render_text(fleet.plan())


def test_a_rotation_that_was_asked_for_has_no_setting_as_its_cause(fleet: "Fleet") -> None:
    """The user asked, whatever the age is."""
    place = SourceLocation("m.yaml", 8, 3)
    wanted = fleet.want("acme/Due", rotate_after=1.0, inherited={"rotate_after": place})
    fleet.know("acme/Due")
    origin = fleet.only(rotations=frozenset({wanted.address})).origin
    assert origin is not None
    assert origin.cause is None
