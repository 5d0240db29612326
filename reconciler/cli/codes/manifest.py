"""Codes of mistakes in a manifest."""

from typing import Final

MANIFEST: Final = {
    "alias-bomb": (
        "YAML aliases make the document far larger or deeper than its text.",
        "An alias repeats all that its anchor holds; aliases of aliases multiply.",
        "Say what is shared once, with client_sets or defaults, in the place of aliases.",
    ),
    "blank-name": (
        "A client's name is empty once its placeholders are filled in.",
        "A label that the name consists of is empty on an instance.",
        "Give the label a value, or add text to the name.",
    ),
    "bad-recipient": (
        "A recipient that secrets are to be sealed to is not one.",
        "It was cut off when it was copied, or it is a key of another kind.",
        "Write it whole: age1…, ssh-ed25519 … or ssh-rsa …; `reconciler validate` checks it.",
    ),
    "client-clash": (
        "An instance gets a client of one name from two places.",
        "Two client sets select the instance, or a set and the instance's own list name it.",
        "Rename one, or mark the instance's own entry `override: true` to let it win.",
    ),
    "control-character": (
        "A character stands in the manifest that no editor shows.",
        "It came along with copied text, or the file is not UTF-8.",
        "Remove it at the place that is shown; a file in UTF-16 is to be saved as UTF-8.",
    ),
    "defined-twice": (
        "An instance, a sink or a client set is defined in two places.",
        "The files of a folder are read as one manifest, so that a name may stand in one only.",
        "Keep one of the two places that are shown.",
    ),
    "duplicate-client": (
        "A list of clients has one name twice.",
        "Names are unique in an instance: Domo would refuse the second.",
        "Remove one of the two, or give it another name.",
    ),
    "duplicate-item": (
        "A list has the same value twice.",
        "It does nothing the second time, and is most often a slip for another value.",
        "Remove it, or write the value that was meant.",
    ),
    "duplicate-key": (
        "A mapping has one key twice.",
        "YAML would silently let the last one win, so that the first would do nothing.",
        "Merge the two, or remove one.",
    ),
    "empty-file": (
        "A manifest file has nothing in it.",
        "It was truncated, or only comments are left.",
        "Begin it with `version: 1`; `reconciler schema` prints all that may follow.",
    ),
    "empty-folder": (
        "There is no manifest in the folder.",
        "A folder's *.yaml and *.yml files are read, those of its own folders are not.",
        "Let -f name the folder with the files in it, or the file itself.",
    ),
    "invalid-*": (
        "A value of the manifest does not have the form that its place asks for.",
        (
            "Each kind of value (a domain, a duration, an instance key) has its own rules, and the"
            " message says those of this one."
        ),
        "Write it as the message says; `reconciler schema` has the rule in full.",
    ),
    "invalid-manifest": (
        "The manifest has mistakes, each of which is shown above this error.",
        "Nothing is planned or sent from a manifest that is not wholly understood.",
        "Mend what is shown, then run `reconciler validate`.",
    ),
    "invalid-move": (
        "An entry under `moved` joins two things that cannot become each other.",
        "Both are instance keys, both addresses (with a /) or both domains, and they differ.",
        "Write both in one form; remove an entry that moves something to itself.",
    ),
    "invalid-recipient": (
        "A recipient is none that secrets can be sealed to.",
        "It was cut off when it was copied, or is the name of a key in the place of the key.",
        "Write it whole: age1…, ssh-ed25519 … or ssh-rsa ….",
    ),
    "invalid-url": (
        "An endpoint is not a URL that requests can be sent to.",
        "It needs http or https and a host, and takes a port and a path; nothing else.",
        "Write it like http://127.0.0.1:8080/{instance}, without user, query or fragment.",
    ),
    "invalid-variable": (
        "`env` holds something that is no name of a variable.",
        "The value itself was written there, or the name has a character that none may have.",
        "Write the name alone: letters, digits and _, and no digit first.",
    ),
    "key-not-text": (
        "A key is a number, a date, a list or another thing that is not text.",
        "YAML reads 123, true and 2026-01-31 without quotes as something else than text.",
        "Put the key into quotes.",
    ),
    "literal-credential": (
        "A password, cookie or token stands in the manifest itself.",
        "Manifests are kept in git and read by many: a credential in one is lost to them.",
        (
            "Write {env: NAME}, {file: PATH} or {command: […]}; and change the credential, as it"
            " may be in the history already."
        ),
    ),
    "misplaced-override": (
        "`override: true` stands on a client of a client set.",
        "It says that an instance's own entry wins over a set's, so it belongs on the former.",
        "Move it to the instance's entry that is to win.",
    ),
    "missing-auth": (
        "An instance has clients, and nothing says how to sign on to it.",
        "Neither the instance nor the defaults have an `auth`.",
        "Give the instance an `auth`, or write one under `defaults`.",
    ),
    "missing-domain": (
        "An instance's key cannot be a host name by itself.",
        "Without `domain`, an instance is at KEY.domo.com.",
        "Write the instance's `domain`.",
    ),
    "missing-key": (
        "A mapping lacks a key that it must have.",
        "It was forgotten, or stands one level too high or too low.",
        "Add it; if it is there, check how far it is indented.",
    ),
    "missing-label": (
        "A placeholder names a label that this instance does not have.",
        "{labels.NAME} is filled in for each instance by itself.",
        "Give the label to the instance, or use another placeholder.",
    ),
    "more-errors": (
        "There are more mistakes than are shown.",
        "A report stays readable, and thousands of mistakes have a few causes.",
        "Mend those that are shown and validate again.",
    ),
    "moved-twice": (
        "Two entries under `moved` begin at the same thing.",
        "Only one of them could be carried out.",
        "Keep the one that is true.",
    ),
    "no-recipient": (
        "Encryption is asked for, and nobody could open what it seals.",
        "`recipients` and the file that `recipients_file` names are empty.",
        "Name at least one recipient, or remove `encryption` to keep secrets in plain.",
    ),
    "not-utf-8": (
        "A manifest file has a byte that is no UTF-8.",
        "It was saved in another encoding, such as Latin-1 or UTF-16.",
        "Save it as UTF-8.",
    ),
    "option-like-argument": (
        "A placeholder makes an option out of a command's argument.",
        "A name or label that begins with - would be read as an option by the command.",
        "Write something before the placeholder, as in --name={client}.",
    ),
    "overrides-nothing": (
        "`override: true` stands where there is nothing to win over.",
        "No client set gives this name to the instance, or not any more.",
        "Remove `override`, or check the name and what the set selects.",
    ),
    "private-key": (
        "A private key stands where a public one belongs.",
        "Whoever reads the manifest could open every secret with it.",
        "Write what `age-keygen -y` prints, and make a new key: this one has been seen.",
    ),
    "recursive-alias": (
        "A YAML alias stands inside of its own anchor.",
        "The document would have no end.",
        "Write out what was meant, without the alias.",
    ),
    "reserved-description": (
        "A description ends like an ownership mark.",
        "The tool puts [reconciler:…] behind each description at Domo, to know its own clients.",
        "Remove it from the description.",
    ),
    "reserved-file": (
        "A secret would be written over a file that the tool itself reads or writes.",
        (
            "The sink's path leads to the state, its backup, lock or journal, the manifest, the"
            " recipients file, or a file with a credential."
        ),
        "Let the path lead into a folder that is for secrets alone.",
    ),
    "reserved-sink": (
        "A sink is called `state`.",
        "That is the one that always exists: the state file itself.",
        "Give this sink another name.",
    ),
    "same-domain": (
        "Two instances have one domain.",
        "They would be the same Domo instance, and two entries would fight over its clients.",
        "Keep one of them.",
    ),
    "selects-nothing": (
        "A client set selects no instance.",
        "A label or a key was misspelt, or the instances have gone.",
        "Mend `select`, or remove the set.",
    ),
    "several-documents": (
        "A manifest file has a second YAML document.",
        "A line of --- begins one; a file is one document.",
        "Remove it, or divide the file and give the folder to -f.",
    ),
    "shared-target": (
        "Two secrets would be written to one file or given to one command.",
        "The sink's path or command does not differ between these clients.",
        "Put {instance} and {client} or {client_slug} into it.",
    ),
    "stray-path": (
        "A client's file would be outside of the folder that the sink names.",
        "A name or label with / or .. in it stands in for a placeholder.",
        "Use {client_slug}, or change the name or label.",
    ),
    "syntax": (
        "The file is not YAML.",
        "Most often a bracket or quote is not closed, a tab indents, or a colon lacks its space.",
        "Mend it at the place that is shown; the mistake may stand in the line before.",
    ),
    "too-deep": (
        "Values are nested deeper than any manifest needs.",
        "A bracket was repeated, or the file is not a manifest.",
        "Check which file -f names.",
    ),
    "unknown-scope": (
        "A scope is not among the scopes that this version knows.",
        (
            "It is misspelled, or Domo has added it since. A scope that `allow_scopes` lists is a"
            " warning, any other one is an error."
        ),
        "Correct the spelling, or list a new scope of Domo's in the top-level key `allow_scopes`.",
    ),
    "unknown-*": (
        "A word of the manifest is none of those that may stand in its place.",
        "It was misspelt, or it is of a newer version of the tool.",
        "Write one of those that the message lists; `reconciler schema` has all of them.",
    ),
    "unknown-alias": (
        "A YAML alias has no anchor.",
        "A value that begins with * is read as an alias.",
        "Put the value into quotes, or define the anchor before it.",
    ),
    "unknown-instance": (
        "A wave of the rollout names an instance that there is not.",
        "`canary` takes keys under `instances`.",
        "Write the key of an instance.",
    ),
    "unknown-key": (
        "A mapping has a key that is not known there.",
        "It was misspelt, or stands one level too high or too low.",
        "Use the key that is suggested, or check how far it is indented.",
    ),
    "unknown-placeholder": (
        "A placeholder is not known in its place.",
        (
            "Strings of an instance and names of clients know {instance}, {INSTANCE}, {domain} and"
            " {labels.NAME}; sinks and descriptions also know {client} and {client_slug}."
        ),
        "Use one that is listed, or write {{ and }} for literal braces.",
    ),
    "unknown-sink": (
        "A client asks for a sink that nobody defines.",
        "The name was misspelt, or the sink has gone.",
        "Use one that is listed, or define it under `sinks`.",
    ),
    "unknown-tag": (
        "A value has a YAML tag, such as !vault or !!python.",
        "Tags are never obeyed: they can stand for programs.",
        "Leave it out; put a value that is to be text into quotes.",
    ),
    "unreadable-file": (
        "A file that the manifest names cannot be read.",
        "It is missing, or this user may not read it; paths are relative to the manifest's folder.",
        "Mend the path or the rights.",
    ),
    "wrong-type": (
        "A value is of another kind than its place asks for: a list for a mapping, say.",
        "Often a dash too many or too few, or quotes around a number.",
        "Write what the message asks for.",
    ),
}
