"""What was reviewed is what is done: saved plans, plan ids, and what is left of them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

PASSWORDS = {"PW_ACME": "right", "PW_GLOBEX": "right"}
Run = Callable[..., Any]


def write(folder: Path, served: "Running", clients: str, more: str = "") -> None:
    """Write a manifest of two instances that want the same clients."""
    (folder / "reconciler.yaml").write_text(
        f"""\
version: 1
endpoints: {{api: {served.api}, instance: "{served.instance_template}"}}
sinks: {{files: {{type: file, path: "out/{{instance}}/{{client_slug}}"}}}}
defaults:
  sink: files
  on_remove: revoke
  auth: {{method: password, email: ops@x.example, password: {{env: "PW_{{INSTANCE}}"}}}}
{more}client_sets:
  all: {{select: {{all: true}}, clients: [{clients}]}}
instances: {{acme: {{}}, globex: {{}}}}
"""
    )


@pytest.fixture
def served(sandbox: Callable[..., "Running"]) -> "Running":
    """Serve two instances with one administrator each."""
    users = [{"email": "ops@x.example", "password": "right"}]
    return sandbox(
        {"seed": 2, "instances": {f"{k}.domo.com": {"users": users} for k in ("acme", "globex")}}
    )


def saved(folder: Path, reconciler: Run, *options: str) -> dict[str, Any]:
    """Save a plan and return its document."""
    run = reconciler("plan", "--out", "plan.json", *options)
    assert run.code == 0, run.err
    document: dict[str, Any] = json.loads((folder / "plan.json").read_bytes())
    return document


def test_a_saved_plan_is_applied_without_asking(
    tmp_path: Path, served: "Running", reconciler: Run
) -> None:
    """`apply plan.json` does what was reviewed, and then nothing is left of it."""
    write(tmp_path, served, "{name: A, scope: [data]}")
    saved(tmp_path, reconciler)
    assert "2 to create" in reconciler("show", "plan.json").out
    assert reconciler("apply", "plan.json", env=PASSWORDS).code == 0
    assert len(served.clients("acme.domo.com")) == 1
    state = json.loads((tmp_path / "reconciler.state.json").read_bytes())
    assert "open_plan" not in state
    again = reconciler("apply", "plan.json", env=PASSWORDS)
    assert (again.code, served.count(route="create*")) == (0, 2)


def test_what_was_excluded_stays_excluded(
    tmp_path: Path, served: "Running", reconciler: Run
) -> None:
    """`--exclude` leaves out what it matches, and a saved plan keeps it so."""
    write(tmp_path, served, "{name: A, scope: [data]}, {name: B, scope: [data]}")
    planned = saved(tmp_path, reconciler, "--exclude", "glo*", "--exclude", "acme/B")
    assert [each["address"] for each in planned["actions"]] == ["acme/A"]
    assert planned["selection"]["excludes"] == ["glo*", "acme/B"]
    assert reconciler("apply", "plan.json", env=PASSWORDS).code == 0
    assert [each.name for each in served.clients("acme.domo.com")] == ["A"]
    assert served.clients("globex.domo.com") == ()


def test_a_saved_plan_is_not_narrowed_by_the_way(
    tmp_path: Path, served: "Running", reconciler: Run
) -> None:
    """Options that would have no effect on it are refused, so that nobody trusts in them."""
    write(tmp_path, served, "{name: A, scope: [data]}")
    saved(tmp_path, reconciler)
    for option in (("--target", "acme"), ("--exclude", "acme"), ("--label", "a=b"), ("--refresh",)):
        run = reconciler("apply", "plan.json", *option, env=PASSWORDS)
        assert (run.code, "saved plan" in run.err, served.count()) == (64, True, 0)
    saved(tmp_path, reconciler, "--target", "acme")
    narrowed = reconciler("show", "plan.json").out
    assert "narrowed with --target acme: nothing else was looked at" in narrowed
    run = reconciler("apply", "plan.json", "--target", "acme", env=PASSWORDS)
    assert (run.code, served.count(route="create*")) == (0, 1)


def test_a_plan_id_needs_no_file(tmp_path: Path, served: "Running", reconciler: Run) -> None:
    """The id that was reviewed is enough, and another one does nothing."""
    write(tmp_path, served, "{name: A, scope: [data]}")
    plan_id = saved(tmp_path, reconciler)["plan_id"]
    wrong = reconciler("apply", "--plan-id", "0" * 64, env=PASSWORDS)
    assert (wrong.code, served.count()) == (1, 0)
    assert plan_id in wrong.err
    assert f"{'0' * 64} is the id of another plan: nothing was done" in wrong.err
    assert "the difference from `plan.json`" not in wrong.err
    assert "the plan now:\n  create A [data] on 2 instances (acme, globex)\n" in wrong.err
    assert reconciler("apply", "--plan-id", plan_id, env=PASSWORDS).code == 0
    assert served.count(route="create*") == 2


def test_what_is_no_id_is_said(tmp_path: Path, served: "Running", reconciler: Run) -> None:
    """A slip of the pen is an error even where nothing is to do, and another id is told."""
    write(tmp_path, served, "{name: A, scope: [data]}")
    assert reconciler("apply", "--auto-approve", env=PASSWORDS).code == 0
    wrong = reconciler("apply", "--plan-id", "abc", env=PASSWORDS)
    assert (wrong.code, "`abc` is not a plan's id" in wrong.err) == (64, True)
    other = reconciler("apply", "--plan-id", "0" * 64, env=PASSWORDS)
    assert (other.code, "there is nothing to do; the plan is not 0000" in other.err) == (0, True)


def test_a_plan_that_moved_is_refused_with_the_difference(
    tmp_path: Path, served: "Running", reconciler: Run
) -> None:
    """When the manifest moved, nothing is done, and the message says what differs."""
    write(tmp_path, served, "{name: A, scope: [data]}")
    saved(tmp_path, reconciler)
    write(tmp_path, served, "{name: A, scope: [data]}, {name: B, scope: [user]}")
    run = reconciler("apply", "plan.json", env=PASSWORDS)
    assert (run.code, served.count()) == (1, 0)
    assert "only in the plan now: create B [user] on 2 instances (acme, globex)\n" in run.err
    assert not (tmp_path / "reconciler.state.json").exists()


def test_a_credential_reference_is_part_of_what_was_reviewed(
    tmp_path: Path, served: "Running", reconciler: Run
) -> None:
    """Where the password comes from cannot change behind a review."""
    write(tmp_path, served, "{name: A, scope: [data]}")
    saved(tmp_path, reconciler)
    path = tmp_path / "reconciler.yaml"
    path.write_text(path.read_text().replace("PW_{INSTANCE}", "OTHER"))
    run = reconciler("apply", "plan.json", env=PASSWORDS)
    assert (run.code, served.count()) == (1, 0)
    assert "what 2 instances talk to has changed: acme, globex" in run.err
    path.write_text(path.read_text().replace("acme: {}", "acme: {labels: {a: b}}"))
    saved(tmp_path, reconciler)
    path.write_text(path.read_text().replace("a: b", "a: c"))
    run = reconciler("apply", "plan.json", env=PASSWORDS)
    assert (run.code, served.count()) == (1, 0)
    assert "what acme talks to has changed" in run.err


def test_skip_stale_applies_what_has_not_moved(
    tmp_path: Path, served: "Running", reconciler: Run
) -> None:
    """The instance whose part moved is reported and left out; the others are done."""
    write(tmp_path, served, "{name: A, scope: [data]}")
    saved(tmp_path, reconciler)
    path = tmp_path / "reconciler.yaml"
    path.write_text(
        path.read_text().replace("acme: {}", "acme: {clients: [{name: B, scope: [data]}]}")
    )
    run = reconciler("apply", "plan.json", "--skip-stale", env=PASSWORDS)
    assert run.code == 3
    assert "1 instance left out because the plan has changed: acme" in run.err
    again = reconciler("apply", "plan.json", "--skip-stale", "--format", "json", env=PASSWORDS)
    answer = json.loads(again.out)
    assert (again.code, answer["complete"], answer["left_out"]) == (3, False, ["acme"])
    assert served.clients("acme.domo.com") == ()
    assert [each.name for each in served.clients("globex.domo.com")] == ["A"]


def test_what_is_left_of_a_plan_may_be_applied_by_its_id(
    tmp_path: Path, served: "Running", reconciler: Run
) -> None:
    """After a partly failed apply the same id does the rest, and only the rest."""
    write(tmp_path, served, "{name: A, scope: [data]}")
    plan_id = saved(tmp_path, reconciler)["plan_id"]
    partly = reconciler("apply", "plan.json", env={**PASSWORDS, "PW_GLOBEX": "wrong"})
    assert partly.code == 3
    state = json.loads((tmp_path / "reconciler.state.json").read_bytes())
    assert state["open_plan"]["plan_id"] == plan_id
    assert [each["address"] for each in state["open_plan"]["actions"]] == ["globex/A"]
    rest = reconciler("apply", "--plan-id", plan_id, env=PASSWORDS)
    assert rest.code == 0, rest.err
    assert served.count(route="create*") == 2
    assert "open_plan" not in json.loads((tmp_path / "reconciler.state.json").read_bytes())


def test_plan_id_of_a_saved_plan_that_changed_shows_the_difference(
    tmp_path: Path, served: "Running", reconciler: Run
) -> None:
    """If a file in the folder is the plan with that id, the message compares with it."""
    write(tmp_path, served, "{name: A, scope: [data]}")
    plan_id = saved(tmp_path, reconciler)["plan_id"]
    write(tmp_path, served, "{name: A, scope: [data]}, {name: B, scope: [user]}")
    run = reconciler("apply", "--plan-id", plan_id, "--target", "acme", env=PASSWORDS)
    assert (run.code, served.count()) == (1, 0)
    assert f"and {plan_id} is the id of another plan: nothing was done" in run.err
    assert "the difference from `plan.json`:\n" in run.err
    assert "\n  only in the plan now: create acme/B [user]\n" in run.err
    assert "\n  only in the saved plan: create globex/A [data]\n" in run.err
    assert "\n  the plans have different --target, --exclude or --label\n" in run.err


def test_plan_id_of_a_begun_plan_that_changed_shows_the_difference(
    tmp_path: Path, served: "Running", reconciler: Run
) -> None:
    """The state has the open actions of the plan with that id, so no file is needed."""
    write(tmp_path, served, "{name: A, scope: [data]}")
    plan_id = saved(tmp_path, reconciler)["plan_id"]
    assert reconciler("apply", "plan.json", env={**PASSWORDS, "PW_GLOBEX": "wrong"}).code == 3
    (tmp_path / "plan.json").unlink()
    write(tmp_path, served, "{name: A, scope: [user]}, {name: B, scope: [user]}")
    creates = served.count(route="create*")
    run = reconciler("apply", "--plan-id", plan_id, "--exclude", "acme", env=PASSWORDS)
    assert (run.code, served.count(route="create*")) == (1, creates)
    assert "the plan is not the reviewed one any more: nothing was done\n" in run.err
    assert "\n  changed: create globex/A [user]\n" in run.err
    assert "\n  only in the plan now: create globex/B [user]\n" in run.err


def test_the_rest_of_a_plan_is_applied_after_skip_stale(
    tmp_path: Path, life: Run, reconciler: Run
) -> None:
    """Once the skipped instance is as it was, the same plan does the rest of it."""
    keys = ("acme", "globex", "initech")
    env = {**PASSWORDS, "PW_INITECH": "right"}
    served = life("{name: A, scope: [data]}", instances=keys)
    plan_id = saved(tmp_path, reconciler)["plan_id"]
    path, state = tmp_path / "reconciler.yaml", tmp_path / "reconciler.state.json"
    reviewed = path.read_text()
    path.write_text(reviewed.replace("acme: {}", "acme: {clients: [{name: B, scope: [data]}]}"))
    run = reconciler("apply", "plan.json", "--skip-stale", env={**env, "PW_GLOBEX": "wrong"})
    assert (run.code, served.count(route="create*")) == (3, 1)
    kept = json.loads(state.read_bytes())["open_plan"]
    assert kept["plan_id"] == plan_id
    assert sorted(each["address"] for each in kept["actions"]) == ["acme/A", "globex/A"]
    assert list(kept["definitions"]) == ["globex", "initech"]
    refused = reconciler("apply", "plan.json", env=env)
    assert (refused.code, served.count(route="create*")) == (1, 1)
    assert "only in the plan now: create acme/B [data]" in refused.err
    assert "initech" not in refused.err
    again = reconciler("apply", "plan.json", "--skip-stale", env=env)
    assert (again.code, served.count(route="create*")) == (3, 2)
    assert "1 instance left out" in again.err
    path.write_text(reviewed)
    rest = reconciler("apply", "plan.json", env=env)
    assert (rest.code, served.count(route="create*")) == (0, 3), rest.err
    assert [each.name for each in served.clients("acme.domo.com")] == ["A"]
    assert "open_plan" not in json.loads(state.read_bytes())


def test_a_part_that_is_missing_now_is_kept_for_the_same_plan(
    tmp_path: Path, served: "Running", reconciler: Run
) -> None:
    """An apply that has nothing to do on a skipped instance does not close its part."""
    write(tmp_path, served, "{name: A, scope: [data]}")
    plan_id = saved(tmp_path, reconciler)["plan_id"]
    path = tmp_path / "reconciler.yaml"
    reviewed = path.read_text()
    path.write_text(reviewed.replace("select: {all: true}", "select: {instances: [globex]}"))
    assert reconciler("apply", "plan.json", "--skip-stale", env=PASSWORDS).code == 0
    assert reconciler("apply", "plan.json", env=PASSWORDS).code == 0
    assert served.count(route="create*") == 1
    path.write_text(reviewed)
    rest = reconciler("apply", "--plan-id", plan_id, env=PASSWORDS)
    assert (rest.code, served.count(route="create*")) == (0, 2), rest.err
    state = json.loads((tmp_path / "reconciler.state.json").read_bytes())
    assert "open_plan" not in state


def test_a_plan_of_which_everything_is_stale_is_refused(
    tmp_path: Path, served: "Running", reconciler: Run
) -> None:
    """Nothing is done, which is an error (1) and not a run that is incomplete (3)."""
    write(tmp_path, served, "{name: A, scope: [data]}")
    saved(tmp_path, reconciler)
    write(tmp_path, served, "{name: A, scope: [user]}")
    run = reconciler("apply", "plan.json", "--skip-stale", env=PASSWORDS)
    assert (run.code, served.count()) == (1, 0)
    assert "changed: create A [data] on 2 instances (acme, globex): scope data → user\n" in run.err
    assert not (tmp_path / "reconciler.state.json").exists()


def test_a_plan_file_that_was_changed_is_refused(
    tmp_path: Path, served: "Running", reconciler: Run
) -> None:
    """Actions that do not belong to the id are found, and nothing is sent."""
    write(tmp_path, served, "{name: A, scope: [data]}")
    document = saved(tmp_path, reconciler)
    document["actions"][0]["scope"] = ["user"]
    (tmp_path / "plan.json").write_text(json.dumps(document))
    run = reconciler("apply", "plan.json", env=PASSWORDS)
    assert (run.code, served.count()) == (1, 0)
    assert "was changed since it was saved" in run.err


@pytest.mark.parametrize(
    "content", ["", "{}", "[1]", '{"format": "reconciler.plan", "version": 2}']
)
def test_what_is_not_a_plan_is_refused(
    tmp_path: Path, served: "Running", reconciler: Run, content: str
) -> None:
    """A foreign, newer or cut file is an error that says how to make one."""
    write(tmp_path, served, "{name: A, scope: [data]}")
    (tmp_path / "plan.json").write_text(content)
    run = reconciler("apply", "plan.json", env=PASSWORDS)
    assert (run.code, served.count()) == (1, 0)
    assert "reconciler plan --out plan.json" in run.err


def test_a_saved_plan_keeps_its_selection(
    tmp_path: Path, served: "Running", reconciler: Run
) -> None:
    """What was planned for one instance is applied to that one alone."""
    write(tmp_path, served, "{name: A, scope: [data]}")
    assert reconciler("plan", "--target", "globex", "--out", "plan.json").code == 0
    assert reconciler("apply", "plan.json", env=PASSWORDS).code == 0
    assert served.clients("acme.domo.com") == ()
    assert len(served.clients("globex.domo.com")) == 1


def test_a_rollout_goes_on_in_the_order_that_was_begun(
    tmp_path: Path, served: "Running", reconciler: Run
) -> None:
    """A canary that failed stops the rest, and is the canary again in the next run."""
    write(tmp_path, served, "{name: A, scope: [data]}", "rollout: {canary: 1, then: 100%}\n")
    failed = reconciler("apply", "--auto-approve", env={**PASSWORDS, "PW_ACME": "wrong"})
    assert failed.code == 3
    assert "the rollout stopped" in failed.err
    assert served.count(instance="globex.domo.com") == 0
    assert reconciler("apply", "--auto-approve", env=PASSWORDS).code == 0
    order = [each["instance"] for each in served.requests(route="create*")]
    assert order == ["acme.domo.com", "globex.domo.com"]


@pytest.mark.parametrize(
    "name",
    [
        "reconciler.yaml",
        "reconciler.state.json",
        "reconciler.state.json.backup",
        "reconciler.state.json.lock",
        "reconciler.state.json.20260101T000000-0a0b0c0d.journal",
        "secrets/acme/A.json",
        ".",
        "",
        "-",
        "/dev/null",
    ],
)
def test_a_plan_is_saved_over_nothing_but_a_plan(
    name: str, tmp_path: Path, served: "Running", reconciler: Run
) -> None:
    """Neither a typing error nor a wrong variable costs a manifest, a state or a secret."""
    write(tmp_path, served, "{name: A, scope: [data]}")
    assert reconciler("apply", "--auto-approve", env=PASSWORDS).code == 0
    (tmp_path / "secrets/acme").mkdir(parents=True, exist_ok=True)
    (tmp_path / "secrets/acme/A.json").write_text("{}")
    before = {each: each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()}
    for command in (("plan",), ("rotate", "--all")):
        run = reconciler(*command, "--out", name)
        assert (run.code, "--out" in run.err, "internal" in run.err) == (64, True, False)
    lock = tmp_path / "reconciler.state.json.lock"
    after = {each: each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()}
    assert after == {**before, lock: b""}
    saved(tmp_path, reconciler)
    saved(tmp_path, reconciler)
