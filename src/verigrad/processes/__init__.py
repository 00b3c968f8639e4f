"""Processes that work together: they watch one another, speak with one voice, and end together."""
