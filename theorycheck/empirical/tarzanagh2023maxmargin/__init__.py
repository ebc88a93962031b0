"""Attention that selects tokens: inputs, their max-margin solution, and gradient descent."""

REVISION = 1  # raise it whenever a trial would give another result for the same specification
