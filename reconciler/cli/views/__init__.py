"""What users and programs read: text, tables, pages and JSON documents, built from values.

A view decides how something is shown, and never whether. It escapes names and server texts, so that
they cannot move the cursor or forge a line. It receives the current time as a value.
"""
