"""A decoder and one attention layer trained together (Tian, Wang, Chen and Du, NeurIPS 2023)."""

# Raise it whenever a trial would give another result, beyond rounding, for the same specification.
REVISION = 1
