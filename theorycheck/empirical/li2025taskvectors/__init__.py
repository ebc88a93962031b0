"""Task arithmetic with a one-layer transformer (Li, Zhang, Zhang, Wang, Liu and Chen 2025)."""

# Raise it whenever a trial would give another result, beyond rounding, for the same specification.
REVISION = 1
