"""Figures of this machine. They are printed, never asserted: machines are shared and differ."""
