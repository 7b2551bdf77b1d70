"""docs/logs.md tells of each event that the code logs, and of no other."""

from support import logged_events


def test_each_event_is_documented_and_no_other() -> None:
    assert {event for event, _ in logged_events.in_code()} == set(logged_events.documented())


def test_each_field_that_a_line_names_is_documented() -> None:
    documented = logged_events.documented()
    unknown = {
        event: fields - documented[event]
        for event, fields in logged_events.in_code()
        if fields - documented[event]
    }
    assert unknown == {}
