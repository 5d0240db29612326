"""Manifest files as bytes to one `Manifest`, or to one report of all mistakes.

`yaml` turns bytes into plain values with positions. `schema` checks whether a document has the
published shape, and explains it if it does not. `merge` combines the files of a folder, and
`resolve` turns the values into the model and checks the rules that a schema cannot express.

Owns the shape and the meaning of the manifest, and its error messages. It does no I/O: the caller
passes the function that reads a recipients file. No variable is read, no YAML tag is obeyed, and a
value that may be a credential is never repeated.

Invariant: any bytes result in a `Manifest` or an `InvalidInput`, in time linear in their size, and
the order of the files does not matter.
"""
