"""Errors of the user's input; commands print them as one line and exit with 2."""


class RecipeError(ValueError):
    """A recipe, an override or an argument is wrong."""


class RunError(ValueError):
    """A run folder, a model or a file of records is missing, taken or not what it should be."""


class RunStoppedError(RuntimeError):
    """A run stopped for a stated reason; what it made so far is kept. Commands exit with 1."""


class InterruptedRunError(RuntimeError):
    """A run was asked to stop and can go on later. Commands exit with 75."""
