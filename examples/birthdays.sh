#!/bin/sh
# Draws days of a year of $1 days at random, from the seed $2, until one comes twice, 50 times; writes the mean number
# to $3. Random numbers by Park and Miller (CACM 31 (1988) 1192), as rand() of some versions of awk is poor.
awk -v days="$1" -v state="$2" '
function uniform() { return (state = 16807 * state % 2147483647) / 2147483647 }
BEGIN {
    state = state % 2147483646 + 1
    for (all = 0; all < 50; all++) {
        split("", seen)
        for (drawn++; !((day = int(days * uniform())) in seen); drawn++) seen[day]
    }
    printf "{\"people\": {\"mean\": %g}}\n", drawn / all
}' > "$3"
