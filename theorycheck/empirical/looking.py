"""When a training is looked at."""

import math

LOOKS_PER_DECADE = 10


def looking_times(last: int) -> set[int]:
    """Steps after which to look: 0, and from 1 on at about equal ratios."""
    looks = math.ceil(math.log10(max(last, 1)) * LOOKS_PER_DECADE) + 1
    return {0, *(round(10 ** (i / LOOKS_PER_DECADE)) for i in range(looks))}
