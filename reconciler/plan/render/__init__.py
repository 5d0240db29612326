"""How a plan reads: one module for each format, all from the same value.

A renderer decides how something is said and never whether it happens. Equal changes on many
instances are one entry (`group`), and every name goes through `printable` on its way out.
"""
