"""Check documents against the published schema, and explain what does not match.

`validator` runs the compiled schema, `errors` turns violations into messages with a location,
`did_you_mean` suggests keys, and `valid_subset` drops the invalid parts of a document.
"""
