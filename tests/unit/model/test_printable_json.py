"""JSON documents on a terminal."""

import json

from reconciler.model.strings import printable_json


def test_a_json_document_keeps_its_values_and_loses_its_controls() -> None:
    """Eight-bit escapes and marks of direction are escaped; layout and other letters stay."""
    value = {"name": "a\x9b31m\u202e\u200b\x7f é 字"}
    document = json.dumps(value, ensure_ascii=False, indent=2)
    written = printable_json(document)
    assert json.loads(written) == value
    assert written == '{\n  "name": "a\\u009b31m\\u202e\\u200b\\u007f é 字"\n}'
