"""Carry out a plan, using ports only.

The package owns the order of writes. For each create, the intent is durable before the `POST`, or a
crash would leave a client that no record finds. The secret is durable before a sink gets it, or a
crash would leave a consumer with a secret that the state does not have. The state is written before
records are removed from the journal. An unknown outcome is resolved by listing and never by sending
the create again, because Domo has no idempotency key. A client is revoked only if a list of this
run shows it, and a predecessor only after its successor works, is delivered and is listed.

Tasks return outcomes and do not raise, so that the failure of one instance cancels no request of
another. The lists of an instance can stop an action of the plan, but never add one: only the
reviewed actions are carried out.
"""
