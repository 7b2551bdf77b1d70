"""Random zones and random queries, to the engine and to knotd, nsd and named at once.

Hypothesis draws places (`zones`): a zone, or one and a child of it, made of what is hard to read in
the standards. All four servers serve the same batch of places and get the same random queries about
them (`queries`); `support.comparisons` compares the replies, and a rule of `support.differences`
has to explain each one that differs (`runs`). What no rule explains is reduced to a small case and
shown: a zone of the few records that matter, the query and the replies (`shrinking`).

`make differential QUERIES=1000000 SEED=1` runs it; equal seeds ask the same.
"""
