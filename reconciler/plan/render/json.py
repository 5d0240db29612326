"""A plan for programs: the document of `schemas/plan.v1.schema.json`, the same bytes each time."""

import orjson

from reconciler.plan.action import Plan
from reconciler.plan.document import document


def render_json(plan: Plan) -> bytes:
    """Return the plan as an indented UTF-8 document that ends in a newline."""
    return orjson.dumps(document(plan), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
