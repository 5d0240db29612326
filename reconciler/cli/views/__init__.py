"""What a person or a program reads: text, colours and JSON lines, made from values.

A view decides how something is shown and never whether. Names and server texts are escaped here
at the latest, so that nothing from outside can move the cursor or forge a line.
"""
