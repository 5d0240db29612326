"""The published schema, as an editor uses it, against what the tool itself decides."""

import json
import re
from typing import Any, Final

import jsonschema_rs
import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from reconciler.documents.schema import schema_bytes
from reconciler.manifest.load import Source, load
from reconciler.model.errors import InvalidInput

SCHEMA: Final[dict[str, Any]] = json.loads(schema_bytes("manifest"))
AUTH: Final = "defaults: {auth: {method: token, token: {env: TOKEN}}}\n"
ACME: Final = "instances: {acme: {labels: {env: prod, a-b: c}}}\n"
RECIPIENT: Final = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"


def auth(text: str) -> str:
    """Return the rest of a manifest with an auth."""
    return f"defaults: {{auth: {text}}}\n{ACME}"


def instance(text: str, *, key: str = "acme") -> str:
    """Return the rest of a manifest with an instance."""
    return f"{AUTH}instances: {{{key}: {text}}}\n"


def client(text: str) -> str:
    """Return the rest of a manifest with a client, to which `text` is added."""
    return instance(f"{{clients: [{{name: R, scope: [data], {text}}}]}}")


def scope(text: str) -> str:
    """Return the rest of a manifest with a client of a scope."""
    return instance(f"{{clients: [{{name: R, scope: {text}}}]}}")


def top(text: str) -> str:
    """Return the rest of a manifest with one more section."""
    return f"{AUTH}{text}\n{ACME}"


def sink(text: str) -> str:
    """Return the rest of a manifest with a sink."""
    return top(f"sinks: {{f: {text}}}")


def sets(select: str) -> str:
    """Return the rest of a manifest with a client set."""
    return top(f"client_sets: {{s: {{select: {select}, clients: []}}}}")


RIGHT: Final = (
    auth("{method: password, email: a@b.example, password: {env: 'DOMO_{INSTANCE}_{labels.a-b}'}}"),
    auth("{method: cookie, dsidv1: {file: '/run/{instance}/{domain}'}}"),
    auth("{method: token, token: {command: [op, 'read', '{{x}}{instance}']}}"),
    auth("{method: password, email: {env: MAIL}, password: {env: _P1}}"),
    scope("[data, workflow]"),
    "allow_scopes: [cards]\n" + scope("[cards, data]"),
    instance("{domain: ACME.domo.com}"),
    instance("{domain: acme.domo.com}", key="a-"),
    instance("{}", key="a" * 63),
    client("description: 'Reads [figures]'"),
    top("endpoints: {api: 'http://127.0.0.1:8080/x', instance: 'HTTPS://{instance}.x.example/'}"),
    top("endpoints: {api: 'https://[::1]:65535'}"),
    top(f"state: {{path: 'x y.json', encryption: {{age: {{recipients: ['{RECIPIENT} ']}}}}}}"),
    sink("{type: file, path: '{instance}/{client_slug}/{labels.env}/{{a}}/{'}"),
    sink("{type: exec, command: [./put, '{client}', '}'], read: [./get, '{domain}'], timeout: 5s}"),
    top("moved: [{from: a, to: b}, {from: a/B c, to: b/D}, {from: x.domo.com, to: y.domo.com}]"),
    top("x-mine: {anything: [1]}"),
    top("limits: {max_revoke: 10%}\nrollout: {canary: 1, then: 5%}"),
    sets("{all: true}"),
)

WRONG: Final = (
    auth("{method: password, email: a@b.example, password: hunter2}"),
    auth("{method: token, token: abc}"),
    auth("{method: token, token: 123}"),
    auth("{method: cookie, dsidv1: [abc]}"),
    auth("{method: token, token: {env: A, file: b}}"),
    auth("{method: token, token: {}}"),
    auth("{method: token, token: {env: A B}}"),
    auth("{method: token, token: {env: 1A}}"),
    auth("{method: token, token: {env: 'A_{domain}'}}"),
    auth("{method: token, token: {env: 'A_{foo}'}}"),
    auth("{method: token, token: {file: '{client}'}}"),
    auth("{method: token, token: {command: op read}}"),
    auth("{method: token, token: {command: [op, '{inst}']}}"),
    auth("{method: token, password: {env: P}}"),
    auth("{method: sso}"),
    auth("{method: password, email: '{foo}@b.example', password: {env: P}}"),
    scope("data"),
    scope("[]"),
    scope("[dta]"),
    scope("[data, data]"),
    scope("{data: true}"),
    "allow_scopes: [a b]\n" + scope("[data]"),
    instance("{domain: 'https://acme.domo.com/'}"),
    instance("{domain: 'http://acme.domo.com'}"),
    instance("{domain: 'acme.domo.com:443'}"),
    instance("{domain: 'acme.domo.com/'}"),
    instance("{domain: 'acme.domo.com.'}"),
    instance("{domain: 'acme_x.domo.com'}"),
    instance("{domain: ''}"),
    instance("null"),
    instance("{}", key="Acme"),
    instance("{}", key="a-"),
    instance("{}", key="a" * 64),
    instance("{labels: {a b: c}}"),
    instance("{labels: {a: 1}}"),
    instance("{clients: {name: R}}"),
    client("foo: 1"),
    client("protect: 'yes'"),
    client("on_remove: delete"),
    client("overlap: 5"),
    client("rotate_after: 0d"),
    client("sink: []"),
    client("description: 'x [reconciler:9f3c1a-5be0d2c4]'"),
    instance("{clients: [{name: ' ', scope: [data]}]}"),
    top("endpoints: {api: 'ftp://x'}"),
    top("endpoints: {api: api.domo.com}"),
    top("endpoints: {api: 'https://api.domo.com/?a=b'}"),
    top("endpoints: {api: 'https://u:p@api.domo.com'}"),
    top("endpoints: {api: 'https://api.domo.com:0'}"),
    top("endpoints: {api: 'https://api.domo.com:65536'}"),
    top("endpoints: {instance: 'https://{labels.a}'}"),
    top("state: {encryption: {age: {recipients: [foo]}}}"),
    top("state: {encryption: {age: {recipients: [AGE-SECRET-KEY-1QQPQ]}}}"),
    top("state: {encryption: {age: {}}}"),
    top("state: {folder: x}"),
    top("sinks: {state: {type: file, path: '{client}'}}"),
    sink("{type: file}"),
    sink("{type: ftp, path: x}"),
    sink("{type: file, path: '{clientx}'}"),
    sink("{type: file, path: '{{{foo}}}'}"),
    sink("{type: file, path: x, command: [y]}"),
    sink("{type: exec, command: ./put}"),
    sink("{type: exec, command: ['']}"),
    sink("{type: exec, command: [./put, '{}']}"),
    sink("{type: exec, command: [./put], read: [./get, '{labels.}']}"),
    sink("{type: exec, command: [./put], timeout: 30}"),
    top("moved: [{from: a}]"),
    top("moved: [{from: A B, to: c}]"),
    top("moved: [{from: a, to: b/c}]"),
    top("moved: [{from: x.domo.com, to: a}]"),
    top("mark: 'no'"),
    top("limits: {max_revoke: -1}"),
    top("limits: {max_revoke: 101%}"),
    top("rollout: {canary: 0}"),
    top("unknown: 1"),
    sets("{all: false}"),
    sets("{}"),
    sets("{all: true, labels: {a: b}}"),
    sets("{instances: acme}"),
)

EXCEPTIONS: Final = {
    "what two places decide together": (
        instance("{sink: foo}"),
        "instances: {acme: {clients: [{name: R, scope: [data]}]}}\n",
        instance("{clients: [{name: R, scope: [data]}, {name: r, scope: [data]}]}"),
        client("override: true"),
        AUTH + "instances: {a: {domain: x.domo.com}, b: {domain: x.domo.com}}\n",
        top("rollout: {canary: [nope]}"),
        sets("{labels: {env: dev}}"),
        top("moved: [{from: a, to: a}]"),
        instance("{sink: f, clients: [{name: R, scope: [data]}, {name: S, scope: [data]}]}")
        + "sinks: {f: {type: file, path: x}}\n",
        instance("{sink: f, clients: [{name: R, scope: [data]}]}")
        + "sinks: {f: {type: file, path: '{labels.env}'}}\n",
    ),
    "scopes, if `allow_scopes` exists": ("allow_scopes: [cards]\n" + scope("[dta]"),),
    "the checksum of a key": (
        top(f"state: {{encryption: {{age: {{recipients: [{RECIPIENT[:-1]}q]}}}}}}"),
    ),
    "files that a manifest names": (
        top("state: {encryption: {age: {recipients_file: nowhere.txt}}}"),
    ),
    "how YAML is written": (
        AUTH + AUTH + "instances: {}\n",
        AUTH + "instances: {1: {}}\n",
    ),
}
"""What a schema cannot express, by its reason: only `validate` finds it."""


def tool(text: str) -> bool:
    """Report whether the tool takes a manifest."""
    source = Source(name="reconciler.yaml", data=f"version: 1\n{text}".encode())
    try:
        load([source], root=".", read=_missing)
    except InvalidInput:
        return False
    return True


def _missing(path: str) -> str:
    raise FileNotFoundError(2, "No such file or directory", path)


def editor(text: str) -> bool:
    """Report whether the schema takes it; two independent validators must agree."""
    found = yaml.safe_load(f"version: 1\n{text}")
    if any(not isinstance(key, str) for key in found["instances"]):
        found = json.loads(json.dumps(found))  # an editor sees the keys of YAML as text
    answers = {
        Draft202012Validator(SCHEMA).is_valid(found),
        jsonschema_rs.Draft202012Validator(SCHEMA).is_valid(found),
    }
    assert len(answers) == 1
    return answers.pop()


@pytest.mark.parametrize("text", RIGHT)
def test_both_take_a_right_manifest(text: str) -> None:
    """An editor marks nothing that the tool takes."""
    assert (tool(text), editor(text)) == (True, True)


@pytest.mark.parametrize("text", WRONG)
def test_both_refuse_a_wrong_manifest(text: str) -> None:
    """An editor marks what `validate` would report."""
    assert (tool(text), editor(text)) == (False, False)


@pytest.mark.parametrize("text", [each for some in EXCEPTIONS.values() for each in some])
def test_only_the_tool_finds_what_a_schema_cannot_express(text: str) -> None:
    """The exceptions are still exceptions: one that the schema learns moves to the other list."""
    assert (tool(text), editor(text)) == (False, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (scope("data"), "must be a list of at least one scope, none twice, as in [data, user]"),
        (auth("{method: token, token: abc}"), "must be a reference and never the credential"),
        (instance("{domain: 'https://acme.domo.com/'}"), "must be a bare host name such as"),
    ],
)
def test_an_editor_shows_the_right_words(text: str, said: str) -> None:
    """`errorMessage`, which YAML language servers show, tells what to write instead."""
    found = best_match(
        Draft202012Validator(SCHEMA).iter_errors(yaml.safe_load(f"version: 1\n{text}"))
    )
    assert found is not None
    assert str(found.schema["errorMessage"]).startswith(said)


def test_patterns_are_portable() -> None:
    """No pattern uses what JavaScript's expressions, which editors have, do not know."""
    patterns = re.findall(r'"pattern": "((?:[^"\\]|\\.)*)"', schema_bytes("manifest").decode())
    assert patterns
    assert not [each for each in patterns if re.search(r"\(\?(?![:=!])|\\\\[AZzG]|\+\+|\*\+", each)]
