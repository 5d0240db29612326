"""Credentials in broken manifests: masked in every line, quoted in no message."""

from collections.abc import Callable

import pytest

from reconciler.manifest.yaml.redaction import Redaction
from reconciler.model.diagnostic import Diagnostic

Mistakes = Callable[..., tuple[Diagnostic, ...]]

VALUES = [
    "*hunter2", "!hunter2", "!hunter2 x", "&hunter2", "&hunter2 {env: X}", "{hunter2}",
    "{hunter2: x}", "[hunter2", "{hunter2", "[hunter2]", "{env: X} hunter2",
    "{env: {file: hunter2}}", "{env: X, hunter2}", "{env: X, hunter2: y}", "{evn: hunter2}",
    '"hunter2', "'hunter2", '"x" hunter2', "@hunter2", "%hunter2",
    "|\n      hunter2\n      hunter2",
    ">-\n      hunter2", '"a\n      hunter2"', '"a\n hunter2" x', "\n      hunter2\n      hunter2",
    "\n\thunter2", "\nhunter2", "x\nhunter2", "\n      hunter2: x", "\n      - hunter2",
    "\n    - hunter2", "{env: [hunter2]}", "{env: *hunter2}", "{env: !hunter2 X}",
    "{env: hunter2!}", "{env: 'a hunter2'}", "{command: [op, *hunter2]}", "hunter2: x",
    "x # hunter2", "{env: X} # hunter2 \x01", "hunter2\x01", "x, hunter2", "x} hunter2",
    "[] hunter2", "~ hunter2", "- hunter2", "? hunter2", "{? hunter2}", "{env:hunter2}",
    "{file: a, hunter2:}", "{env: {hunter2}}", "{env: {hunter2", "\n- hunter2",
    "}\n\nhunter2", "{# hunter2",
]  # fmt: skip
LAYOUTS = {
    "block": "version: 1\ndefaults:\n  auth:\n    method: token\n    KEY: VALUE\n    email: a@b\n",
    "instance": (
        "version: 1\ninstances:\n  a:\n    auth:\n      KEY: VALUE\n      method: token\n"
        "    clients: [{name: x}]\n"
    ),
    "flow": "version: 1\ndefaults: {auth: {method: token, KEY: VALUE}}\nfoo: {}\n",
    "first": "version: 1\ndefaults:\n  auth: {KEY: VALUE, method: token, emial: a@b}\n  foo: 1\n",
    "lines": (
        "version: 1\ninstances:\n  a:\n    auth: {method: token,\n           KEY: VALUE,\n"
        "           x: 1}\n    foo: 1\n"
    ),
    "glued": "version: 1\ndefaults:\n  auth:\n    method: token\n    KEY:VALUE\n    email: a@b\n",
    "glued flow": "version: 1\ndefaults: {auth: {method: token, KEY:VALUE}}\nfoo: {}\n",
    "twice": (
        "version: 1\ndefaults:\n  auth:\n    KEY: {env: A}\n    KEY: VALUE\n    method: token\n"
    ),
    "no colon": "version: 1\ndefaults:\n  auth: {method: token, KEY VALUE}\n",
    "no key": "version: 1\ndefaults:\n  auth: VALUE\nfoo: {}\n",
    "explicit": "version: 1\ndefaults:\n  auth:\n    ? KEY\n    : VALUE\n    foo: 1\n",
    "misspelt": "version: 1\ndefaults:\n  atuh:\n    KEY: VALUE\n    foo: 1\n",
    "json": '{"version": 1, "defaults": {"auth": {"method": "token", KEY: VALUE, "foo": 1}}}\n',
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("key", ["password", "dsidv1", '"token"', "pasword", "pass word"])
def test_what_stands_at_a_credential_s_key_is_never_shown(
    layout: str, key: str, mistakes: Mistakes
) -> None:
    """However the value is broken, no line, note, message or hint has a part of it."""
    for value in VALUES:
        text = LAYOUTS[layout].replace("KEY", key).replace("VALUE", value)
        found = mistakes(text)
        assert found, text
        assert "hunter2" not in repr(found), text


def line(found: Diagnostic) -> str:
    """Return the excerpt of a mistake with what the caret points at in guillemets."""
    shown = found.excerpt
    assert shown is not None
    end = shown.start + shown.width
    return f"{shown.text[: shown.start]}«{shown.text[shown.start : end]}»{shown.text[end:]}".strip()


@pytest.mark.parametrize(
    ("auth", "shown"),
    [
        ("auth: {method: password, emial: ops@x.y, password: {env: X}}",
         "auth: {method: password, «emial»: ops@x.y, password: {env: X}}"),
        ("auth: {method: token, token: {file: /run/a b}, foo: {env: B}}",
         "auth: {method: token, token: {file: /run/a b}, «foo»: {env: B}}"),
        ("auth: {token: {command: [op, '{instance}']}, foo: x}",
         "auth: {token: {command: [op, '{instance}']}, «foo»: ********}"),
        ("auth: {method: token, token: hunter2, foo: x}",
         "auth: {method: token, token: ********, «********»: ********}"),
        ("auth: {mehtod: token, token: {env: 'A_{INSTANCE}'}}",
         "auth: {«mehtod»: token, token: {env: 'A_{INSTANCE}'}}"),
    ],
)  # fmt: skip
def test_what_is_harmless_is_shown_as_it_is(auth: str, shown: str, mistakes: Mistakes) -> None:
    """References, methods and addresses stay, so that a mistyped key can be seen in its line."""
    found = mistakes(f"version: 1\ndefaults:\n  {auth}\n")
    assert shown in [line(each) for each in found if each.code == "unknown-key"]


def test_what_comes_after_a_credential_is_shown(mistakes: Mistakes) -> None:
    """A mask ends with the auth, also where all stands on one line."""
    found = mistakes(
        "version: 1\ninstances: {a: {auth: {method: token, token: x}, clients: "
        "[{name: A, scope: [dta]}]}, b: {domian: y}}\n"
    )
    assert [each.message for each in found if each.code != "literal-credential"] == [
        "unknown scope `dta`: did you mean `data`?",
        "unknown key `domian`: did you mean `domain`?",
    ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("9A", True),
        ("DOMO-PASSWORD", True),
        ("$DOMO_PASSWORD", True),
        ("'{instance}-A'", True),
        ("hunter2-secret", False),
        ("HUNTER2!", False),
        ("Hunter.2", False),
    ],
)
def test_a_variable_s_name_with_a_slip_is_shown(name: str, shown: bool, mistakes: Mistakes) -> None:
    """What may be the value itself is masked; what only a name looks like is not."""
    (found,) = mistakes(
        f"version: 1\ndefaults: {{auth: {{method: token, token: {{env: {name}}}}}}}\n"
    )
    assert found.code == "invalid-variable"
    assert (name.strip("'") in found.message, name in str(found.excerpt)) == (shown, shown)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("# password: x y\nname: a\n", ["# password: x y"]),
        ("my_token: abc\nname: a\n", ["abc"]),
        ("secrets:\n  a: {path: x}\n", []),
        ("tokens: {a: b}\n", ["a: b"]),
        ("my_tokens: {a: b}\n", []),
        ("instances:\n  a:\n    password: |\n      x\n    domain: b\n", ["|\n      x"]),
        ("a: {password: x, b: c}\n", ["x"]),
        ("auth: &a {method: token, token: {env: X}}\n", ["&a"]),
        ("auth:\n  token:\n    # old: x\n    env: X # y\n  method: token\n", ["# old: x", "# y"]),
        ("auth:\n  token:\n    command:\n    - op\n    - read\n", []),
    ],
)
def test_only_what_may_be_a_credential_is_masked(text: str, masked: list[str]) -> None:
    """Comments in an auth are, as are values beside keys that are like a credential's."""
    assert [text[low:high] for low, high in Redaction(text).ranges] == masked


@pytest.mark.parametrize(
    ("text", "is_shown"),
    [
        ("defaults: {auth: {token: {env: X}}}\ninstances:\n  a: {b: c\n", True),
        ("instances:\n  a: {b: @c}\ndefaults: {auth: {token: {env: X}}}\n", True),
        ("defaults: {auth: {token: @c}}\n", False),
        ("instances:\n  a: {auth: {token: {env: X}}}\n  b: {c: @d}\n", False),
        ("defaults:\n  auth:\n    token: >-\n      x\n\n@c: x\n", False),
    ],
)
def test_a_line_after_a_credential_s_name_in_its_section_is_not_shown(
    text: str, is_shown: bool, mistakes: Mistakes
) -> None:
    """No value of a file that does not parse has a reliable end."""
    (found,) = mistakes("version: 1\n" + text)
    assert found.code == "syntax"
    assert found.place is not None
    assert (found.excerpt is not None) is is_shown


def test_a_url_with_a_user_is_masked_if_a_later_document_is_broken(mistakes: Mistakes) -> None:
    """A value that a check hides stays hidden, even if the whole text is not YAML."""
    found = mistakes(
        "version: 1\nendpoints: {api: 'https://me:hunter2@x.y'}\ninstances: {a: {}}\n---\n@\n"
    )
    assert "invalid-url" in [each.code for each in found]
    assert "hunter2" not in repr(found)


def test_a_value_inside_of_itself_ends_the_scan() -> None:
    """An alias may be inside of its own anchor."""
    text = "x-a: &a [*a]\npassword: hunter2\n"
    assert [text[low:high] for low, high in Redaction(text).ranges] == ["hunter2"]


def test_a_text_that_is_nested_too_deeply_is_withheld() -> None:
    """No line after a credential's name is shown of a text that cannot be scanned."""
    text = "x-a: " + "[" * 500 + "]" * 500 + "\npassword: hunter2\n"
    assert Redaction(text).withholds(len(text) - 2, len(text))
    assert not Redaction(text).withholds(0, 1_000)
