"""The state document and the journal, as values.

Owns what the tool remembers between runs: for each address the client that it made, and for each
attempt to make one how far it came. `document` has the nouns, `journal` the records and every rule
by which a record changes what is known, `codec` and `journal_codec` turn both into bytes and back.

Refuses to guess: bytes that are corrupt, newer or foreign are an error that says what to do.
Invariant: replaying a journal over a state that has it already changes nothing.
"""
