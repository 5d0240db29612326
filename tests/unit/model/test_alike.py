"""Failures of many instances with the same cause."""

from typing import Final

import pytest

from reconciler.credentials.references import CommandRef, EnvRef, FileRef
from reconciler.model.alike import Failure, grouped
from reconciler.model.auth import Auth, PasswordAuth, TokenAuth
from reconciler.model.instance import Endpoints, Instance
from reconciler.model.source_location import SourceLocation

KEYS: Final = ("acme", "globex", "initech-eu")


def instance(key: str, auth: Auth | None = None) -> Instance:
    """Return an instance at its usual domain."""
    variable = f"PW_{key.upper().replace('-', '_')}"
    own = PasswordAuth(
        email="ops@x.example", password=EnvRef(name=variable, template="PW_{INSTANCE}")
    )
    return Instance(
        key=key,
        domain=f"{key}.domo.com",
        endpoints=Endpoints(api="https://api.domo.com", instance=f"https://{key}.domo.com"),
        place=SourceLocation("reconciler.yaml", 1, 1),
        auth=auth or own,
    )


def failure(of: Instance, message: str, hint: str | None = None, code: str = "x") -> Failure:
    """Return a failure of one instance."""
    return Failure(code=code, message=message, hint=hint, name=of.key, instance=of)


def test_a_variable_is_named_by_its_template() -> None:
    """The message and the hint show what the manifest has."""
    fleet = [instance(key) for key in KEYS]
    names = [f"PW_{each.key.upper().replace('-', '_')}" for each in fleet]
    (group,) = grouped(
        failure(each, f"environment variable `{name}` is not set", f"set {name}")
        for each, name in zip(fleet, names, strict=True)
    )
    assert group.message == "environment variable `PW_{INSTANCE}` is not set"
    assert (group.hint, group.names) == ("set PW_{INSTANCE}", KEYS)


@pytest.mark.parametrize(
    ("said", "common"),
    [
        ("no answer from {key}.domo.com: refused", "no answer from {domain}: refused"),
        ("no instance named {key}", "no instance named {instance}"),
        ("cannot write out/{key}/etl.json", "cannot write out/{instance}/etl.json"),
        ("403: Forbidden (toe AA-{key})", "403: Forbidden (toe AA-acme and others)"),
        ("503 after 0.{number} s", "503 after 0.0 s and others"),
        ("the same", "the same"),
    ],
)
def test_what_is_an_instances_own_does_not_divide_a_cause(said: str, common: str) -> None:
    """Names, hosts, and what a server counts for each answer."""
    (group,) = grouped(
        failure(instance(key), said.format(key=key, number=number))
        for number, key in enumerate(KEYS)
    )
    assert group.message == common


def test_one_instance_reads_its_own_names() -> None:
    """A placeholder would only hide them."""
    (group,) = grouped([failure(instance("acme"), "no answer from acme.domo.com", "see acme")])
    assert (group.message, group.hint) == ("no answer from acme.domo.com", "see acme")


def test_an_ordinary_word_that_is_a_key_divides_nothing() -> None:
    """Equal messages of several instances do not contain their keys."""
    (group,) = grouped(failure(instance(key), "got no answer") for key in ("no", "b", "c"))
    assert group.message == "got no answer"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (failure(instance("a"), "x"), failure(instance("b"), "y")),
        (failure(instance("a"), "x", code="c"), failure(instance("b"), "x", code="d")),
        (
            failure(instance("a"), "x"),
            failure(instance("b", TokenAuth(token=EnvRef(name="T"))), "x"),
        ),
    ],
)
def test_other_causes_stay_apart(first: Failure, second: Failure) -> None:
    """The code, the sign-on method and the rest of the text divide."""
    assert [each.names for each in grouped([first, second])] == [("a",), ("b",)]


def test_two_templates_are_two_causes() -> None:
    """Each of them is to be set in another way."""
    fleet = [
        instance(
            key, TokenAuth(token=FileRef(path=f"{kind}/{key}", template=f"{kind}/{{instance}}"))
        )
        for key in KEYS
        for kind in ("keys", "tokens")
    ]
    refs = [next(iter(each.auth.references())) for each in fleet if each.auth is not None]
    found = grouped(
        failure(each, f"cannot read {ref}: No such file")
        for each, ref in zip(fleet, refs, strict=True)
    )
    assert [each.message for each in found] == [
        "cannot read file keys/{instance}: No such file",
        "cannot read file tokens/{instance}: No such file",
    ]


def test_many_references_without_a_template_are_one_cause() -> None:
    """A few are told one by one; of a fleet, the first stands for all."""
    fleet = [
        instance(
            f"t{number}", TokenAuth(token=EnvRef(name=f"KEY{number}", template=f"KEY{number}"))
        )
        for number in range(40)
    ]
    failures = [
        failure(each, f"environment variable `KEY{number}` is not set", f"set KEY{number}")
        for number, each in enumerate(fleet)
    ]
    assert len(grouped(failures[:3])) == 3
    (group,) = grouped(failures)
    assert group.message == "environment variable `KEY0` and others is not set"
    assert (group.hint, len(group.names)) == ("set KEY0 and others", 40)


def test_a_command_is_named_by_its_template() -> None:
    """Of a command, a message shows the first argument."""
    fleet = [
        instance(
            key,
            TokenAuth(token=CommandRef(argv=(f"./{key}.sh",), template=("./{instance}.sh",))),
        )
        for key in KEYS
    ]
    (group,) = grouped(failure(each, f"command ./{each.key}.sh printed nothing") for each in fleet)
    assert group.message == "command ./{instance}.sh printed nothing"
