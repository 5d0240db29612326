"""(desired, state, observed) → a plan: pure, offline, the same bytes each time.

Owns which action follows from which difference, in which order, under which guards, and how a plan
reads. Refuses to look: no file, no clock, no network, no secret. Time is an argument (the as-of),
and what instances really have is an argument too (the observation of a refresh).

Invariant: what is wanted and what is known decide everything; the order in which files, keys or
lists came does not matter.
"""
