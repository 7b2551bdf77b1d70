"""Random zones and random queries, to the engine and to knotd, nsd and named at once.

Hypothesis draws places (`zones`): a zone, or one and a child of it, made of what the standards are
hard to read about. Each batch of places goes into all four servers, which get the same random
queries about them (`queries`); `support.comparisons` compares the replies, and a rule of
`support.differences` has to explain each one that differs (`runs`). What no rule explains is made
small and shown: a zone of the few records that matter, the query and the replies (`shrinking`).

`make differential QUERIES=1000000 SEED=1` runs it; equal seeds ask the same.
"""
