"""Chain of thought as a vote of noisy context examples (Li, Lu, Chen, Cui and Wang 2024)."""

# Raise it whenever a trial would give another result, beyond rounding, for the same specification.
REVISION = 1
