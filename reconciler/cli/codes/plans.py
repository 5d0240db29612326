"""Codes of what a plan notes, and of what keeps it from being applied."""

from typing import Final

PLANS: Final = {
    "clock": (
        "The state records a time for a client that is over a day after the plan's as-of.",
        "The clock of a machine was wrong, then or now; or --as-of names an earlier day.",
        (
            "`rotate_after` and `overlap` count from that time, so they come later. If the clock"
            " was wrong then, `reconciler rotate` creates a client with the right time."
        ),
    ),
    "adopted": (
        "The client was made elsewhere, and adopted: its secret is not known here.",
        "Domo shows a secret once, when it is made, and to nobody else.",
        "Nothing need be done; `reconciler rotate ADDRESS` makes a secret that is known.",
    ),
    "changed": (
        "A client has another scope at Domo than the state records.",
        "Domo added or left out a scope, or an administrator changed it there.",
        (
            "Nothing need be done for an added scope. `apply --refresh` replaces a client that has"
            " lost one of the manifest's scopes since the create."
        ),
    ),
    "departed": (
        "An instance left the manifest while clients there still have to be revoked or retired.",
        "Without its key nothing says how to sign on to it.",
        "Keep its key with `clients: []` until an apply has done it, then remove the key.",
    ),
    "description": (
        "The manifest's description is not the one that Domo has.",
        "Domo cannot change a description, and a new client for its sake would cost a secret.",
        "Nothing need be done; the next rotation takes it over.",
    ),
    "domain": (
        "The domain of an instance with clients was changed.",
        "These clients live on the old domain; the new one may be a rename or another instance.",
        "If Domo renamed the instance, say so under `moved`; else give the new one its own key.",
    ),
    "gone": (
        "A client that the state knows is not at Domo any more.",
        "Somebody revoked it there, past this program.",
        "`apply --refresh` makes it anew where the manifest wants it, and else forgets it.",
    ),
    "kept": (
        "A client left the manifest and is left alone.",
        "`on_remove: keep`, the default, was last applied to it.",
        "Nothing need be done; `reconciler forget` or `reconciler destroy` ends it.",
    ),
    "limit": (
        "The plan does more of something than `limits` in the manifest allows.",
        "A slip (a label, an empty file) can look like a wish to revoke a whole fleet.",
        "Read the plan; if it is meant, go on with --override-limits.",
    ),
    "incomplete": (
        "The list of an instance's clients does not prove that a client is gone.",
        (
            "A page is missing, or the list lacks every client that the state knows there: it may"
            " be a cached or another instance's answer."
        ),
        "Plan again; --accept-missing INSTANCE accepts a list without any of the known clients.",
    ),
    "moved": (
        "Clients have another address or domain than before, as `moved` says.",
        "The state renames the client; apply creates and revokes nothing for it.",
        (
            "Nothing need be done; where it is an error, the state has another client at the new"
            " address, and one of the two must go first."
        ),
    ),
    "not-visible": (
        "A client is not in the list, and that does not prove that it is gone.",
        "A user who is no administrator is shown only the clients that this user owns.",
        "Sign on as its owner, or as a user who sees all clients.",
    ),
    "orphan": (
        "A client has this state's mark, and the state does not know it.",
        "A journal was lost with its machine, or an older state was put back.",
        (
            "If its name is wanted, `plan --refresh` plans a successor before it ends. Otherwise"
            " the plan names the `reconciler destroy … --client-id` that revokes it: look first"
            " whether a consumer uses it."
        ),
    ),
    "plan-refused": (
        "A guard stopped the apply before any request was sent.",
        (
            "A limit, `protect`, a plan that moved since its review, or a plain secret that git"
            " would keep."
        ),
        "Do what the hint of the error says, and plan again.",
    ),
    "protect": (
        "The plan would leave a protected client without a successor, or change its scope.",
        "`protect: true` was last applied to it.",
        "Bring it back, or set `protect: false`, apply, and change it then; a rotation is allowed.",
    ),
    "recipients": (
        "A secret in the state is sealed to other recipients than the manifest lists.",
        "A recipient was added to the manifest or removed from it after the secret was sealed.",
        (
            "`reconciler state rekey --identity KEY_FILE` seals every secret to the listed"
            " recipients; rotate the clients whose secret a removed recipient must not know."
        ),
    ),
    "renamed": (
        "An instance has another key than the one under which the state has its clients.",
        "Both keys have one domain, and only one of them is in the manifest.",
        "Say so under `moved`, and they keep their secrets; or forget what the old key has.",
    ),
    "retiring": (
        "A rotated client keeps working until its overlap is over.",
        "Whoever still has the old secret has so long to take the new one.",
        "Nothing need be done; a later apply revokes it.",
    ),
    "sink": (
        "A sink does not have the secret, and it cannot be delivered from here.",
        "It went to another sink, or is sealed, and no identity at hand opens it.",
        "Put it there by hand, give --identity, or let `reconciler rotate` make a new one.",
    ),
    "stale": (
        "Instances were left out of an apply, as their part of the plan moved since its review.",
        "Their part of the manifest or of the state changed, and --skip-stale was given.",
        "Plan again, and have what is left reviewed.",
    ),
    "unmanaged": (
        "An instance has clients that this manifest and state know nothing of.",
        "People and other tools make clients too.",
        "Nothing need be done; `reconciler import` adopts one.",
    ),
}
