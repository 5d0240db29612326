"""Codes of what goes wrong while a command runs."""

from typing import Final

RUNS: Final = {
    "client-id-taken": (
        "Domo answered a create with the client id of another client.",
        "A proxy or a cache gave the answer to another request, or Domo made a mistake.",
        (
            "Both secrets are kept and this one is delivered nowhere. Look at both clients in Domo,"
            " revoke this one there, and end it with `reconciler state settle`."
        ),
    ),
    "conflict": (
        "A client of a wanted name is on the instance, and was not made from this state.",
        "Somebody made it by hand, or another state manages it. Names are unique.",
        "Adopt it with `reconciler import ADDRESS`, or choose another name.",
    ),
    "create-failed": (
        "No answer to a create could be used, and a list showed that no client came of it.",
        "The network or Domo failed again and again; nothing is left behind.",
        "Apply again later.",
    ),
    "create-refused": (
        "Domo answered that it does not create the client.",
        "The user lacks the right, or the name or a scope is not allowed there.",
        "Read Domo's answer in the message; sign on as a user who may manage API clients.",
    ),
    "credential-unavailable": (
        "A credential, or a key, that is needed has no value here.",
        "The variable is not set, the file is missing or empty, or the command failed.",
        "Provide it as the message says; `reconciler check` looks at all of them at once.",
    ),
    "error": (
        "Something that the command needs is not there, or cannot be read or written.",
        "The message says what and where.",
        "Mend it and run again; nothing was sent unless the output says so.",
    ),
    "internal": (
        "The tool met something that it does not know.",
        "This is a bug. What was done is in the state or the journal all the same.",
        "Run again with -vv, which shows no value and no secret, and report what it says.",
    ),
    "interrupted": (
        "The run was stopped by Ctrl-C or SIGTERM, or did not begin this any more.",
        "What was in flight was finished and recorded.",
        "Apply again: it does the rest.",
    ),
    "ledger-incomplete": (
        "A run could not write all that it did into the ledger.",
        "The disk refused, or the file was changed. The state and the clients are right.",
        "Mend the cause; `reconciler ledger` shows from where on the record is whole.",
    ),
    "lock-held": (
        "Another run has the state's lock.",
        "One writer at a time keeps the state whole. A lock whose process died is not in the way.",
        (
            "Wait for it, or let --lock-timeout wait; `reconciler state lock` shows the process"
            " that holds it."
        ),
    ),
    "not-in-state": (
        "The state has no client at the address of an action.",
        "Another run removed it between the plan and this apply.",
        "Plan again.",
    ),
    "not-adopted": (
        "An import of everything that is wanted left this out.",
        "Its instance could not be looked at, or nobody can say for sure which client is meant.",
        "Mend the cause, and import it by itself: `reconciler import ADDRESS`, with --id if asked.",
    ),
    "not-due": (
        "A predecessor is not revoked yet.",
        "Its successor has not reached every sink, or the overlap is not over.",
        "Nothing need be done; a later apply revokes it.",
    ),
    "not-proven": (
        "A secret does not sign in, so it is put nowhere, and no predecessor ends for it.",
        "Domo may take a while with a new client; or the client ended since the state was written.",
        "Apply again: it signs in once more, then goes on. `plan --refresh` finds a client gone.",
    ),
    "revoke-refused": (
        "Domo answered that it does not revoke the client.",
        "The user lacks the right, or the client is somebody else's.",
        "Sign on as its owner or as an administrator, then apply again.",
    ),
    "rollout": (
        "A wave of the rollout had more failures than are allowed, so the run stopped.",
        "The canary allows none, later waves as many as `max_failures` says.",
        "Mend the causes that are listed and apply again: the order stays that of this run.",
    ),
    "secret-refused": (
        "Domo refused a client's secret.",
        "The client was revoked, or something else stands in its sink.",
        "`reconciler plan --refresh` shows whether it is gone; `reconciler rotate` makes another.",
    ),
    "secret-stale": (
        "A sink holds the secret of another client than the state knows.",
        "It was restored from a backup or written by something else; the client may end soon.",
        "Deliver the right one with `reconciler rotate`, and find out what wrote there.",
    ),
    "needs-rotation": (
        "A sink changed, and the old file does not return the secret.",
        "The file was removed or overwritten, or its secret does not sign in any more.",
        "Put the file back and apply again, or let `reconciler rotate ADDRESS` make a new secret.",
    ),
    "secret-unknown": (
        "A secret cannot be read here.",
        "It is sealed and no identity opens it, only its sink has it, or the client was adopted.",
        "Give --identity or --from-sink, or let `reconciler rotate` make one that is known.",
    ),
    "secret-unproven": (
        "A secret could not be tried: there was no usable answer.",
        "The network or the API is down, or answered with an error.",
        "Check the network and `endpoints`, then verify again.",
    ),
    "secret-unreadable": (
        "A place that was given a secret does not give it back.",
        (
            "The file is missing or changed, the `read` command failed, or no identity that was"
            " given opens any sealed secret."
        ),
        "Look at the place that is named; `reconciler rotate` delivers a new secret.",
    ),
    "sign-on-refused": (
        "Domo refused to sign on with this credential.",
        (
            "A wrong or expired password, cookie or token; a locked user; a wrong domain; or an"
            " address that the instance does not allow. A password is never sent twice in a run."
        ),
        "Mend the credential before the next run: further tries lock an account.",
    ),
    "sink-failed": (
        "A sink cannot take a secret, or did not.",
        (
            "A folder is not writable, or a command is missing or failed. No client is made before"
            " every sink is able; a secret that was made already is kept."
        ),
        "Mend the sink and apply again: it delivers what waits.",
    ),
    "sink-unreadable": (
        "A sink does not give back what it was given.",
        "The file is missing or changed, or the `read` command failed.",
        "Look at the place that is named; `reconciler rotate` delivers a new secret.",
    ),
    "state-refused": (
        "The state or a journal is not one that can be gone on with; nothing was written.",
        "It is damaged, of a newer version, of another lineage, or was changed meanwhile.",
        "Do what the hint says; the state's .backup is what it was one write earlier.",
    ),
    "state-unwritable": (
        "The disk did not take the state or the journal.",
        "It is full, or read-only, or this user may not write there.",
        "Make room or mend the rights, then apply again: what was done is in the journal.",
    ),
    "successor-not-listed": (
        "The new client is in no list, or in none that tells it from others: the old one stays.",
        "Domo does not promise that a list shows a client at once, and may mask client ids.",
        "Apply again: it goes on from there. Where ids are masked for good, end it in Domo.",
    ),
    "not-gone": (
        "A client that the plan took for gone is listed again.",
        "A list lags or lacked the client, or the client was created again.",
        "Plan again with --refresh and apply that plan.",
    ),
    "revoke-unconfirmed": (
        "Domo answered the revoke of a client with 204, and no list confirms it.",
        "The list still shows the client at the end of the absence window, or it is incomplete.",
        "Apply again, or look at the client in Domo: the state keeps it until a list lacks it.",
    ),
    "suspected-orphan": (
        "A client of a wanted name has this state's mark, and the state does not know it.",
        (
            "A journal was lost with its machine, or an older state was put back. Its secret may be"
            " lost, or somebody may be using it."
        ),
        "Run `reconciler plan --refresh` and apply that: a successor is made before it ends.",
    ),
    "system": (
        "The operating system refused something that the tool needs.",
        "A full disk, missing rights, or too many open files.",
        "Mend what the message names, and run again.",
    ),
    "unreachable": (
        "An instance did not answer, or not with anything that can be used.",
        "The network, a proxy, a certificate or Domo itself; or the `domain` is wrong.",
        "Check the network and the instance's `domain` and `endpoints`, then run again.",
    ),
    "unresolved": (
        "Nobody can say yet what became of a create.",
        "Its answer was lost, and no list that would show the client could be had.",
        "Apply again as a user who sees the client; `reconciler state settle` ends it by hand.",
    ),
    "usage": (
        "The command line asks for something that does not exist or does not go together.",
        "The message says what was not understood; nothing was done.",
        "`reconciler COMMAND --help` shows what it takes, and an example.",
    ),
}
