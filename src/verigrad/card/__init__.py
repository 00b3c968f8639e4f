"""The model card of a run: every number of it is a function of the records."""
