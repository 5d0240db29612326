"""A simulation of Domo's HTTP API on loopback, with faults on request.

The package implements the wire contract by itself and shares no code with `reconciler.domo`: a
shared mistake would pass all tests. The core is pure: `exchange(world, request, now)` turns a
request into a `Sending`, a value that describes what goes over the socket. Only `server` and
`http_server` do I/O. Time is an argument, and random values come from the seed of the world.

The sandbox is stricter than Domo: a body with a field that the contract does not have, a missing
`Content-Type` or a foreign `Origin` is an error. A client that works here does not depend on
Domo's tolerance. It serves loopback addresses only, because `/control` shows all secrets, and
keeps everything in memory.

One port serves every host, so that a manifest needs two lines to use it:

    endpoints:
      api: http://127.0.0.1:PORT/api
      instance: http://127.0.0.1:PORT/instances/{domain}

A plain mapping describes a world (`SandboxState.from_config`; `config.fleet` builds one for a
list of keys):

    seed: 7                  ids and secrets repeat; without it, they differ each time
    latency: 0.05            seconds for each request, half before and half after it is carried out
    jitter: 0.0              seconds; a random part of them is added
    faults: []               see `reconciler.sandbox.faults`
    instances:
      acme.domo.com:
        users: [{email, password, admin: true, may_create: true, locked: false, refusal: null, id}]
        cookies: {VALUE: EMAIL}          values of `_dsidv1`
        tokens: {VALUE: EMAIL}           access tokens
        token_expiries: {VALUE: MS}      when they end, in milliseconds since the epoch
        clients: [{name, scope, description, owner: EMAIL, id, client_id, client_secret}]
        list_shape: array                this and the other rules: see `entities.Rules`

`/control/…` (see `reconciler.sandbox.control`) shows and changes everything while it runs.
"""
