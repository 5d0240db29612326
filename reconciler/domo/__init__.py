"""Domo's HTTP API behind the ports `Domo` and `Session`.

Owns the wire contract: which request goes to which of the two hosts, with which headers, and what
each answer means. `adapter.DomoHttp` signs on, `clients` sends the five requests, `wire` and
`requests` are pure translations, `auth` is a generator without I/O, and `transport` wraps httpx in
layers of one duty each: retry, rate, bound, pool.

Refuses to guess. A create is answered with a client and its secret, or it made nothing for sure,
or it is ambiguous; the last is never sent again from here. What may be sent again is said by each
request and by nobody else: reading, and whatever certainly never left or was turned away with 429.

Invariants:
- A password that was judged, or may have been, is not sent again by the session that sent it; only
  after a grant does a 401 in mid-run sign on once more.
- `Origin` and `X-DOMO-CustomerDomain` carry the real domain, whatever the endpoints are.
- No exception, repr or reason holds a credential, a header or a body. Text that a server sent is
  made printable, cut, and left out whole where it repeats a credential.
- Every answer is bounded in bytes, depth and time, however slowly it drips.
- Redirects are not followed, cookies are not kept, `.netrc` is not read.
"""
