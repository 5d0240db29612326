"""Carries a plan out, on ports only.

Owns the order of writes that loses nothing: for each create, the intent is durable before the
`POST`, the secret is durable before any sink sees it, and the state is written before the journal
forgets. An outcome that is not known is found out by listing, never by posting again. A client is
revoked only when a list of this run shows it, and a predecessor only after its successor works, is
delivered and is listed.

Tasks return outcomes and do not raise, so that no instance's failure cancels another one in
mid-call. What an instance turns out to have can stop an action of the plan, and never add one.
"""
