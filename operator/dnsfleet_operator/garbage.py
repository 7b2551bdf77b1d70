"""The collector of cyclic garbage, told what it need not look through.

Most of the operator's memory are the parsed objects of the fleet, which are no part of any cycle
and live long. The collector cannot know that, and goes through all of them again and again while
they become more: with 10,000 Zones and 50,000 RecordSets half of a start was spent so. So old
objects are looked through rarely, and those that are there after a complete list not at all; they
are still freed as soon as nothing refers to them.
"""

import gc

YOUNG = 50_000
"""Objects that are new before those are looked through: a part of a list has so many."""
MIDDLE = 20
OLD = 1_000
"""Looks at the new ones before a look at those that outlived two looks, and of these before all."""


def begin() -> None:
    """Look through old objects rarely."""
    gc.set_threshold(YOUNG, MIDDLE, OLD)


def settle() -> None:
    """What is there now stays: look through it once more, and then no more.

    The first time all the fleet would be looked through, which takes a second; so only what is new
    is.
    """
    gc.collect(2 if gc.get_freeze_count() else 1)
    gc.freeze()
