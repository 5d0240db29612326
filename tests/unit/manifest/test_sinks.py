"""Sinks: definitions, names, and no two secrets to one place."""

from collections.abc import Callable

import pytest

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.manifest import Manifest
from reconciler.sinks.definitions import ExecSink, FileSink, exec_target, file_target

Load = Callable[..., Manifest]
Mistake = Callable[..., Diagnostic]
Mistakes = Callable[..., tuple[Diagnostic, ...]]


def fleet(sinks: str, clients: str, more: str = "") -> str:
    """Write a manifest of one instance with the label `r`."""
    return (
        "version: 1\ndefaults: {auth: {method: token, token: {env: T}}}\n"
        f"sinks: {{{sinks}}}\n"
        f"instances:\n  a:\n    labels: {{r: x}}\n    clients: [{clients}]\n{more}"
    )


def test_sinks_are_what_they_say(load_text: Load) -> None:
    """A definition keeps its placeholders; a target has them filled in."""
    desired = load_text(
        fleet(
            "f: {type: file, path: '{labels.r}/{instance}-{client_slug}-{client}', format: raw}, "
            "e: {type: exec, command: [put, '{client}{client_slug}'], timeout: 5s}",
            "{name: My A, scope: [data], sink: [f, e]}",
        )
    )
    path = "{labels.r}/{instance}-{client_slug}-{client}"
    assert desired.sinks == {
        "e": ExecSink(name="e", command=("put", "{client}{client_slug}"), timeout=5),
        "f": FileSink(name="f", path=path, format="raw"),
    }
    client = desired.clients[Address("a", "My A")]
    assert desired.targets(client) == (
        file_target(sink="f", path="x/a-my-a-My A", form="raw"),
        exec_target(sink="e", argv=("put", "My Amy-a"), timeout=5),
    )


def test_without_a_sink_it_is_the_state(load_text: Load) -> None:
    """The state may also be named, beside another sink."""
    desired = load_text(
        fleet(
            "f: {type: file, path: x}",
            "{name: A, scope: [data]}, {name: B, scope: [data], sink: [state, f]}",
        )
    )
    assert [each.sinks for each in desired.clients.values()] == [("state",), ("state", "f")]


@pytest.mark.parametrize(
    ("code", "sinks", "clients"),
    [
        ("reserved-sink", "§state: {type: file, path: x}", ""),
        ("unknown-placeholder", "f: {type: file, path: §'{clint}'}", ""),
        ("unknown-placeholder", "f: {type: exec, command: [x, §'{labels.q}']}", ""),
        ("unknown-sink", "", "{name: A, scope: [data], sink: §ops}"),
        ("unknown-sink", "", "{name: A, scope: [data], sink: [state, §ops]}"),
        ("shared-target", "f: {type: file, path: x}",
         "{name: A, scope: [data], sink: f}, §{name: B, scope: [data], sink: f}"),
        ("shared-target", "f: {type: file, path: x/y}, g: {type: file, path: ./x/z/../y}",
         "{name: A, scope: [data], sink: f}, §{name: B, scope: [data], sink: g}"),
        ("shared-target", "f: {type: file, path: x}, g: {type: file, path: /root/x}",
         "{name: A, scope: [data], sink: f}, §{name: B, scope: [data], sink: g}"),
        ("shared-target", "f: {type: file, path: x}, g: {type: file, path: x, format: raw}",
         "§{name: A, scope: [data], sink: [f, g]}"),
        ("shared-target", "f: {type: file, path: '{client_slug}'}",
         "{name: a b, scope: [data], sink: f}, §{name: a-b, scope: [data], sink: f}"),
        ("shared-target", "e: {type: exec, command: [put, '{instance}']}",
         "{name: A, scope: [data], sink: e}, §{name: B, scope: [data], sink: e}"),
        ("reserved-file", "f: {type: file, path: reconciler.state.json}",
         "§{name: A, scope: [data], sink: f}"),
        ("stray-path", "f: {type: file, path: 'x/{client}'}",
         "§{name: ../y, scope: [data], sink: f}"),
        ("stray-path", "f: {type: file, path: 'x/.{client}/y'}",
         "§{name: ., scope: [data], sink: f}"),
        ("stray-path", "f: {type: file, path: '{client}'}",
         "§{name: /etc/passwd, scope: [data], sink: f}"),
        ("stray-path", "f: {type: file, path: x/}", "§{name: A, scope: [data], sink: f}"),
        ("option-like-argument", "e: {type: exec, command: [put, '{client}']}",
         "§{name: -rf, scope: [data], sink: e}"),
    ],
)  # fmt: skip
def test_a_secret_goes_to_one_known_place(
    code: str, sinks: str, clients: str, mistake: Mistake
) -> None:
    """Each way for a secret to go astray is one mistake, where it can be mended."""
    found = mistake(fleet(sinks, clients))
    assert found.code == code
    assert all(each.excerpt for each in found.related)


@pytest.mark.parametrize(
    "path",
    [
        "domo.json", "./domo.json", "/root/domo.json", "domo.json.backup", "domo.json.lock",
        "domo.json.0123456789abcdef_01234567.journal", "domo.json.0123456789abcdef.tmp",
        "m.yaml", "keys/{client_slug}.txt", "run/{instance}", "run/b",
    ],
)  # fmt: skip
def test_a_secret_is_not_written_over_the_tool_s_own_files(path: str, mistakes: Mistakes) -> None:
    """State, manifest, recipients and credentials are shown with the client that would go there."""
    age = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
    found = mistakes(
        "version: 1\n"
        "state: {path: domo.json, encryption: {age: {recipients_file: keys/ops.txt}}}\n"
        f"sinks: {{f: {{type: file, path: '{path}'}}}}\n"
        "defaults: {auth: {method: token, token: {file: 'run/{instance}'}}}\n"
        "instances: {a: {clients: [{name: Ops, scope: [data], sink: f}]}, b: {}}\n",
        **{"keys/ops_txt": age},
    )
    assert [each.code for each in found] == ["reserved-file"]
    assert found[0].place is not None
    assert found[0].place.line == 5
    lines = [each.place.line for each in found[0].related]
    assert lines == ([3] if path == "m.yaml" else [4, 3] if path.startswith("run") else [2, 3])


def test_a_folder_reads_every_manifest_in_it(mistakes: Mistakes) -> None:
    """A secret in a new *.yaml of the folder would be read as a part of the manifest."""
    (found,) = mistakes(
        {
            "a.yaml": fleet(
                "f: {type: file, path: '{client}.yml'}, g: {type: file, path: 'x/{client}.yml'}",
                "{name: A, scope: [data], sink: [f, g]}",
            ),
            "b.yaml": "x-b: 1\n",
        }
    )
    assert found.message == (
        "the secret of `a/A` would be written over what is read as a part of the manifest, `A.yml`"
    )


def test_one_client_with_two_sinks_to_one_file_names_both(mistake: Mistake) -> None:
    """It is the sinks that clash: both are shown."""
    found = mistake(
        fleet(
            "f: {type: file, path: x}, g: {type: file, path: ./x}",
            "§{name: A B, scope: [data], sink: [f, g]}",
        )
    )
    assert found.message == "two sinks would give the secret of `a/A B` to the file `x`"
    assert [each.place.column for each in found.related] == [9, 35]


def test_an_unknown_sink_suggests(mistake: Mistake) -> None:
    """The nearest sink is named, and all that there are."""
    found = mistake(fleet("vault: {type: file, path: x}", "{name: A, scope: [data], sink: §valt}"))
    assert found.message == "unknown sink `valt`: did you mean `vault`?"
    assert found.hint == "defined are `state`, `vault`"


@pytest.mark.parametrize(
    "level",
    [
        "defaults: {sink: §ops}\ninstances: {a: {}}",
        "instances: {a: {sink: §ops}}",
        "client_sets: {s: {select: {all: true}, sink: §ops, clients: []}}\ninstances: {a: {}}",
        (
            "client_sets: {s: {select: {all: true}, "
            "clients: [{name: A, scope: [data], sink: §ops}]}}\n"
            "instances: {a: {auth: {method: token, token: {env: A}}}, "
            "b: {auth: {method: token, token: {env: A}}}}"
        ),
    ],
)
def test_every_level_may_name_a_sink_that_is_not_there(level: str, mistake: Mistake) -> None:
    """The mistake is where the sink is named, once."""
    assert mistake(f"version: 1\n{level}\n").code == "unknown-sink"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("x/{client}", "a/b"),
        ("../x/{client}", "a"),
        ("/abs/{client}", "a"),
        ("x/{client}.json", ".."),
        ("x//{client}", "a"),
    ],
)
def test_a_path_that_stays_is_right(path: str, name: str, load_text: Load) -> None:
    """The manifest itself may climb or be absolute, and names may hold dots and slashes."""
    desired = load_text(
        fleet(f"f: {{type: file, path: '{path}'}}", f"{{name: {name}, scope: [data], sink: f}}")
    )
    assert len(desired.clients) == 1


def test_a_label_that_an_instance_lacks_is_said_once_for_it(mistakes: Mistakes) -> None:
    """However many clients the instance has."""
    clients = ", ".join(f"{{name: C{number}, scope: [data], sink: f}}" for number in range(9))
    found = mistakes(
        fleet(
            "f: {type: file, path: '{labels.r}/{client}'}", "", f"  b: {{clients: [{clients}]}}\n"
        )
    )
    assert [(each.code, each.place and each.place.line) for each in found] == [("missing-label", 8)]


def test_a_fleet_that_shares_a_file_is_said_once_for_each_client_written(
    mistakes: Mistakes,
) -> None:
    """A set's client that goes to one file on a hundred instances is one mistake."""
    instances = ", ".join(f"a{number}: {{}}" for number in range(100))
    (found,) = mistakes(
        "version: 1\ndefaults: {auth: {method: token, token: {env: T}}, sink: f}\n"
        "sinks: {f: {type: file, path: '{client}'}}\n"
        "client_sets: {s: {select: {all: true}, clients: [{name: A, scope: [data]}]}}\n"
        f"instances: {{{instances}}}\n"
    )
    assert found.message == (
        "the secret of `a1/A` would go to the file `A`, as would the secret of `a0/A`"
    )
