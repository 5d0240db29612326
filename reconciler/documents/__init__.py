"""The JSON documents that the tool writes and reads, by their published schemas.

`schema` validates a document against `schemas/NAME.v1.schema.json`: the schema that a user can
print is the one that decides. A reader validates first and then builds its values with plain
constructors, so that no reader repeats a document's shape.

The rejected alternative is msgspec with a struct for each object. It reads 50,000 clients in
0.22 s, against 0.16 s for orjson and 0.06 s for the validation, but would hold each shape a second
time, beside the schema, and is one more import of 15 ms for every command.
"""
