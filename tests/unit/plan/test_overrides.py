"""An instance that overrides a set's client is one that the set is on, and an exception."""

from reconciler.manifest.load import Source, load
from reconciler.plan.planner import make_plan
from reconciler.plan.render.text import render_text

MANIFEST = """\
version: 1
defaults: {auth: {method: token, token: {env: T}}}
client_sets: {one: {select: {all: true}, clients: [{name: ETL, scope: [data]}]}}
instances:
"""


def test_who_overrides_is_named_as_an_exception() -> None:
    """The set is on all of them: what is not on two of them is not on all."""
    own = "{clients: [{name: ETL, scope: [user], override: true}]}"
    lines = [f"  acme-{n:02}: {own if n in (3, 9) else '{}'}\n" for n in range(12)]
    source = Source(name="reconciler.yaml", data=(MANIFEST + "".join(lines)).encode())
    desired = load([source], root=".", read=str)
    text = render_text(make_plan(desired, None, as_of="2026-03-01T00:00:00Z"))
    assert (
        "# ETL on 10 instances of client set one, except acme-03, acme-09, will be created" in text
    )
