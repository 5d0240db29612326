"""The files of `reconciler init`, as values.

The files are ready to use: the manifest is valid, git ignores each plain secret, and a pipeline
plans and applies like those in `examples/`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from reconciler.model.strings import join_limited
from reconciler.operations.shipped import shipped

Auth = Literal["password", "cookie", "token"]
SinkChoice = Literal["file", "state", "exec"]
Pipeline = Literal["github", "gitlab", "azure"]

MANIFEST: Final = "reconciler.yaml"
SCHEMA: Final = "schemas/manifest.v1.schema.json"
SETTINGS: Final = ".vscode/settings.json"
USUAL: Final = (MANIFEST, SCHEMA, SETTINGS)
"""The files that are written for all answers."""

SEALED_IGNORED: Final = ("*.state.json.lock", "*.state.json.backup")
"""What git ignores beside an encrypted state: files that are useful on one machine only."""

_VARIABLE: Final = "DOMO_ACME_PROD_PASSWORD"
"""The variable in the pipelines of `examples/`, for their one instance."""

_CREDENTIALS: Final = {"password": "PASSWORD", "cookie": "DSIDV1", "token": "TOKEN"}

METHODS: Final = {
    "token": (
        "an access token, recommended for unattended runs: it needs no second factor and no SSO.",
        "Create it in Domo under Admin > Authentication > Access tokens; it is valid until the end",
        "date that you choose there.",
    ),
    "password": (
        "a user's e-mail address and password (direct sign-on). It does not work with a second",
        "factor or with SSO only; it is valid until the password expires or is changed.",
    ),
    "cookie": (
        "the cookie `_dsidv1` of a browser that is signed on by SSO: copy its value from the",
        "browser's developer tools. It is valid until that session ends (by default 8 idle hours).",
    ),
}
"""Each method with the source of its value and how long it is valid, the default first."""

_PIPELINES: Final = {
    "github": (
        ("examples/github-actions/.github/workflows/plan.yml", ".github/workflows/plan.yml"),
        ("examples/github-actions/.github/workflows/apply.yml", ".github/workflows/apply.yml"),
        ("action.yml", ".github/actions/reconciler/action.yml"),
    ),
    "gitlab": (("examples/gitlab-ci/.gitlab-ci.yml", ".gitlab-ci.yml"),),
    "azure": (("examples/azure-pipelines/azure-pipelines.yml", "azure-pipelines.yml"),),
}

_SETTINGS_OF: Final = {
    "github": (
        "GitHub, Settings > Environments: `domo`, with required reviewers, for branch main alone",
        "GitHub, secrets of `domo`: the credentials; above 100 see the head of apply.yml",
        "GitHub, if a rule protects main: a deploy key in its bypass list, as DOMO_DEPLOY_KEY",
    ),
    "gitlab": (
        "GitLab, Settings > CI/CD > Variables: the credentials, protected, for environment `domo`",
        "GitLab, Settings > CI/CD > Job token permissions: allow Git push requests",
    ),
    "azure": (
        "Azure, Pipelines > Environments: `domo`, with approvals, a lock and branch control",
        "Azure, Pipelines > Library: variable group `domo`, with approvals and branch control too",
        "Azure, Repositories > Security: the build service may contribute",
    ),
}

_NAMED: Final = 3
"""The number of environment variables that are named."""

_COMMAND: Final = """\
#!/bin/sh
# Called as `put-secret.sh INSTANCE CLIENT` with one JSON object on standard input: client_id,
# client_secret and what they belong to. Exit with 0 only when it is kept; again does no harm.
set -eu
exec vault kv put -mount=secret "domo/$1/$2" -
"""


_CLIENTS: Final = """\
client_sets:
  baseline:                    # the same clients on every instance
    select: {all: true}
    clients:
      - {name: Reporting, scope: [data], description: Reads the figures}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a new project is for. With a `recipient` the state is encrypted and may be committed."""

    instances: tuple[str, ...]
    auth: Auth
    email: str
    sink: SinkChoice
    recipient: str | None = None
    pipelines: tuple[Pipeline, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A file to write, by its path in the folder."""

    path: str
    text: str
    executable: bool = False


def files(answers: Answers) -> Iterator[NewFile]:
    """Yield every file but `.gitignore`, because an existing one is extended."""
    yield NewFile(path=MANIFEST, text=manifest(answers))
    yield from settings_files()
    if answers.sink == "exec":
        yield NewFile(path="put-secret.sh", text=_COMMAND, executable=True)
    yield from pipeline_files(answers.pipelines, variables(answers))


def settings_files() -> Iterator[NewFile]:
    """Yield the schema and the editor settings, which are the same for every manifest."""
    yield NewFile(path=SCHEMA, text=shipped(SCHEMA))
    yield NewFile(path=SETTINGS, text=_settings())


def pipeline_files(pipelines: Sequence[Pipeline], names: Sequence[str]) -> Iterator[NewFile]:
    """Yield the files of pipelines whose jobs get the environment variables `names`."""
    for pipeline in pipelines:
        for source, path in _PIPELINES[pipeline]:
            yield NewFile(path=path, text="".join(_adapted(shipped(source), names)))


def ignored(answers: Answers) -> tuple[str, ...]:
    """Return the lines of `.gitignore` that keep plain secrets out of git."""
    state = (
        ("*.state.json.lock", "*.state.json.backup", "*.state.json.*.log")
        if answers.recipient
        else ("*.state.json*",)
    )
    return (*state, "secrets/") if answers.sink == "file" else state


def manifest(answers: Answers) -> str:
    """Return a manifest in which each instance has one client."""
    parts = [
        f"# yaml-language-server: $schema=./{SCHEMA}\nversion: 1\n",
        _state(answers.recipient),
        _sinks(answers.sink),
        _defaults(answers),
        "limits: {max_revoke: 5}        # a plan that ends more clients needs --override-limits\n",
        _CLIENTS,
        "instances:\n" + "".join(f"  {_key(each)}: {{}}\n" for each in answers.instances),
    ]
    return "\n".join(part for part in parts if part)


def variables(answers: Answers) -> tuple[str, ...]:
    """Return the environment variables that the manifest's credentials name."""
    kind = _CREDENTIALS[answers.auth]
    keys = (each.upper().replace("-", "_") for each in answers.instances)
    return tuple(f"DOMO_{key}_{kind}" for key in keys)


def next_steps(answers: Answers) -> Iterator[str]:
    """Yield the next steps, with the settings of the CI system."""
    yield from pipeline_steps(answers.pipelines, variables(answers))
    if answers.auth != "token":
        yield "for unattended runs use an access token: `method: token` (init --auth token)"
    if answers.recipient:
        yield "commit all of it; anyone with the key of the recipient can read the secrets"


def pipeline_steps(pipelines: Sequence[Pipeline], names: Sequence[str]) -> Iterator[str]:
    """Yield the next steps for the credentials `names` and for the pipelines."""
    if names:
        yield f"apply takes the credentials from {join_limited(names, _NAMED)}"
    for pipeline in pipelines:
        yield from _SETTINGS_OF[pipeline]


def _state(recipient: str | None) -> str:
    if recipient is None:
        return ""
    return (
        "state:                         # secrets in it are sealed, so it may be committed\n"
        f"  encryption: {{age: {{recipients: [{recipient}]}}}}\n"
    )


def _sinks(sink: SinkChoice) -> str:
    match sink:
        case "file":
            target = '{type: file, path: "secrets/{instance}/{client_slug}.json"}'
        case "exec":
            target = '{type: exec, command: [./put-secret.sh, "{instance}", "{client_slug}"]}'
        case _:
            return ""
    return f"sinks:\n  ops: {target}\n"


def _defaults(answers: Answers) -> str:
    variable = f'{{env: "DOMO_{{INSTANCE}}_{_CREDENTIALS[answers.auth]}"}}'
    credential = {
        "password": f"{{method: password, email: {answers.email}, password: {variable}}}",
        "cookie": f"{{method: cookie, dsidv1: {variable}}}",
        "token": f"{{method: token, token: {variable}}}",
    }
    sink = "state" if answers.sink == "state" else "ops"
    about = "".join(f"  # {line}\n" for line in METHODS[answers.auth])
    return f"defaults:\n{about}  auth: {credential[answers.auth]}\n  sink: {sink}\n"


def _key(instance: str) -> str:
    """Return a key, quoted if YAML would read it as a number or a truth value."""
    words = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
    return instance if instance[0].isalpha() and instance not in words else f'"{instance}"'


def _settings() -> str:
    return f'{{\n  "yaml.schemas": {{\n    "./{SCHEMA}": ["{MANIFEST}"]\n  }}\n}}\n'


def _adapted(text: str, names: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a pipeline. The line with a credential is repeated for each variable."""
    for line in text.splitlines(keepends=True):
        if _VARIABLE in line:
            yield from (line.replace(_VARIABLE, name) for name in names)
        else:
            yield line
