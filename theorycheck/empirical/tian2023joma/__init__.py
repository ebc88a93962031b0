"""Attention and a linear layer that learn together (Tian, Wang, Zhang, Chen and Du 2023, JoMA)."""

# Raise it whenever a trial would give another result, beyond rounding, for the same specification.
REVISION = 1
