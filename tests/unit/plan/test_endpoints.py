"""Base URLs that are not Domo's."""

from reconciler.model.instance import Endpoints, Instance
from reconciler.model.source_location import SourceLocation
from reconciler.plan.planner import _endpoints


def test_an_instance_behind_one_url_for_both_is_named_once() -> None:
    """A proxy may serve the API and the instance under the same URL."""
    proxy = "https://proxy.example"
    instance = Instance(
        key="acme",
        domain="acme.domo.com",
        endpoints=Endpoints(api=proxy, instance=proxy),
        place=SourceLocation("reconciler.yaml", 1, 1),
        foreign=True,
    )
    assert _endpoints([instance]) == {proxy: ("acme",)}
