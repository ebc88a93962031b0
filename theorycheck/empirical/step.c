/* SGD steps of one shallow ViT on the hinge loss, the same as loss_and_step of vit.py, one sample after the other.

   A sample and all that is computed from it stay in the first two caches, where PyTorch's products over a whole
   mini-batch go through the third, and no step returns to Python. Every product is `multiply` on rows padded to WIDTH.
   Compiled by native.py; the letters are those of vit.py. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 8
#define ROWS 5    /* of a tile, which is kept in registers: 5 x 5 are 25 of 32 with AVX-512 */
#define COLUMNS 5 /* in units of WIDTH */
#define UNROLL _Pragma("GCC unroll 8")
typedef float vec __attribute__((vector_size(4 * WIDTH), aligned(4)));
typedef int ivec __attribute__((vector_size(4 * WIDTH), aligned(4)));
#define INLINE static inline __attribute__((always_inline))

/* y[rows, columns * WIDTH] (+)= p[rows, k] b[k, ...], with the distances of rows in floats; p's k is `step` apart. */
INLINE void tile(const int rows, const int columns, int k, const float *p, long row, long step, const float *b, long ldb,
                 float *y, long ldy, int add) {
    vec sum[ROWS][COLUMNS];
    UNROLL for (int i = 0; i < rows; i++)
        UNROLL for (int j = 0; j < columns; j++)
            sum[i][j] = add ? *(const vec *)(y + i * ldy + j * WIDTH) : (vec){0};
    for (int n = 0; n < k; n++)
        UNROLL for (int j = 0; j < columns; j++) {
            const vec value = *(const vec *)(b + n * ldb + j * WIDTH);
            UNROLL for (int i = 0; i < rows; i++) sum[i][j] += p[i * row + n * step] * value;
        }
    UNROLL for (int i = 0; i < rows; i++)
        UNROLL for (int j = 0; j < columns; j++) *(vec *)(y + i * ldy + j * WIDTH) = sum[i][j];
}

INLINE void tiles(const int columns, int m, int k, const float *p, long row, long step, const float *b, long ldb, float *y,
                  long ldy, int add) {
    for (int i = 0; i < m; i += ROWS) switch (m - i >= ROWS ? ROWS : m - i) {
            case 5: tile(5, columns, k, p + i * row, row, step, b, ldb, y + i * ldy, ldy, add); break;
            case 4: tile(4, columns, k, p + i * row, row, step, b, ldb, y + i * ldy, ldy, add); break;
            case 3: tile(3, columns, k, p + i * row, row, step, b, ldb, y + i * ldy, ldy, add); break;
            case 2: tile(2, columns, k, p + i * row, row, step, b, ldb, y + i * ldy, ldy, add); break;
            case 1: tile(1, columns, k, p + i * row, row, step, b, ldb, y + i * ldy, ldy, add); break;
        }
}

/* y[m, n] (+)= p[m, k] b[k, n]; n is a multiple of WIDTH. p may be read transposed: element (i, n) at i row + n step. */
static void multiply(int m, int n, int k, const float *p, long row, long step, const float *b, long ldb, float *y, long ldy,
                     int add) {
    for (int j = 0; j < n; j += COLUMNS * WIDTH) switch (n - j >= COLUMNS * WIDTH ? COLUMNS : (n - j) / WIDTH) {
            case 5: tiles(5, m, k, p, row, step, b + j, ldb, y + j, ldy, add); break;
            case 4: tiles(4, m, k, p, row, step, b + j, ldb, y + j, ldy, add); break;
            case 3: tiles(3, m, k, p, row, step, b + j, ldb, y + j, ldy, add); break;
            case 2: tiles(2, m, k, p, row, step, b + j, ldb, y + j, ldy, add); break;
            case 1: tiles(1, m, k, p, row, step, b + j, ldb, y + j, ldy, add); break;
        }
}

/* e^x for x <= 0, to one unit in the last place or two (Cephes' expf). */
INLINE vec exponential(vec x) {
    const ivec tiny = x < -87.0f;
    x = (vec)((ivec)x & ~tiny);
    const vec scaled = x * 1.44269504088896341f - 0.5f;
    const ivec whole = __builtin_convertvector(scaled, ivec); /* towards zero: the nearest, as scaled is not positive */
    const vec n = __builtin_convertvector(whole, vec);
    const vec r = x - n * 0.693359375f + n * 2.12194440e-4f;
    vec y = 1.9875691500e-4f * r + 1.3981999507e-3f;
    y = y * r + 8.3334519073e-3f;
    y = y * r + 4.1665795894e-2f;
    y = y * r + 1.6666665459e-1f;
    y = y * r + 5.0000001201e-1f;
    y = y * r * r + r + 1.0f;
    return (vec)((ivec)(y * (vec)((whole + 127) << 23)) & ~tiny);
}

INLINE float total(vec v) {
    float sum = 0;
    for (int i = 0; i < WIDTH; i++) sum += v[i];
    return sum;
}

/* Softmax of the first l entries of a row of lp; the others become 0. */
static void softmax(float *row, int l, int lp) {
    for (int i = l; i < lp; i++) row[i] = -INFINITY;
    vec most = *(vec *)row;
    for (int i = WIDTH; i < lp; i += WIDTH) {
        const vec value = *(vec *)(row + i);
        const ivec larger = value > most;
        most = (vec)(((ivec)value & larger) | ((ivec)most & ~larger));
    }
    float highest = most[0];
    for (int i = 1; i < WIDTH; i++) highest = most[i] > highest ? most[i] : highest;
    vec sum = {0};
    for (int i = 0; i < lp; i += WIDTH) sum += *(vec *)(row + i) = exponential(*(vec *)(row + i) - highest);
    const float share = 1 / total(sum);
    for (int i = 0; i < lp; i += WIDTH) *(vec *)(row + i) *= share;
}

static int padded(int n) { return (n + WIDTH - 1) / WIDTH * WIDTH; }

static void pad(const float *from, int rows, int n, float *to) {
    for (int i = 0; i < rows; i++) memcpy(to + i * padded(n), from + i * n, 4 * n);
}

static void unpad(const float *from, int rows, int n, float *to) {
    for (int i = 0; i < rows; i++) memcpy(to + i * n, from + i * padded(n), 4 * n);
}

static void transpose(const float *from, int rows, int columns, long ld, float *to, long ldt) {
    UNROLL for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) to[j * ldt + i] = from[i * ld + j];
}

/* Takes `steps` steps of weights W_O (m, d), W_V, W_K, W_Q (d, d), in place.

   X (n, l, padded d) and XT (n, d, padded l), with zeros behind d and l, hold the training samples and y (n) their labels;
   order (steps, b) names the samples of each mini-batch and queries (steps, b, s) their query tokens. Returns the sum of the mini-batches'
   losses, or -1 without memory. */
double take_steps(int steps, int b, int s, int l, int d, int m, float *W_O, float *W_V, float *W_K, float *W_Q,
                  const float *a, const float *X, const float *XT, const float *y, const long *order, const long *queries,
                  float eta) {
    const int lp = padded(l), dp = padded(d), mp = padded(m);
    const long sizes[] = {(long)m * dp, (long)d * dp, (long)d * dp, (long)d * dp, (long)m * dp, (long)d * mp, (long)d * dp,
                          (long)m * dp, (long)d * dp, (long)s * dp, (long)s * dp, (long)s * lp, (long)s * dp, (long)s * dp,
                          (long)s * mp, (long)s * dp, (long)s * lp, (long)s * dp, (long)m * dp, (long)d * dp, (long)d * dp,
                          (long)d * dp, (long)d * dp, mp};
    enum { O, V, K, Q, U, UT, C, DU, DC, QUERY, MAPPED, ATTENTION, ATTENDED, SCALED, HIDDEN, DATTENDED, DSCORES, DMAPPED,
           STEP_O, STEP_V, STEP_K, STEP_Q, TURNED, SIGNS, BUFFERS };
    float *at[BUFFERS];
    long size = 0;
    for (int i = 0; i < BUFFERS; i++) size += sizes[i];
    float *memory = calloc(size, 4);
    if (!memory) return -1;
    for (long i = 0, offset = 0; i < BUFFERS; offset += sizes[i++]) at[i] = memory + offset;
    pad(W_O, m, d, at[O]), pad(W_V, d, d, at[V]), pad(W_K, d, d, at[K]), pad(W_Q, d, d, at[Q]);
    memcpy(at[SIGNS], a, 4 * m);
    double losses = 0;
    for (int step = 0; step < steps; step++) {
        multiply(m, dp, d, at[O], dp, 1, at[V], dp, at[U], dp, 0);
        transpose(at[U], m, d, dp, at[UT], mp);
        multiply(d, dp, d, at[Q], 1, dp, at[K], dp, at[C], dp, 0);
        memset(at[DU], 0, 4 * sizes[DU]), memset(at[DC], 0, 4 * sizes[DC]);
        float *aU = at[U]; /* from here on a U, row by row: what the gradient by an attended token is made of */
        for (int j = 0; j < m; j++)
            for (int i = 0; i < dp; i += WIDTH) *(vec *)(aU + j * dp + i) *= a[j];
        double loss = 0;
        for (int i = 0; i < b; i++) {
            const long sample = order[(long)step * b + i];
            const float *x = X + sample * l * dp, *xt = XT + sample * d * lp;
            const long *tokens = queries + ((long)step * b + i) * s;
            for (int q = 0; q < s; q++) memcpy(at[QUERY] + q * dp, x + tokens[q] * dp, 4 * dp);
            multiply(s, dp, d, at[QUERY], dp, 1, at[C], dp, at[MAPPED], dp, 0);
            multiply(s, lp, d, at[MAPPED], dp, 1, xt, lp, at[ATTENTION], lp, 0);
            for (int q = 0; q < s; q++) softmax(at[ATTENTION] + q * lp, l, lp);
            multiply(s, dp, l, at[ATTENTION], lp, 1, x, dp, at[ATTENDED], dp, 0);
            multiply(s, mp, d, at[ATTENDED], dp, 1, at[UT], mp, at[HIDDEN], mp, 0);
            double F = 0;
            for (int q = 0; q < s; q++) {
                vec sum = {0}; /* signs are padded with zeros */
                for (int j = 0; j < mp; j += WIDTH) {
                    vec *h = (vec *)(at[HIDDEN] + q * mp + j);
                    const ivec active = ~(*h <= 0); /* so that a value that is not a number stays one */
                    sum += *(vec *)(at[SIGNS] + j) * (vec)((ivec)*h & active);
                    *h = (vec)((ivec)((vec){0} + 1) & active);
                }
                F += total(sum);
            }
            const double missing = 1 - y[sample] * F / s;
            if (missing <= 0) continue; /* a loss that is not a number goes on, and is seen */
            loss += missing;
            const float g = -eta * y[sample] / (b * s);
            for (int k = 0; k < s * dp; k += WIDTH) *(vec *)(at[SCALED] + k) = *(vec *)(at[ATTENDED] + k) * g;
            multiply(m, dp, s, at[HIDDEN], 1, mp, at[SCALED], dp, at[DU], dp, 1);
            multiply(s, dp, m, at[HIDDEN], mp, 1, aU, dp, at[DATTENDED], dp, 0);
            multiply(s, lp, d, at[DATTENDED], dp, 1, xt, lp, at[DSCORES], lp, 0);
            for (int q = 0; q < s; q++) {
                float *da = at[DATTENDED] + q * dp, *z = at[ATTENDED] + q * dp;
                vec product = {0};
                for (int k = 0; k < dp; k += WIDTH) product += *(vec *)(da + k) * *(vec *)(z + k);
                const float inner = total(product);
                float *ds = at[DSCORES] + q * lp, *A = at[ATTENTION] + q * lp;
                for (int k = 0; k < lp; k += WIDTH) *(vec *)(ds + k) = (*(vec *)(ds + k) - inner) * *(vec *)(A + k) * g;
            }
            multiply(s, dp, l, at[DSCORES], lp, 1, x, dp, at[DMAPPED], dp, 0);
            multiply(d, dp, s, at[QUERY], 1, dp, at[DMAPPED], dp, at[DC], dp, 1);
        }
        losses += loss / b;
        for (int j = 0; j < m; j++)
            for (int i = 0; i < dp; i += WIDTH) *(vec *)(at[DU] + j * dp + i) *= a[j];
        transpose(at[V], d, d, dp, at[TURNED], dp);
        multiply(m, dp, d, at[DU], dp, 1, at[TURNED], dp, at[STEP_O], dp, 0);
        multiply(d, dp, m, at[O], 1, dp, at[DU], dp, at[STEP_V], dp, 0);
        multiply(d, dp, d, at[Q], dp, 1, at[DC], dp, at[STEP_K], dp, 0);
        transpose(at[DC], d, d, dp, at[TURNED], dp);
        multiply(d, dp, d, at[K], dp, 1, at[TURNED], dp, at[STEP_Q], dp, 0);
        for (int w = 0; w < 4; w++)
            for (long i = 0; i < sizes[O + w]; i++) at[O + w][i] -= at[STEP_O + w][i];
    }
    unpad(at[O], m, d, W_O), unpad(at[V], d, d, W_V), unpad(at[K], d, d, W_K), unpad(at[Q], d, d, W_Q);
    free(memory);
    return losses;
}
