"""Watches: they hand every event to the controller and decide nothing."""
