"""References and endpoints: placeholders, variables' names, commands, URLs."""

from collections.abc import Callable

import pytest

from reconciler.credentials.references import CommandRef, FileRef
from reconciler.model.auth import PasswordAuth, TokenAuth
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.instance import Endpoints
from reconciler.model.manifest import Manifest

Load = Callable[..., Manifest]
Mistake = Callable[..., Diagnostic]
Mistakes = Callable[..., tuple[Diagnostic, ...]]


def test_an_email_may_be_a_reference(load_text: Load) -> None:
    """So may a label stand in what a reference names."""
    desired = load_text(
        "version: 1\ninstances:\n  a:\n    labels: {who: ops}\n    auth: {method: password, "
        "email: {file: 'mail/{labels.who}'}, password: {command: [pass, '{domain}']}}\n"
    )
    assert desired.instances["a"].auth == PasswordAuth(
        email=FileRef(path="mail/ops"), password=CommandRef(argv=("pass", "a.domo.com"))
    )


@pytest.mark.parametrize(
    ("code", "auth"),
    [
        ("unknown-placeholder", "{method: token, token: {env: §'{instanc}'}}"),
        ("unknown-placeholder", "{method: token, token: {file: §'{client}'}}"),
        ("unknown-placeholder", "{method: token, token: {command: [x, §'{}']}}"),
        ("unknown-placeholder",
         "{method: password, email: §'{labels.no}', password: {env: A}}"),
        ("invalid-variable", "{method: token, token: {env: §A-B}}"),
        ("invalid-variable", "{method: token, token: {env: §'1{INSTANCE}'}}"),
    ],
)  # fmt: skip
def test_a_wrong_reference_is_said_once_for_a_fleet(code: str, auth: str, mistake: Mistake) -> None:
    """A default that is wrong for every instance is one mistake, at its text."""
    assert (
        mistake(f"version: 1\ndefaults: {{auth: {auth}}}\ninstances: {{a: {{}}, b: {{}}}}").code
        == code
    )


def test_a_placeholder_suggests_the_nearest(mistake: Mistake) -> None:
    """The message says what was probably meant."""
    found = mistake(
        "version: 1\ninstances: {a: {labels: {region: x}, "
        "auth: {method: token, token: {file: §'{labels.regoin}'}}}}\n"
    )
    assert found.message == (
        "unknown placeholder `{labels.regoin}`: did you mean `{labels.region}`?"
    )


def test_a_label_that_one_instance_lacks(mistake: Mistake) -> None:
    """It is that instance's mistake, and shows where the label is used."""
    found = mistake(
        "version: 1\ndefaults: {auth: {method: token, token: {command: [x, '{labels.t}']}}}\n"
        "instances:\n  a: {labels: {t: x}}\n  §b: {}\n"
    )
    assert found.code == "missing-label"
    assert found.related[0].place.line == 2


@pytest.mark.parametrize("reference", ["{file: '{labels.t}'}", "{env: '{labels.t}'}"])
def test_a_reference_without_its_label_is_no_auth(reference: str, mistakes: Mistakes) -> None:
    """There is one mistake for it, not a second one about a missing auth."""
    found = mistakes(
        f"version: 1\ndefaults: {{auth: {{method: token, token: {reference}}}}}\n"
        "instances: {a: {labels: {t: x}}, b: {clients: [{name: A, scope: [data]}]}}\n"
    )
    assert [each.code for each in found] == ["missing-label"]


def test_an_argument_that_a_placeholder_makes_an_option(mistake: Mistake) -> None:
    """A label such as `--all` cannot become an option of a command."""
    found = mistake(
        "version: 1\ndefaults: {auth: {method: token, token: {command: [x, '{labels.t}']}}}\n"
        "instances: {§a: {labels: {t: --all}}}\n"
    )
    assert found.code == "option-like-argument"


def test_an_option_of_the_manifest_is_one(load_text: Load) -> None:
    """What begins with `-` by itself is meant so."""
    desired = load_text(
        "version: 1\ninstances: {a: {auth: {method: token, token: {command: [x, '-{instance}']}}}}"
    )
    assert desired.instances["a"].auth == TokenAuth(token=CommandRef(argv=("x", "-a")))


def test_endpoints_are_domo_s_own(load_text: Load) -> None:
    """Without `endpoints`, or with the same ones spelled out, nothing is foreign."""
    for text in ("", "endpoints: {api: 'https://api.domo.com/', instance: 'https://{domain}'}\n"):
        instance = load_text(f"version: 1\n{text}instances: {{a: {{}}}}").instances["a"]
        assert instance.endpoints == Endpoints(
            api="https://api.domo.com", instance="https://a.domo.com"
        )
        assert not instance.foreign


def test_endpoints_may_be_a_sandbox(load_text: Load) -> None:
    """Placeholders are filled in, a trailing slash is dropped, and every plan will show it."""
    instance = load_text(
        "version: 1\n"
        "endpoints: {api: 'http://127.0.0.1:8080/api/', instance: 'http://[::1]:80/{INSTANCE}/'}\n"
        "instances: {a-b: {}}"
    ).instances["a-b"]
    assert instance.endpoints == Endpoints(
        api="http://127.0.0.1:8080/api", instance="http://[::1]:80/A_B"
    )
    assert instance.foreign


def test_the_scheme_and_host_of_an_endpoint_have_no_case(load_text: Load) -> None:
    """Domo's own address in capitals is Domo's own address; a path keeps its letters."""
    instance = load_text(
        "version: 1\nendpoints: {api: 'HTTPS://API.domo.com', instance: 'Http://X/Y'}\n"
        "instances: {a: {}}"
    ).instances["a"]
    assert instance.endpoints == Endpoints(api="https://api.domo.com", instance="http://x/Y")


@pytest.mark.parametrize(
    ("code", "url"),
    [
        ("invalid-url", "ftp://x"),
        ("invalid-url", "https://"),
        ("invalid-url", "https://me@x"),
        ("invalid-url", "https://x?a=b"),
        ("invalid-url", "https://x/#a"),
        ("invalid-url", "https://x:0"),
        ("invalid-url", "https://x:65536"),
        ("invalid-url", "https://a b"),
        ("unknown-placeholder", "https://{client}"),
        ("unknown-placeholder", "https://{labels.t}"),
    ],
)
def test_an_endpoint_is_a_plain_url(code: str, url: str, mistake: Mistake) -> None:
    """What is no base URL is one mistake, also for a fleet."""
    found = mistake(
        f"version: 1\nendpoints: {{instance: §'{url}'}}\n"
        "instances: {a: {labels: {t: x}}, b: {}}"
    )
    assert found.code == code
