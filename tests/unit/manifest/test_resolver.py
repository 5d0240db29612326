"""Defaults, sets and overrides → clients, each with all that holds for it."""

from collections.abc import Callable

import pytest

from reconciler.credentials.references import CommandRef, EnvRef, FileRef
from reconciler.model.address import Address
from reconciler.model.auth import CookieAuth, PasswordAuth, TokenAuth
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.manifest import Manifest

Load = Callable[..., Manifest]
Mistake = Callable[..., Diagnostic]
Mistakes = Callable[..., tuple[Diagnostic, ...]]


def test_the_example_of_the_design_is_what_it_says(load_text: Load) -> None:
    """One manifest with most of what there is."""
    desired = load_text(
        """
version: 1
state: {path: domo.state.json}
sinks:
  ops-files: {type: file, path: "secrets/{instance}/{client_slug}.json", format: json}
  vault-cli: {type: exec, command: [./put-secret.sh, "{instance}", "{client}"], timeout: 30s}
defaults:
  auth: {method: password, email: ops@acme.example, password: {env: "DOMO_{INSTANCE}_PASSWORD"}}
  sink: ops-files
  on_remove: keep
limits: {max_revoke: 5}
client_sets:
  baseline:
    select: {labels: {env: prod}}
    clients:
      - {name: Automation Client, scope: [user, data], description: Nightly ETL}
instances:
  acme-prod:
    labels: {env: prod, region: emea}
    auth: {method: cookie, dsidv1: {file: "/run/{domain}"}}
    clients:
      - name: Reporting
        scope: [data, audit]
        sink: vault-cli
        protect: true
        rotate_after: 90d
        overlap: 24h
  globex:
    domain: Globex.domo.com
    auth: {method: token, token: {command: [op, read, "op://domo/{instance}/token"]}}
  other-one: {}
"""
    )
    assert desired.state_path == "domo.state.json"
    assert str(desired.limits.max_revoke) == "5"
    assert list(desired.instances) == ["acme-prod", "globex", "other-one"]
    assert desired.instances["acme-prod"].auth == CookieAuth(
        dsidv1=FileRef(path="/run/acme-prod.domo.com")
    )
    assert desired.instances["globex"].auth == TokenAuth(
        token=CommandRef(argv=("op", "read", "op://domo/globex/token"))
    )
    assert desired.instances["globex"].domain == "globex.domo.com"
    assert desired.instances["other-one"].auth == PasswordAuth(
        email="ops@acme.example", password=EnvRef(name="DOMO_OTHER_ONE_PASSWORD")
    )
    etl, reporting = desired.clients.values()
    assert etl.address == Address("acme-prod", "Automation Client")
    assert (etl.scope, etl.sinks, etl.client_set) == (("data", "user"), ("ops-files",), "baseline")
    assert etl.description == "Nightly ETL"
    assert (reporting.scope, reporting.sinks) == (("audit", "data"), ("vault-cli",))
    assert (reporting.protect, reporting.client_set) == (True, None)
    assert (reporting.rotate_after, reporting.overlap) == (90 * 86400, 86400)
    assert str(reporting.place) == "m.yaml:22:9"
    assert str(desired.instances["globex"].place) == "m.yaml:28:3"


def test_the_nearest_setting_wins(load_text: Load) -> None:
    """A client's own value, then its set's, then its instance's, then the default."""
    desired = load_text(
        """
version: 1
defaults: {auth: {method: token, token: {env: T}}, on_remove: forget, overlap: 1h, protect: true,
  rotate_after: 1d}
client_sets:
  s:
    select: {all: true}
    overlap: 3h
    clients: [{name: Own, scope: [data], overlap: 0}, {name: Set, scope: [data]}]
instances:
  a: {overlap: 2h, on_remove: revoke, clients: [{name: Inst, scope: [data], rotate_after: never}]}
  b: {}
"""
    )

    def of(key: str, name: str) -> tuple[float, str, bool, float | None]:
        client = desired.clients[Address(key, name)]
        return client.overlap, client.on_remove, client.protect, client.rotate_after

    assert of("a", "Own") == (0, "revoke", True, 86400)
    assert of("a", "Set") == (10800, "revoke", True, 86400)
    assert of("a", "Inst") == (7200, "revoke", True, None)
    assert of("b", "Set") == (10800, "forget", True, 86400)


def test_clients_are_sorted_by_address(load_text: Load, prelude: str) -> None:
    """The order in the file does not matter."""
    desired = load_text(
        prelude + "instances:\n"
        "  b: {clients: [{name: Z, scope: [data]}, {name: A, scope: [data]}]}\n"
        "  a: {clients: [{name: M, scope: [data]}]}\n"
    )
    assert [str(each) for each in desired.clients] == ["a/M", "b/A", "b/Z"]


@pytest.mark.parametrize(
    ("select", "keys"),
    [
        ("{all: true}", ["acme-dev", "acme-prod", "globex"]),
        ("{instances: ['acme-*']}", ["acme-dev", "acme-prod"]),
        ("{instances: [globex, acme-dev]}", ["acme-dev", "globex"]),
        ("{labels: {env: prod}}", ["acme-prod", "globex"]),
        ("{labels: {env: prod, region: emea}}", ["acme-prod"]),
        ("{instances: ['*-*'], labels: {env: prod}}", ["acme-prod"]),
    ],
)
def test_a_set_selects(select: str, keys: list[str], load_text: Load, prelude: str) -> None:
    """Labels must all match, one glob must match, and both where both are there."""
    desired = load_text(
        prelude
        + f"client_sets: {{s: {{select: {select}, clients: [{{name: A, scope: [data]}}]}}}}\n"
        "instances:\n"
        "  acme-prod: {labels: {env: prod, region: emea}}\n"
        "  acme-dev: {labels: {env: dev}}\n"
        "  globex: {labels: {env: prod}}\n"
    )
    assert [each.instance for each in desired.clients] == keys


@pytest.mark.parametrize(
    ("select", "hint"),
    [
        ("{instances: [acme-prd]}", "did you mean the instance `acme-prod`?"),
        ("{labels: {evn: prod}}", "did you mean the label `env: prod`?"),
        ("{instances: ['zzz*']}", None),
        ("{labels: {env: prod}, instances: ['q*']}", None),
        ("{labels: {env: dev}}", None),
        ("{labels: {env: prd}}", "did you mean the label `env: prod`?"),
    ],
)
def test_a_set_that_selects_nothing(
    select: str, hint: str | None, mistake: Mistake, prelude: str
) -> None:
    """It is a mistake at its selector, with what was probably meant."""
    found = mistake(
        prelude + f"client_sets: {{s: {{select: §{select}, clients: []}}}}\n"
        "instances: {acme-prod: {labels: {env: prod}}}\n"
    )
    assert (found.code, found.hint) == ("selects-nothing", hint)


def test_an_entry_of_an_instance_overrides_the_set(load_text: Load, prelude: str) -> None:
    """It wins entirely: nothing of the set's entry or settings is left, also of two sets."""
    desired = load_text(
        prelude + "client_sets:\n"
        "  s: {select: {all: true}, overlap: 1h,\n"
        "    clients: [{name: A, scope: [user], protect: true}]}\n"
        "  t: {select: {all: true}, clients: [{name: A, scope: [audit]}]}\n"
        "instances: {a: {clients: [{name: A, scope: [data], override: true}]}}\n"
    )
    client = desired.clients[Address("a", "A")]
    assert (client.scope, client.overlap, client.protect, client.client_set) == (
        ("data",),
        0,
        False,
        None,
    )


CLASHES = [
    (
        "client-clash",
        (
            "client_sets:\n"
            "  s: {select: {all: true}, clients: [{name: A, scope: [user]}]}\n"
            "instances: {a: {clients: [{name: §A, scope: [data]}]}}\n"
        ),
        4,
    ),
    (
        "client-clash",
        (
            "client_sets:\n"
            "  s: {select: {all: true}, clients: [{name: A, scope: [user]}]}\n"
            "  t: {select: {all: true}, clients: [{name: §A, scope: [user]}]}\n"
            "instances: {a: {}}\n"
        ),
        4,
    ),
    (
        "duplicate-client",
        (
            "instances:\n  a:\n    clients:\n    - {name: A, scope: [data]}\n"
            "    - {name: §A, scope: [user]}\n"
        ),
        6,
    ),
    (
        "duplicate-client",
        (
            "client_sets:\n  s:\n    select: {all: true}\n    clients:\n"
            "    - {name: A, scope: [user]}\n    - {name: §A, scope: [data]}\ninstances: {a: {}}\n"
        ),
        7,
    ),
    (
        "same-domain",
        "instances:\n  a: {domain: B.domo.com}\n  §b: {}\n",
        4,
    ),
    (
        "same-domain",
        "instances:\n  a: {domain: x.com}\n  b: {domain: §X.com}\n",
        4,
    ),
]


@pytest.mark.parametrize(("code", "text", "line"), CLASHES)
def test_a_clash_shows_both_places(
    code: str, text: str, line: int, mistake: Mistake, prelude: str
) -> None:
    """What two places say is a mistake at the one, with the other's line beside it."""
    found = mistake(prelude + text)
    (other,) = found.related
    assert (found.code, other.place.line) == (code, line)
    assert other.excerpt is not None


def test_a_clash_on_a_fleet_is_one_mistake(mistakes: Mistakes, prelude: str) -> None:
    """Two sets that clash on every instance clash once."""
    (found,) = mistakes(
        prelude + "client_sets:\n"
        "  s: {select: {all: true}, clients: [{name: A, scope: [user]}]}\n"
        "  t: {select: {all: true}, clients: [{name: A, scope: [user]}]}\n"
        "instances: {a: {}, b: {}, c: {}}\n"
    )
    assert found.message == (
        "the instance `a` (like 2 other instances) gets the client `A` from two places"
    )


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("overrides-nothing",
         "instances: {a: {clients: [{name: A, scope: [data], §override: true}]}}\n"),
        ("misplaced-override",
         ("client_sets: {s: {select: {all: true}, clients: [{name: A, scope: [data], "
         "§override: true}]}}\ninstances: {a: {}}\n")),
        ("reserved-description",
         ("instances: {a: {clients: [{name: A, scope: [data], "
         "description: §'x [reconciler:012345-01234567]'}]}}\n")),
        ("missing-domain", f"instances: {{§{'a' * 64}: {{}}}}\n"),
        ("missing-domain", "instances: {§a-: {}}\n"),
    ],
)  # fmt: skip
def test_what_no_schema_says(code: str, text: str, mistake: Mistake, prelude: str) -> None:
    """Rules that need more than one value are held, too."""
    assert mistake(prelude + text).code == code


def test_a_word_in_brackets_is_no_mark(load_text: Load, prelude: str) -> None:
    """Only a whole ownership mark at the end is reserved."""
    desired = load_text(
        prelude + "instances: {a: {clients: [{name: A, scope: [data], "
        "description: 'see [reconciler: docs]  '}]}}\n"
    )
    assert desired.clients[Address("a", "A")].description == "see [reconciler: docs]"


def test_an_instance_with_clients_needs_an_auth(mistake: Mistake) -> None:
    """Without clients it needs none."""
    found = mistake(
        "version: 1\ninstances: {§a: {clients: [{name: A, scope: [data]}]}, b: {clients: []}}\n"
    )
    assert found.code == "missing-auth"


NAMED = """\
version: 1
defaults: {auth: {method: token, token: {env: TOKEN}}}
client_sets:
  all:
    select: {all: true}
    clients:
      - {name: "ETL {INSTANCE} {labels.env}", scope: [data], description: "{client} at {domain}"}
      - {name: "{{x}} }", scope: [data], description: "{{}} {"}
instances:
  acme-prod: {labels: {env: prod}}
  globex: {labels: {env: "{client}"}, clients: [{name: "Own of {instance}", scope: [user]}]}
"""


def test_placeholders_in_names_and_descriptions_are_filled_in(load_text: Load) -> None:
    """The address has the name that Domo gets; what a placeholder stands for is not searched."""
    clients = load_text(NAMED).clients
    assert {str(each): client.description for each, client in clients.items()} == {
        "acme-prod/ETL ACME_PROD prod": "ETL ACME_PROD prod at acme-prod.domo.com",
        "acme-prod/{x} }": "{} {",
        "globex/ETL GLOBEX {client}": "ETL GLOBEX {client} at globex.domo.com",
        "globex/Own of globex": "",
        "globex/{x} }": "{} {",
    }


@pytest.mark.parametrize(
    ("client", "word", "near"),
    [
        ('name: §"A {instnace}", scope: [data]', "{instnace}", "{instance}"),
        ('name: §"A {client}", scope: [data]', "{client}", None),
        ('name: §"A {}", scope: [data]', "{}", None),
        (
            'name: A, scope: [data], description: §"of {clien_slug}"',
            "{clien_slug}",
            "{client_slug}",
        ),
    ],
)
def test_an_unknown_placeholder_in_a_client_is_an_error(
    mistake: Mistake, prelude: str, client: str, word: str, near: str | None
) -> None:
    """It is reported once, at its place, with a suggestion, also in a set on many instances."""
    found = mistake(
        f"{prelude}client_sets: {{all: {{select: {{all: true}}, clients: [{{{client}}}]}}}}\n"
        "instances: {a: {}, b: {}}\n"
    )
    assert (found.code, word in found.message) == ("unknown-placeholder", True)
    assert near is None or f"`{near}`" in found.message + (found.hint or "")


@pytest.mark.parametrize(
    ("clients", "code"),
    [
        (
            '{name: ETL a, scope: [data]}, {name: §"ETL {instance}", scope: [data]}',
            "duplicate-client",
        ),
        ('{name: §"{labels.none}", scope: [data]}', "blank-name"),
    ],
)
def test_a_name_is_checked_once_it_is_filled_in(
    mistake: Mistake, prelude: str, clients: str, code: str
) -> None:
    """Two names that are equal only on an instance clash, and no name is empty."""
    found = mistake(
        f"{prelude}client_sets: {{all: {{select: {{all: true}}, clients: [{clients}]}}}}\n"
        'instances: {a: {labels: {none: ""}}}\n'
    )
    assert found.code == code


def test_a_description_that_a_label_ends_in_a_mark_is_an_error(
    mistake: Mistake, prelude: str
) -> None:
    """A mark may not come from a label either."""
    found = mistake(
        f'{prelude}instances: {{a: {{labels: {{x: "[reconciler:9f3c1a-5be0d2c4]"}}, clients: '
        '[{name: A, scope: [data], description: §"of {labels.x}"}]}}\n'
    )
    assert found.code == "reserved-description"
