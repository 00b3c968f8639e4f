"""Measure a model on held-out problems: sample, record, compute."""
