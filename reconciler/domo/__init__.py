"""Domo's HTTP API behind the ports `Domo` and `Session`.

The package owns the wire contract: which request goes to which of the two hosts, with which
headers, and what each answer means. `client.DomoHttp` signs on, `session` sends the five requests,
`requests` and `responses` are pure translations, `auth` consists of generators without I/O, and
`transport` wraps httpx in layers of one duty each: retry, rate, trace, bound, pool.

The outcome of a create is one of three: created (with a secret), certainly not created, or
ambiguous. An ambiguous create is never sent again from here, because a second client could be
created; `apply` looks for the client in a list first. Each request declares what may be sent again:
reads, and any request that certainly never left or was refused with 429.

Invariants:
- A session sends a password once. Only after a grant does a 401 in mid-run sign on once more: a
  password that Domo judged, or may have judged, counts towards the limit that locks an account.
- `Origin` and `X-DOMO-CustomerDomain` contain the real domain, even if the endpoints differ.
- No exception, repr or reason contains a credential, a header or a body. Text from a server is
  made printable and cut; if it repeats a credential, it is omitted.
- Every answer is bounded in bytes, depth and time, even if it arrives one byte at a time.
- Redirects are not followed, cookies are not kept, and `.netrc` is not read: each could send a
  credential to another host, or one that the manifest does not refer to.
"""
