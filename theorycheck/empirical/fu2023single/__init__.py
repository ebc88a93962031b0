"""One layer of random features, attention or MLP, on a query and its keys (Fu, Guo, Bai and Mei 2023)."""

# Raise it whenever a trial would give another result, beyond rounding, for the same specification.
REVISION = 1
