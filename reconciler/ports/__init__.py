"""What the engine needs from the outside: one module for each port.

Each Protocol is a contract for both sides: the docstrings state what the engine may rely on and
what the adapter may expect. The engine imports these modules and no adapter. Every adapter passes
the suite of its port in `tests/contract/`.
"""

from reconciler.ports.clock import Clock
from reconciler.ports.credentials import (
    CookieCredential,
    Credential,
    Credentials,
    PasswordCredential,
    TokenCredential,
)
from reconciler.ports.domo import (
    Ambiguous,
    ClientCreated,
    ClientCredentials,
    ClientRevoked,
    CreateOutcome,
    Domo,
    Inconclusive,
    Invalid,
    Listing,
    NotApplied,
    ProofOutcome,
    Prover,
    RevokeOutcome,
    Session,
    Valid,
)
from reconciler.ports.sealing import Sealing
from reconciler.ports.sinks import ReadBack, SinkReader, Sinks
from reconciler.ports.store import ErrorOutput, Journal, LeftoverJournal, LockHolder, StateStore

__all__ = [
    "Ambiguous",
    "ClientCreated",
    "ClientCredentials",
    "ClientRevoked",
    "Clock",
    "CookieCredential",
    "CreateOutcome",
    "Credential",
    "Credentials",
    "Domo",
    "ErrorOutput",
    "Inconclusive",
    "Invalid",
    "Journal",
    "LeftoverJournal",
    "Listing",
    "LockHolder",
    "NotApplied",
    "PasswordCredential",
    "ProofOutcome",
    "Prover",
    "ReadBack",
    "RevokeOutcome",
    "Sealing",
    "Session",
    "SinkReader",
    "Sinks",
    "StateStore",
    "TokenCredential",
    "Valid",
]
