"""`import`: clients that exist are taken up, given their secret, and written down."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

    Life = Callable[..., Running]

PASSWORDS = {"PW_ACME": "right", "PW_GLOBEX": "right"}
CLIENTS = "{name: A, scope: [data]}, {name: B, scope: [user]}"
DOMAIN = "acme.domo.com"
Run = Callable[..., Any]


@pytest.fixture
def begun(life: "Life") -> "Running":
    """Want A and B on two instances; somebody has made A and another client on one of them."""
    served = life(CLIENTS)
    served.add_client(DOMAIN, "A", scope=["data"], description="Theirs")
    served.add_client(DOMAIN, "Other: one", scope=["audit", "data"])
    return served


def entries(folder: Path) -> dict[str, Any]:
    """Return the clients that the state knows."""
    path = folder / "reconciler.state.json"
    found: dict[str, Any] = json.loads(path.read_bytes())["clients"] if path.exists() else {}
    return found


def secret_of(served: "Running", name: str) -> str:
    """Return the secret that Domo has of a client."""
    return next(c.client_secret for c in served.clients(DOMAIN) if c.name == name)


def test_an_adopted_client_is_managed_and_its_secret_unknown(
    tmp_path: Path, begun: "Running", reconciler: Run
) -> None:
    """The state knows it, the plan says what is not known, and a rotation heals it."""
    run = reconciler("import", "acme/A", env=PASSWORDS)
    assert (run.code, "acme/A: adopted" in run.out) == (0, True), run.err
    entry = entries(tmp_path)["acme/A"]
    client = begun.clients(DOMAIN)[0]
    assert (entry["client_id"], entry["id"], entry["owner"]) == (
        client.client_id,
        client.id,
        client.owner,
    )
    assert (entry["adopted"], entry["scope"], entry["sinks"]) == (True, ["data"], ["files"])
    plan = reconciler("plan", "--target", "acme/A").out
    assert "No changes." in plan
    assert "adopted: its secret is not known here" in plan
    assert re.search("^secret +unknown$", reconciler("state", "show", "acme/A").out, re.MULTILINE)
    rotated = reconciler("rotate", "acme/A", "--auto-approve", env=PASSWORDS)
    assert rotated.code == 0, rotated.err
    assert json.loads((tmp_path / "out/acme/a").read_bytes())["client_secret"] == secret_of(
        begun, "A (2)"
    )
    assert begun.count(route="revoke") == 1


def test_a_known_secret_is_proved_then_delivered(
    tmp_path: Path, begun: "Running", reconciler: Run
) -> None:
    """It waits in a journal for its sink; a wrong one is not kept anywhere."""
    wrong = reconciler("import", "acme/A", "--secret-stdin", env=PASSWORDS, stdin="0" * 64 + "\n")
    assert (wrong.code, "nothing was kept" in wrong.err) == (1, True)
    assert list(tmp_path.glob("reconciler.state.json*")) in (
        [],
        [tmp_path / "reconciler.state.json.lock"],
    )
    secret = secret_of(begun, "A")
    right = reconciler("import", "acme/A", "--secret-stdin", env=PASSWORDS, stdin=secret + "\n")
    assert right.code == 0, right.err
    assert "1 to deliver" in reconciler("plan", "--target", "acme/A").out
    applied = reconciler("apply", "--target", "acme/A", "--auto-approve", env=PASSWORDS)
    assert applied.code == 0, applied.err
    assert json.loads((tmp_path / "out/acme/a").read_bytes())["client_secret"] == secret
    assert list(tmp_path.glob("*.journal")) == []
    assert (begun.count(route="create*"), begun.count(route="revoke")) == (0, 0)


def test_a_secret_may_be_given_later(
    tmp_path: Path, begun: "Running", life: "Life", reconciler: Run
) -> None:
    """An adopted client whose secret is unknown takes one; with the sink `state` it stays there."""
    life(CLIENTS.replace("[data]", "[data], sink: state"), served=begun)
    assert reconciler("import", "acme/A", env=PASSWORDS).code == 0
    assert reconciler("import", "acme/A", env=PASSWORDS).code == 64
    secret = secret_of(begun, "A")
    given = reconciler("import", "acme/A", "--secret-stdin", stdin=secret)
    assert given.code == 0, given.err
    assert entries(tmp_path)["acme/A"]["client_secret"] == secret
    again = reconciler("import", "acme/A", "--secret-stdin", stdin=secret)
    assert (again.code, "managed already" in again.err) == (64, True)


def test_a_given_secret_is_sealed_where_the_state_is(
    tmp_path: Path,
    begun: "Running",
    life: "Life",
    reconciler: Run,
    keypair: Callable[[str], Any],
) -> None:
    """It waits, sealed, for an apply with an identity; without one the plan says so."""
    key = keypair("ops.key")
    life(
        CLIENTS,
        more=f"state: {{encryption: {{age: {{recipients: [{key.recipient}]}}}}}}\n",
        served=begun,
    )
    secret = secret_of(begun, "A")
    run = reconciler("import", "acme/A", "--secret-stdin", env=PASSWORDS, stdin=secret)
    assert run.code == 0, run.err
    assert secret not in (tmp_path / "reconciler.state.json").read_text()
    only = ("--target", "acme/A")
    assert "which is sealed here" in reconciler("plan", *only).out
    applied = reconciler("apply", *only, "--identity", key.file, "--auto-approve", env=PASSWORDS)
    assert applied.code == 0, applied.err
    assert json.loads((tmp_path / "out/acme/a").read_bytes())["client_secret"] == secret


def test_another_name_is_adopted_by_its_id(
    tmp_path: Path, begun: "Running", reconciler: Run
) -> None:
    """Its scope differs, which is said and replaced by the next plan."""
    number = str(begun.clients(DOMAIN)[1].id)
    run = reconciler("import", "acme/B", "--id", number, "--format", "json", env=PASSWORDS)
    (row,) = json.loads(run.out)["adopted"]
    assert (row["live_name"], row["scope_differs"]) == ("Other: one", True)
    assert "1 to replace" in reconciler("plan", "--target", "acme/B").out
    taken = reconciler("import", "acme/A", "--id", number, env=PASSWORDS)
    assert (taken.code, "is managed already, as acme/B" in taken.err) == (64, True)
    assert list(entries(tmp_path)) == ["acme/B"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("acme/C",), "the manifest wants no client `acme/C`"),
        (("globex/A",), "globex shows no client `A` to this user"),
        (("acme/A", "--id", "999999"), "acme shows no client with the id 999999"),
        ((), "give an ADDRESS"),
        (("--all", "--secret-stdin"), "--secret-stdin does not go with this"),
        (("--all", "--instance", "acmee"), "did you mean `acme`?"),
        (("acme/A", "--secret-stdin"), "standard input has no secret"),
    ],
)
def test_what_cannot_be_adopted_is_said(
    tmp_path: Path, begun: "Running", reconciler: Run, arguments: tuple[str, ...], said: str
) -> None:
    """Nothing is written, and nothing but lists is asked for."""
    run = reconciler("import", *arguments, env=PASSWORDS)
    assert (run.code, said in run.err) == (64, True), run.err
    assert not (tmp_path / "reconciler.state.json").exists()
    assert begun.count() == begun.count(route="sign_on") + begun.count(route="list")


def test_a_masked_client_is_adopted_only_by_its_id(
    tmp_path: Path, begun: "Running", reconciler: Run
) -> None:
    """The message says which id it is; from then on the list proves it by id, name and owner."""
    begun.configure(DOMAIN, mask_client_ids=True)
    client = begun.clients(DOMAIN)[0]
    unsure = reconciler("import", "acme/A", env=PASSWORDS)
    assert (unsure.code, f"--id {client.id}" in unsure.err) == (64, True)
    assert reconciler("import", "acme/A", "--id", str(client.id), env=PASSWORDS).code == 0
    blind = reconciler("import", "acme/A", "--secret-stdin", env=PASSWORDS, stdin="x" * 64)
    assert (blind.code, "--client-id" in blind.err) == (64, True)
    ended = reconciler("destroy", "acme/A", "--auto-approve", env=PASSWORDS)
    assert ended.code == 0, ended.err
    assert (entries(tmp_path), [c.name for c in begun.clients(DOMAIN)]) == ({}, ["Other: one"])


def test_everything_wanted_is_adopted_at_once(
    tmp_path: Path, begun: "Running", reconciler: Run
) -> None:
    """Those that are not there are left to apply; an instance that fails is reported."""
    begun.add_client("globex.domo.com", "B", scope=["user"])
    wrong = {**PASSWORDS, "PW_GLOBEX": "wrong"}
    partly = reconciler("import", "--all", env=wrong)
    assert (partly.code, "globex" in partly.err) == (3, True)
    assert list(entries(tmp_path)) == ["acme/A"]
    rest = reconciler("import", "--all", "--instance", "globex", env=PASSWORDS)
    assert (rest.code, "Adopted: 1 client." in rest.out) == (0, True), rest.err
    assert sorted(entries(tmp_path)) == ["acme/A", "globex/B"]
    assert "2 to create" in reconciler("plan").out


def test_what_exists_is_printed_as_a_manifest(
    tmp_path: Path, begun: "Running", reconciler: Run
) -> None:
    """It validates as it stands, and names what nobody manages or wants."""
    begun.add_client("globex.domo.com", "null", scope=["user"], description='it\'s "so" # {x}')
    begun.add_client("globex.domo.com", "two\nlines")
    run = reconciler("import", "--generate", env=PASSWORDS)
    assert run.code == 0, run.err
    assert '"Other: one"' in run.out
    assert "2 clients left out:\n" in run.err
    assert "\n  acme/A: the manifest has it: `reconciler import 'acme/A'` imports it\n" in run.err
    assert "its name is not printable text on one line" in run.err
    (tmp_path / "found.yaml").write_text(run.out)
    checked = reconciler("validate", "-f", "found.yaml", "--format", "json")
    assert checked.code == 0, checked.out
    assert begun.count(route="create*") == 0
    answer = json.loads(reconciler("import", "--generate", "--format", "json", env=PASSWORDS).out)
    assert [each["address"] for each in answer["unmanaged"]] == ["acme/Other: one", "globex/null"]
    assert [each["what"] for each in answer["left"]] == ["acme/A", "globex/two\nlines"]
    both = reconciler("import", "--generate", "--write", "--format", "json", env=PASSWORDS)
    assert (both.code, "--write does not go with this" in both.err) == (64, True)


@pytest.mark.usefixtures("begun")
def test_a_part_of_what_exists_is_enough(tmp_path: Path, reconciler: Run) -> None:
    """Patterns choose among what exists as they do everywhere else."""
    only = ("import", "--generate", "--format", "json", "--target", "acme/*")
    answer = json.loads(reconciler(*only, env=PASSWORDS).out)
    assert [each["address"] for each in answer["unmanaged"]] == ["acme/Other: one"]
    other = ("import", "--generate", "--target", "acme/O*", "--target", "globex")
    run = reconciler(*other, env=PASSWORDS)
    assert "\nNote: 1 client left out by --target, --exclude or --label\n" in f"\n{run.err}"
    assert "acme/A" not in run.err
    named = reconciler("import", "acme/A", "--target", "acme", env=PASSWORDS)
    assert (named.code, "does not go with this" in named.err) == (64, True)
    assert reconciler("import", "--all", "--exclude", "acme", env=PASSWORDS).code == 0
    assert not any(each.startswith("acme/") for each in entries(tmp_path))


@pytest.mark.usefixtures("begun")
def test_what_exists_is_written_between_the_comments(tmp_path: Path, reconciler: Run) -> None:
    """The manifest keeps every line that it had, and what was added can be adopted."""
    path = tmp_path / "reconciler.yaml"
    text = path.read_text().replace(
        "  acme: {}\n",
        "  acme:  # ours\n    clients:\n      # the first\n      - {name: C, scope: [data]}\n"
        "    # end\n",
    )
    path.write_text(text)
    run = reconciler("import", "--generate", "--write", "--instance", "acme", env=PASSWORDS)
    assert (run.code, "added 1 client to reconciler.yaml" in run.err) == (0, True), run.err
    lines = path.read_text().splitlines()
    added = '      - {name: "Other: one", scope: [audit, data]}'
    assert [each for each in lines if each != added] == text.splitlines()
    assert lines.index(added) == lines.index("      - {name: C, scope: [data]}") + 1
    assert reconciler("import", "--all", env=PASSWORDS).code == 0
    assert sorted(entries(tmp_path)) == ["acme/A", "acme/Other: one"]
    rest = reconciler("import", "--generate", env={**PASSWORDS, "PW_GLOBEX": "wrong"})
    assert (rest.code, rest.out, "no unmanaged clients found" in rest.err) == (3, "", True)


@pytest.mark.usefixtures("begun")
def test_import_write_keeps_the_link_to_a_manifest(tmp_path: Path, reconciler: Run) -> None:
    """The target of the link gets the entries; a ledger that is a link is written through too."""
    path, target = tmp_path / "reconciler.yaml", tmp_path / "real.txt"
    text = path.read_text().replace("  acme: {}\n", "  acme:\n    labels: {a: b}\n")
    target.write_text(text)
    path.unlink()
    path.symlink_to("real.txt")
    (tmp_path / "ledger").symlink_to("lines.jsonl")
    run = reconciler("import", "--generate", "--write", "--instance", "acme", env=PASSWORDS)
    assert run.code == 0, run.err
    assert path.is_symlink()
    assert "Other: one" in target.read_text()
    run = reconciler(
        "apply", "--auto-approve", "--target", "acme/B", "--ledger", "ledger", env=PASSWORDS
    )
    assert run.code == 0, run.err
    assert (tmp_path / "ledger").is_symlink()
    assert (tmp_path / "lines.jsonl").read_bytes()


def test_a_flow_mapping_is_not_edited(tmp_path: Path, begun: "Running", reconciler: Run) -> None:
    """What cannot be added to is left as it is, and the message says how to go on."""
    path = tmp_path / "reconciler.yaml"
    text = path.read_text().replace("  acme: {}", "  acme: {labels: {env: prod}}")
    path.write_text(text)
    run = reconciler("import", "--generate", "--write", env=PASSWORDS)
    assert (run.code, "without --write the entries are printed" in run.err) == (1, True)
    assert path.read_text() == text
    assert begun.count(route="list") == 2


@pytest.mark.parametrize("how", [("acme/B",), ("--all",)])
def test_a_client_of_another_state_is_not_adopted(
    tmp_path: Path, begun: "Running", reconciler: Run, how: tuple[str, ...]
) -> None:
    """Its mark is of another lineage: only --take-over adopts it."""
    begun.add_client(DOMAIN, "B", scope=["user"], description="T [reconciler:abcdef-01234567]")
    run = reconciler("import", *how, env=PASSWORDS)
    assert (run.code != 0, "managed by another state" in run.err) == (True, True)
    assert "acme/B" not in entries(tmp_path)
    listed = reconciler("import", "--generate", env=PASSWORDS)
    assert "acme/B" not in listed.out
    assert reconciler("import", *how, "--take-over", env=PASSWORDS).code == 0
    assert "acme/B" in entries(tmp_path)


def test_a_managed_client_that_was_renamed_by_hand_keeps_its_address(
    tmp_path: Path, life: "Life", reconciler: Run
) -> None:
    """No refresh, apply or import treats it as a client of the name that it has now."""
    served = life("{name: A, scope: [data], on_remove: keep}", instances=("acme",))
    assert reconciler("apply", "--auto-approve", env=PASSWORDS).code == 0
    life("{name: A, scope: [data]}, {name: B, scope: [data]}", instances=("acme",), served=served)
    client = served.clients(DOMAIN)[0]
    served.remove_client(DOMAIN, "A")
    served.add_client(
        DOMAIN,
        "B",
        scope=["data"],
        id=client.id,
        client_id=client.client_id,
        owner="ops@x.example",
        description=client.description,
    )
    plan = reconciler("plan", "--refresh", env=PASSWORDS)
    assert "managed as acme/A" in " ".join(plan.out.split()), plan.out
    run = reconciler("apply", "--refresh", "--auto-approve", env=PASSWORDS)
    assert (run.code, served.count(route="revoke")) == (3, 0)
    adopted = reconciler("import", "acme/B", env=PASSWORDS)
    assert (adopted.code, "managed already, as acme/A" in adopted.err) == (64, True)
    assert set(entries(tmp_path)) == {"acme/A"}


def test_a_secret_in_its_own_file_sink_is_proved_and_needs_no_rotation(
    tmp_path: Path, begun: "Running", life: "Life", reconciler: Run
) -> None:
    """What the file has signs in, so the sink counts as delivered, and others get it from there."""
    client = next(each for each in begun.clients(DOMAIN) if each.name == "A")
    path = tmp_path / "out/acme/a"
    path.parent.mkdir(parents=True)
    pair = {"client_id": client.client_id, "client_secret": client.client_secret}
    path.write_text(json.dumps(pair))
    run = reconciler("import", "acme/A", env=PASSWORDS)
    assert (run.code, "its secret in files works" in run.out) == (0, True), run.err
    plan = reconciler("plan", "--target", "acme/A").out
    assert ("No changes." in plan, "its secret is not known here" in plan) == (True, False)
    life(CLIENTS.replace("[data]", "[data], sink: [files, state]"), served=begun)
    applied = reconciler("apply", "--target", "acme/A", "--auto-approve", env=PASSWORDS)
    assert applied.code == 0, applied.err
    assert entries(tmp_path)["acme/A"]["client_secret"] == client.client_secret
    assert (begun.count(route="create*"), begun.count(route="revoke")) == (0, 0)


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ({"client_id": "other", "client_secret": "x"}, "has the secret of another client"),
        ({"client_secret": "wrong"}, "is not used: the secret is not that of acme/A"),
        ({}, "is not used: sink files: out/acme/a cannot be used"),
    ],
)
def test_a_file_that_proves_nothing_is_named_and_the_client_adopted(
    pair: dict[str, str], said: str, tmp_path: Path, begun: "Running", reconciler: Run
) -> None:
    """The file stays as it is, and the secret stays unknown."""
    path = tmp_path / "out/acme/a"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(pair))
    run = reconciler("import", "--all", "--instance", "acme", env=PASSWORDS)
    assert (run.code, said in run.err) == (0, True), run.err
    assert "delivered" not in entries(tmp_path)["acme/A"]
    assert json.loads(path.read_text()) == pair
    assert begun.count(route="revoke") == 0


def test_another_scope_warns_of_a_consumer_before_the_secret_is_replaced(
    begun: "Running", life: "Life", reconciler: Run
) -> None:
    """Both the import and the plan say so."""
    life("{name: A, scope: [audit]}", served=begun)
    run = reconciler("import", "acme/A", env=PASSWORDS)
    assert "a consumer may still use it" in run.out
    said = " ".join(reconciler("plan", "--target", "acme/A").out.split())
    assert "a consumer may still use the secret of the adopted client" in said
