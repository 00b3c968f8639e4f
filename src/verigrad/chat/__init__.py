"""``verigrad chat``: ask a model, or a run's, in the terminal."""
