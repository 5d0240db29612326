"""Text → what is wanted: manifest files as bytes become one `Desired`, or one report of mistakes.

The way through is a line. `decode` and `parse` turn bytes into plain values in one pass over the
C parser's events; `positions` remembers where each of them stands, as one number, so that nothing
is paid for places that nobody asks for. `schema` asks the fast validator whether a document has the
published shape, and only a document that has not is asked why (`explain`). `merge` unites the files
of a folder, `expand` and its helpers turn the values into nouns, and the rules that no schema can
say are held where the nouns are made.

Owns the shape and the meaning of the manifest, and the words of its mistakes. Refuses to look
around: no file is opened (a recipients file comes through a function that the caller gives), no
variable is read, no tag is obeyed, and a value that may be a credential is never repeated.

Invariant: any bytes give a `Desired` or an `InvalidInput`, in a time that grows with their number,
and the order in which the files come does not matter.
"""
