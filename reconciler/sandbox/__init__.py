"""A Domo double on loopback: what Domo's HTTP API does, its faults on request, and a judge.

Owns its own reading of the wire contract and shares no code with `reconciler.domo`, so that the
contract is written twice and tested once. The core is pure: `exchange(world, request, now)` turns a
request into a `Sending`, a value that says what goes over the socket; only `server` and `serving`
do I/O. Time comes in as an argument, randomness from the world's seed.

Refuses what Domo refuses, and more: a body with a field that the contract does not know, a missing
`Content-Type` or a foreign `Origin` is an error here, so that a client which works against the
sandbox is not merely lucky. It serves loopback addresses only, and keeps everything in memory.

One port plays every host, so that a manifest points at it with two lines:

    endpoints:
      api: http://127.0.0.1:PORT/api
      instance: http://127.0.0.1:PORT/instances/{domain}

A world is made from a plain mapping (`World.from_config`; `fleet` makes one for a list of keys):

    seed: 7                  ids and secrets repeat; left out, they differ each time
    latency: 0.05            seconds for each request, half before and half after it is carried out
    jitter: 0.0              up to so many seconds more
    faults: []               see `reconciler.sandbox.faults`
    instances:
      acme.domo.com:
        users: [{email, password, admin: true, may_create: true, locked: false, refusal: null, id}]
        cookies: {VALUE: EMAIL}          values of `_dsidv1`
        tokens: {VALUE: EMAIL}           access tokens
        token_expiries: {VALUE: MS}      when they end, in milliseconds since the epoch
        clients: [{name, scope, description, owner: EMAIL, id, client_id, client_secret}]
        list_shape: array                this and the rest: see `records.Rules`

`/control/…` (see `reconciler.sandbox.control`) shows and changes all of it while it runs.
"""
