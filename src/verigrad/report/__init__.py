"""One self-contained page about a run: what changed on held-out problems, how it went, what was written."""
