/* SGD steps of one shallow ViT on the hinge loss, the same as loss_and_step of vit.py, one sample after the other.

   A sample and all that is computed from it stay in the first two caches, where PyTorch's products over a whole
   mini-batch go through the third, and no step returns to Python. Every product is `multiply` on rows padded to WIDTH.
   Compiled by native.py; the letters are those of vit.py. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 8
/* Of a tile, which is kept in registers: 5 x 5 are 25 of 32 with AVX-512, and 2 x 5 or 4 x 3 are 10 or 12 of 16 without. */
#ifdef __AVX512VL__
#define ROWS(columns) 5
#else
#define ROWS(columns) ((columns) > 3 ? 2 : 4)
#endif
#define COLUMNS 5 /* in units of WIDTH */
#define MOST 5    /* that ROWS and COLUMNS may be */
#define LINE 64   /* bytes of a cache line */
#define UNROLL _Pragma("GCC unroll 8")
typedef float vec __attribute__((vector_size(4 * WIDTH), aligned(4)));
typedef int ivec __attribute__((vector_size(4 * WIDTH), aligned(4)));
#define INLINE static inline __attribute__((always_inline))

/* A value that is used several times stays in a register. Otherwise gcc reads it anew for each use, and a processor that
   makes two such reads a cycle waits for them. */
#ifdef __AVX__
#define KEEP(value) __asm__("" : "+v"(value))
#else
#define KEEP(value)
#endif

/* y[rows, columns * WIDTH] = p[rows, k] b[k, ...], with the distances of rows in floats; p's k is `step` apart. The sum
   starts from y with ADD, and is added to y with ADD_SUM. `rows_at` and `k_at`, unless NULL, name the rows of p and y, and
   the k of p and b. */
enum { SET, ADD, ADD_SUM };
#define AT(list, i) ((list) ? (list)[i] : (i))
INLINE void tile(const int rows, const int columns, int k, const float *p, long row, long step, const float *b, long ldb,
                 float *y, long ldy, int add, const int *rows_at, const int *k_at) {
    vec sum[MOST][MOST];
    UNROLL for (int i = 0; i < rows; i++)
        UNROLL for (int j = 0; j < columns; j++)
            sum[i][j] = add == ADD ? *(const vec *)(y + AT(rows_at, i) * ldy + j * WIDTH) : (vec){0};
    for (int n = 0; n < k; n++)
        UNROLL for (int j = 0; j < columns; j++) {
            vec value = *(const vec *)(b + AT(k_at, n) * ldb + j * WIDTH);
            KEEP(value);
            UNROLL for (int i = 0; i < rows; i++) sum[i][j] += p[AT(rows_at, i) * row + AT(k_at, n) * step] * value;
        }
    UNROLL for (int i = 0; i < rows; i++)
        UNROLL for (int j = 0; j < columns; j++) {
            vec *to = (vec *)(y + AT(rows_at, i) * ldy + j * WIDTH);
            *to = add == ADD_SUM ? *to + sum[i][j] : sum[i][j];
        }
}

INLINE void tiles(const int columns, int m, int k, const float *p, long row, long step, const float *b, long ldb, float *y,
                  long ldy, int add, const int *rows_at, const int *k_at) {
    for (int i = 0; i < m; i += ROWS(columns)) {
        const int *at = rows_at ? rows_at + i : NULL;
        const float *pi = rows_at ? p : p + i * row;
        float *yi = rows_at ? y : y + i * ldy;
        switch (m - i >= ROWS(columns) ? ROWS(columns) : m - i) {
            case 5: tile(5, columns, k, pi, row, step, b, ldb, yi, ldy, add, at, k_at); break;
            case 4: tile(4, columns, k, pi, row, step, b, ldb, yi, ldy, add, at, k_at); break;
            case 3: tile(3, columns, k, pi, row, step, b, ldb, yi, ldy, add, at, k_at); break;
            case 2: tile(2, columns, k, pi, row, step, b, ldb, yi, ldy, add, at, k_at); break;
            case 1: tile(1, columns, k, pi, row, step, b, ldb, yi, ldy, add, at, k_at); break;
        }
    }
}

/* The columns of a product are shared evenly among its tiles, as a narrow one does not keep the processor busy. */
INLINE int share(int columns) {
    const int parts = (columns + COLUMNS - 1) / COLUMNS;
    return (columns + parts - 1) / parts;
}

INLINE void product(int m, int n, int k, const float *p, long row, long step, const float *b, long ldb, float *y, long ldy,
                    int add, const int *rows_at, const int *k_at) {
    for (int j = 0, columns; j < n; j += columns * WIDTH) switch (columns = share((n - j) / WIDTH)) {
            case 5: tiles(5, m, k, p, row, step, b + j, ldb, y + j, ldy, add, rows_at, k_at); break;
            case 4: tiles(4, m, k, p, row, step, b + j, ldb, y + j, ldy, add, rows_at, k_at); break;
            case 3: tiles(3, m, k, p, row, step, b + j, ldb, y + j, ldy, add, rows_at, k_at); break;
            case 2: tiles(2, m, k, p, row, step, b + j, ldb, y + j, ldy, add, rows_at, k_at); break;
            case 1: tiles(1, m, k, p, row, step, b + j, ldb, y + j, ldy, add, rows_at, k_at); break;
        }
}

/* y[m, n] (+)= p[m, k] b[k, n]; n is a multiple of WIDTH. p may be read transposed: element (i, n) at i row + n step. */
static void multiply(int m, int n, int k, const float *p, long row, long step, const float *b, long ldb, float *y, long ldy,
                     int add) {
    product(m, n, k, p, row, step, b, ldb, y, ldy, add, NULL, NULL);
}

/* y[m, n] += p[m, some] b[some, n]: k columns of p and rows of b, which `k_at` names. */
static void multiply_some(int m, int n, int k, const int *k_at, const float *p, long row, long step, const float *b,
                          long ldb, float *y, long ldy) {
    product(m, n, k, p, row, step, b, ldb, y, ldy, ADD, NULL, k_at);
}

/* y[some, n] += p[some, k] b[k, n]: m rows of p and y, which `rows_at` names. */
static void multiply_rows(int m, const int *rows_at, int n, int k, const float *p, long row, long step, const float *b,
                          long ldb, float *y, long ldy) {
    product(m, n, k, p, row, step, b, ldb, y, ldy, ADD_SUM, rows_at, NULL);
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

/* A row that is a multiple of WIDTH, which is too short for a call of memcpy. */
INLINE void copy(const float *from, int n, float *to) {
    for (int i = 0; i < n; i += WIDTH) *(vec *)(to + i) = *(const vec *)(from + i);
}

static int padded(int n) { return (n + WIDTH - 1) / WIDTH * WIDTH; }

static void pad(const float *from, int rows, int n, float *to) {
    for (int i = 0; i < rows; i++) memcpy(to + i * padded(n), from + i * n, 4 * n);
}

static void unpad(const float *from, int rows, int n, float *to) {
    for (int i = 0; i < rows; i++) memcpy(to + i * n, from + i * padded(n), 4 * n);
}

/* to[j, i] = from[i, j], WIDTH rows at a time. */
static void transpose(const float *from, int rows, int columns, long ld, float *to, long ldt) {
    int i = 0;
    for (; i + WIDTH <= rows; i += WIDTH)
        for (int j = 0; j < columns; j++) {
            vec value;
            UNROLL for (int k = 0; k < WIDTH; k++) value[k] = from[(i + k) * ld + j];
            *(vec *)(to + j * ldt + i) = value;
        }
    for (; i < rows; i++)
        for (int j = 0; j < columns; j++) to[j * ldt + i] = from[i * ld + j];
}

/* The memory of a model's steps, one block: what holds for a step, then what holds for a sample. */
enum { O, V, K, Q, U, UT, C, DU, DC, STEP_O, STEP_V, STEP_K, STEP_Q, TURNED, SIGNS, ROWS_OF_X, COLUMNS_OF_X,
       QUERY, MAPPED, ATTENTION, ATTENDED, HIDDEN, ACTIVE, SCALED, ALWAYS, MIXED, DATTENDED, DSCORES,
       DMAPPED, BUFFERS };
typedef struct {
    int s, l, d, m, lp, dp, mp;
    long size[BUFFERS];
    float *at[BUFFERS];
} Model;

/* Bytes of whole cache lines for n floats. */
static long lines(long n) { return (4 * n + LINE - 1) / LINE * LINE; }

static int start(Model *model, int s, int l, int d, int m, const float *W_O, const float *W_V, const float *W_K,
                 const float *W_Q, const float *a) {
    const int lp = padded(l), dp = padded(d), mp = padded(m);
    const long neurons = (long)m * dp, square = (long)d * dp, attended = (long)s * dp, scores = (long)s * lp;
    *model = (Model){s, l, d, m, lp, dp, mp, .size =
                     {[O] = neurons, [V] = square, [K] = square, [Q] = square, [U] = neurons, [UT] = (long)d * mp,
                      [C] = square, [DU] = neurons, [DC] = square, [STEP_O] = neurons, [STEP_V] = square,
                      [STEP_K] = square, [STEP_Q] = square, [TURNED] = square, [SIGNS] = mp, [ROWS_OF_X] = (long)l * dp,
                      [COLUMNS_OF_X] = (long)d * lp, [QUERY] = attended, [MAPPED] = attended, [ATTENTION] = scores,
                      [ATTENDED] = attended, [HIDDEN] = (long)s * mp, [ACTIVE] = mp, [SCALED] = attended,
                      [ALWAYS] = mp, [MIXED] = mp, [DATTENDED] = attended, [DSCORES] = scores, [DMAPPED] = attended}};
    long size = 0;
    for (int i = 0; i < BUFFERS; i++) size += lines(model->size[i]);
    float *memory = aligned_alloc(LINE, size);
    if (!memory) return 0;
    memset(memory, 0, size);
    for (long i = 0, offset = 0; i < BUFFERS; offset += lines(model->size[i++])) model->at[i] = memory + offset / 4;
    float **at = model->at;
    pad(W_O, m, d, at[O]), pad(W_V, d, d, at[V]), pad(W_K, d, d, at[K]), pad(W_Q, d, d, at[Q]);
    memcpy(at[SIGNS], a, 4 * m);
    return 1;
}

/* The maps that every sample of a step needs: U and C. */
static void form_maps(const Model *model) {
    const int d = model->d, m = model->m, dp = model->dp;
    float *const *at = model->at;
    multiply(m, dp, d, at[O], dp, 1, at[V], dp, at[U], dp, SET);
    transpose(at[U], m, d, dp, at[UT], model->mp);
    multiply(d, dp, d, at[Q], 1, dp, at[K], dp, at[C], dp, SET);
}

/* F of a sample; HIDDEN is left as the indicator of active neurons, and ACTIVE says for how many queries each is. */
static double forward(const Model *model, const float *x, const float *xt, const long *tokens) {
    const int s = model->s, l = model->l, d = model->d, lp = model->lp, dp = model->dp, mp = model->mp;
    float *const *at = model->at;
    for (int q = 0; q < s; q++) copy(x + tokens[q] * dp, dp, at[QUERY] + q * dp);
    multiply(s, dp, d, at[QUERY], dp, 1, at[C], dp, at[MAPPED], dp, SET);
    multiply(s, lp, d, at[MAPPED], dp, 1, xt, lp, at[ATTENTION], lp, SET);
    for (int q = 0; q < s; q++) softmax(at[ATTENTION] + q * lp, l, lp);
    multiply(s, dp, l, at[ATTENTION], lp, 1, x, dp, at[ATTENDED], dp, SET);
    multiply(s, mp, d, at[ATTENDED], dp, 1, at[UT], mp, at[HIDDEN], mp, SET);
    float *hidden = at[HIDDEN], *active = at[ACTIVE];
    const float *signs = at[SIGNS]; /* padded with zeros */
    memset(active, 0, 4 * mp);
    double F = 0;
    for (int q = 0; q < s; q++, hidden += mp) {
        vec sum = {0};
        for (int j = 0; j < mp; j += WIDTH) {
            const vec h = *(vec *)(hidden + j);
            const ivec positive = ~(h <= 0); /* so that a value that is not a number stays one */
            const vec one = (vec)((ivec)((vec){0} + 1) & positive);
            sum += *(vec *)(signs + j) * (vec)((ivec)h & positive);
            *(vec *)(hidden + j) = one;
            *(vec *)(active + j) += one;
        }
        F += total(sum);
    }
    return F / s;
}

/* Adds a sample's gradient by U, but for the signs, and by C, times g; after `forward`, and with a U for U.

   A neuron that is active for no query has no part in it, and one that is active for all has the same part in all: only
   the others need products over neurons. In a sample most queries attend to much the same. */
static void backward(const Model *model, const float *x, const float *xt, float g) {
    const int s = model->s, l = model->l, d = model->d, m = model->m, lp = model->lp, dp = model->dp, mp = model->mp;
    float *const *at = model->at;
    const float *active = at[ACTIVE], *hidden = at[HIDDEN];
    int *always = (int *)at[ALWAYS], *mixed = (int *)at[MIXED], all = 0, count = 0;
    for (int j = 0; j < m; j++) { /* without branches, which no processor could foretell */
        always[all] = mixed[count] = j;
        all += active[j] == s;
        count += active[j] != s & active[j] != 0;
    }
    for (int i = 0; i < dp; i += WIDTH) {
        vec of_all = {0}, sum = {0};
        for (int q = 0; q < s; q++) of_all += *(vec *)(at[SCALED] + q * dp + i) = *(vec *)(at[ATTENDED] + q * dp + i) * g;
        for (int k = 0; k < all; k++) {
            *(vec *)(at[DU] + always[k] * dp + i) += of_all;
            sum += *(vec *)(at[U] + always[k] * dp + i);
        }
        for (int q = 0; q < s; q++) *(vec *)(at[DATTENDED] + q * dp + i) = sum;
    }
    multiply_some(s, dp, count, mixed, hidden, mp, 1, at[U], dp, at[DATTENDED], dp);
    multiply_rows(count, mixed, dp, s, hidden, 1, mp, at[SCALED], dp, at[DU], dp);
    multiply(s, lp, d, at[DATTENDED], dp, 1, xt, lp, at[DSCORES], lp, SET);
    for (int q = 0; q < s; q++) {
        float *da = at[DATTENDED] + q * dp, *z = at[ATTENDED] + q * dp;
        vec product = {0};
        for (int i = 0; i < dp; i += WIDTH) product += *(vec *)(da + i) * *(vec *)(z + i);
        const float inner = total(product);
        float *ds = at[DSCORES] + q * lp, *A = at[ATTENTION] + q * lp;
        for (int i = 0; i < lp; i += WIDTH) *(vec *)(ds + i) = (*(vec *)(ds + i) - inner) * *(vec *)(A + i) * g;
    }
    multiply(s, dp, l, at[DSCORES], lp, 1, x, dp, at[DMAPPED], dp, SET);
    multiply(d, dp, s, at[QUERY], 1, dp, at[DMAPPED], dp, at[DC], dp, ADD);
}

static void times_signs(const Model *model, float *rows) {
    for (int j = 0; j < model->m; j++)
        for (int i = 0; i < model->dp; i += WIDTH) *(vec *)(rows + j * model->dp + i) *= model->at[SIGNS][j];
}

/* Moves the weights by DU and DC, the step by U and C. */
static void move(const Model *model) {
    const int d = model->d, m = model->m, dp = model->dp;
    float *const *at = model->at;
    transpose(at[V], d, d, dp, at[TURNED], dp);
    multiply(m, dp, d, at[DU], dp, 1, at[TURNED], dp, at[STEP_O], dp, SET);
    multiply(d, dp, m, at[O], 1, dp, at[DU], dp, at[STEP_V], dp, SET);
    multiply(d, dp, d, at[Q], dp, 1, at[DC], dp, at[STEP_K], dp, SET);
    transpose(at[DC], d, d, dp, at[TURNED], dp);
    multiply(d, dp, d, at[K], dp, 1, at[TURNED], dp, at[STEP_Q], dp, SET);
    for (int w = 0; w < 4; w++)
        for (long i = 0; i < model->size[O + w]; i++) at[O + w][i] -= at[STEP_O + w][i];
}

/* Takes up to `steps` steps of weights W_O (m, d), W_V, W_K, W_Q (d, d), in place; ends after an epoch, of `epoch` steps,
   whose loss is zero or no number.

   X (n, l, padded d) and XT (n, d, padded l), with zeros behind d and l, hold the training samples and y (n) their labels;
   order (steps, b) names the samples of each mini-batch and queries (steps, b, s) their query tokens. `losses` becomes
   the sum of the last epoch's mini-batch losses. Returns the number of steps taken, or -1 without memory. */
int take_steps(int steps, int epoch, int b, int s, int l, int d, int m, float *W_O, float *W_V, float *W_K, float *W_Q,
               const float *a, const float *X, const float *XT, const float *y, const long *order, const long *queries,
               float eta, double *losses) {
    Model model;
    if (!start(&model, s, l, d, m, W_O, W_V, W_K, W_Q, a)) return -1;
    float **at = model.at;
    int step = 0;
    for (*losses = 1; step < steps && *losses > 0 && *losses < INFINITY;) {
        *losses = 0;
        for (int end = step + epoch; step < end; step++) {
            form_maps(&model);
            times_signs(&model, at[U]); /* forward has the transpose */
            memset(at[DU], 0, 4 * model.size[DU]), memset(at[DC], 0, 4 * model.size[DC]);
            double loss = 0;
            for (int i = 0; i < b; i++) {
                const long sample = order[(long)step * b + i];
                const float *x = X + sample * l * model.dp, *xt = XT + sample * d * model.lp;
                const double missing = 1 - y[sample] * forward(&model, x, xt, queries + ((long)step * b + i) * s);
                if (missing <= 0) continue; /* a loss that is not a number goes on, and is seen */
                loss += missing;
                backward(&model, x, xt, -eta * y[sample] / (b * s));
            }
            *losses += loss / b;
            if (loss == 0) continue;
            times_signs(&model, at[DU]);
            move(&model);
        }
    }
    unpad(at[O], m, d, W_O), unpad(at[V], d, d, W_V), unpad(at[K], d, d, W_K), unpad(at[Q], d, d, W_Q);
    free(at[0]);
    return step;
}

/* F (n) of samples X (n, l, d) with query tokens (n, s), the arguments else as above. Returns 0 without memory. */
int outputs(int n, int s, int l, int d, int m, const float *W_O, const float *W_V, const float *W_K, const float *W_Q,
            const float *a, const float *X, const long *queries, float *F) {
    Model model;
    if (!start(&model, s, l, d, m, W_O, W_V, W_K, W_Q, a)) return 0;
    form_maps(&model);
    float *x = model.at[ROWS_OF_X], *xt = model.at[COLUMNS_OF_X];
    for (long i = 0; i < n; i++) {
        pad(X + i * l * d, l, d, x);
        transpose(x, l, d, model.dp, xt, model.lp);
        F[i] = forward(&model, x, xt, queries + i * s);
    }
    free(model.at[0]);
    return 1;
}
