"""YAML text to plain values, with the position of each value.

`encoding` checks the bytes, `parser` builds values from the parser's events, `source_map` records
positions, `syntax_errors` explains invalid YAML, and `editor` inserts entries into existing text.
"""
