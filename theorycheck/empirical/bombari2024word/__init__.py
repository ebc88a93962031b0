"""Word sensitivity of random feature maps (Bombari and Mondelli 2024): how far one word can move them."""

# Raise it whenever a trial would give another result, beyond rounding, for the same specification.
REVISION = 1
