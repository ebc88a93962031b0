/* Prints the length of the longest increasing subsequence of a random permutation of argv[1] elements, drawn from
   the seed argv[2]: patience sorting, n log n. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t state;

/* SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */
static uint64_t draw(void) {
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

int main(int argc, char **argv) {
    if (argc != 3) return fprintf(stderr, "usage: longest N SEED\n"), 2;
    long n = atol(argv[1]), piles = 0;
    uint64_t *top = malloc(sizeof *top * n);
    state = strtoull(argv[2], NULL, 10);
    for (long i = 0; i < n; i++) {
        uint64_t card = draw(); /* all different, but once in 2^64 / n^2 */
        long low = 0, high = piles;
        while (low < high) {
            long middle = (low + high) / 2;
            if (top[middle] < card) low = middle + 1; else high = middle;
        }
        if (low == piles) piles++;
        top[low] = card;
    }
    printf("longest = %ld\n", piles);
    return 0;
}
