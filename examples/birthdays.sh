#!/bin/sh
# Draws days of a year of $1 days at random, from the seed $2, until one comes twice; writes how many to $3.
awk -v days="$1" -v seed="$2" 'BEGIN {
    srand(seed)
    for (all = 0; all < 50; all++) {
        split("", seen)
        for (drawn++; !((day = int(days * rand())) in seen); drawn++) seen[day]
    }
    printf "{\"people\": {\"mean\": %g}}\n", drawn / all
}' > "$3"
