"""A left journal that is rewritten on a disk that takes nothing."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from reconciler.state.journal_records import Header, NotCreated
from reconciler.stores.local import LocalStore

FULL: Final = """\
import resource, signal, sys
from pathlib import Path
from reconciler.model.errors import StateUnwritable
from reconciler.stores.local import LocalStore

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = LocalStore(Path(sys.argv[1]))
(left,) = store.journals(None)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
try:
    store.rewrite(left, left.records[:1])
except StateUnwritable as error:
    print(error.message)
    print(error.hint)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
"""


def test_a_full_disk_leaves_a_journal_as_it_was(tmp_path: Path) -> None:
    """A journal that cannot be rewritten says what it said, and no other file is left."""
    path = tmp_path / "s.json"
    store = LocalStore(path)
    lineage = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
    header = Header(run="r1", lineage=lineage, serial=1, plan_id="p", at="2026-01-31T08:00:00Z")
    journal = Path(store.rescue(header, [NotCreated(nonce="n1"), NotCreated(nonce="n2")]))
    before = journal.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert f"the journal `{journal}` cannot be written: File too large" in done.stdout
    assert "what it said is intact" in done.stdout
    assert journal.read_bytes() == before
    assert list(tmp_path.iterdir()) == [journal]
