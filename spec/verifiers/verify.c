/* An RNN in C99, held against vectors (spec/94-vectors.md): gcc -std=c99 -O2 verify.c -lm -o verify; ./verify FILE ...
   Memory is taken and not given back: the program is short. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* JSON: of a list or an object its items, of an object with their names; true is 1, false and null are 0. */

typedef struct Json {
    const char *name, *text;
    double number;
    int size;
    struct Json *items;
} Json;

static const char *at; /* how far it is read */

static Json array_of_shape(const Json *shape, int axis) {
    Json array = {0};
    if (axis == shape->size) return array;
    array.size = (int)shape->items[axis].number;
    array.items = calloc(array.size + 1, sizeof(Json));
    for (int i = 0; i < array.size; i++) array.items[i] = array_of_shape(shape, axis + 1);
    return array;
}

static void skip(const char *characters) { at += strspn(at, characters); }

static char *read_text(void) {
    const char *start = ++at;
    while (*at != '"') at += *at == '\\' ? 2 : 1; /* what is escaped stands in comments alone, and stays so */
    char *text = calloc(at - start + 1, 1);
    memcpy(text, start, at++ - start);
    return text;
}

static Json read_json(void) {
    Json value = {0};
    skip(" \n\r\t");
    if (*at == '[' || *at == '{') {
        char end = *at == '[' ? ']' : '}';
        for (at++, skip(" \n\r\t,"); *at != end; skip(" \n\r\t,")) {
            const char *name = end == '}' ? read_text() : NULL;
            if (name) skip(" \n\r\t:");
            if ((value.size & (value.size - 1)) == 0)
                value.items = realloc(value.items, (2 * value.size + 1) * sizeof(Json));
            value.items[value.size] = read_json();
            value.items[value.size++].name = name;
        }
        at++;
        if (value.size && value.items[0].name && !strcmp(value.items[0].name, "shape"))
            value = array_of_shape(&value.items[0], 0);
    } else if (*at == '"') {
        value.text = read_text();
        if (!strcmp(value.text, "nan") || strstr(value.text, "inf")) value.number = strtod(value.text, NULL);
    } else if (strchr("tfn", *at)) {
        value.number = *at == 't';
        skip("truefalsn");
    } else {
        value.number = strtod(at, (char **)&at);
    }
    return value;
}

static const Json *get(const Json *object, const char *name) {
    for (int i = 0; object && i < object->size; i++)
        if (!strcmp(object->items[i].name, name)) return &object->items[i];
    return NULL;
}

static int is(const Json *object, const char *name, const char *text) {
    const Json *value = get(object, name);
    return value && value->text && !strcmp(value->text, text);
}

static int true_of(const Json *object, const char *name) {
    const Json *value = get(object, name);
    return value && value->number;
}

/* The layer. */

static double activated(const char *text, double z) {
    const char *given[] = {strstr(text, "alpha="), strstr(text, "beta=")};
    int named = (int)strcspn(text, "(");
    double a = 1, b = 0;
#define NAMED(word) (named == sizeof(word) - 1 && !strncmp(text, word, named))
    if (NAMED("leaky_relu")) a = 0.01;
    if (NAMED("hard_sigmoid")) a = 0.2, b = 0.5;
    if (NAMED("scaled_tanh")) b = 1;
    if (given[0]) a = strtod(given[0] + 6, NULL);
    if (given[1]) b = strtod(given[1] + 5, NULL);
    if (NAMED("tanh")) return tanh(z);
    if (NAMED("relu")) return z < 0 ? 0 : z;
    if (NAMED("sigmoid")) return 0.5 + 0.5 * tanh(0.5 * z);
    if (NAMED("linear")) return z;
    if (NAMED("softsign")) return z / (1 + fabs(z));
    if (NAMED("softplus")) return (z > 0 ? z : 0) + log1p(exp(-fabs(z)));
    if (NAMED("elu")) return z > 0 ? z : a * expm1(z);
    if (NAMED("leaky_relu")) return z > 0 ? z : a * z;
    if (NAMED("hard_sigmoid")) return a * z + b < 0 ? 0 : a * z + b > 1 ? 1 : a * z + b;
    if (NAMED("affine")) return a * z + b;
    if (NAMED("scaled_tanh")) return a * tanh(b * z);
    return NAN;
}

static double dot(const Json *row, const double *other) {
    double sum = 0;
    for (int i = 0; i < row->size; i++) sum += row->items[i].number * other[i];
    return sum;
}

/* One sequence through one cell. h goes from the initial to the final state; what it is after step t is put at
   outputs + t * stride. The sequence is taken from its end if way is -1. */
static void run_cell(const Json *cell, int way, int T, const double *xs, int inputs, const char *valid, double *h,
                     double *outputs, int stride) {
    const Json *W_x = get(cell, "W_x"), *W_h = get(cell, "W_h"), *b = get(cell, "b"), *b_h = get(cell, "b_h");
    const char *activation = get(cell, "activation") ? get(cell, "activation")->text : "tanh";
    int H = W_h->size;
    double *next = calloc(H + 1, sizeof(double));
    for (int step = 0; step < T; step++) {
        int t = way > 0 ? step : T - 1 - step;
        for (int i = 0; i < H; i++) {
            double z = dot(&W_x->items[i], xs + t * inputs) + dot(&W_h->items[i], h);
            if (b) z += b->items[i].number;
            if (b_h) z += b_h->items[i].number;
            next[i] = activated(activation, z);
        }
        if (valid[t]) memcpy(h, next, H * sizeof(double));
        memcpy(outputs + t * stride, h, H * sizeof(double));
    }
}

/* The two halves of the features as one; how many features there are then. */
static int merge(const Json *call, double *features, int size) {
    const Json *mode = get(call, "merge_mode");
    if (!mode || !strcmp(mode->text, "concat") || !strcmp(mode->text, "none")) return size;
    for (int i = 0; i < size / 2; i++) {
        double forward = features[i], backward = features[size / 2 + i];
        features[i] = !strcmp(mode->text, "mul") ? forward * backward
                      : !strcmp(mode->text, "sum") ? forward + backward
                                                   : (forward + backward) / 2;
    }
    return size / 2;
}

/* Vectors. */

static char message[200];

static void expect(const char *what, const Json *expected, const Json *bounds, const double *actual, int size) {
    if (expected->size != size) snprintf(message, sizeof message, "%s: %d features", what, size);
    for (int i = 0; i < size && !*message; i++) {
        double e = expected->items[i].number, bound = bounds->items[i].number, a = actual[i];
        if (isinf(bound) || a == e || fabs(a - e) <= bound || (isnan(a) && isnan(e))) continue;
        snprintf(message, sizeof message, "%s, feature %d: %.17g, not %.17g +- %.3g", what, i, a, e, bound);
    }
}

/* The states of a layer and direction, for all rows. */
static double *kept[64][2];

static void call_of(const Json *layers, const Json *call, const Json *expected, const Json *bounds) {
    const Json *x = get(call, "x"), *given = get(call, "initial_states");
    const Json *lengths = get(call, "lengths"), *mask = get(call, "mask");
    int B = x->size, stateful = true_of(call, "stateful");
    for (int row = 0; row < B; row++) {
        int T = x->items[row].size, features = T ? x->items[row].items[0].size : 0;
        double *xs = calloc(T * features + 1, sizeof(double)), *last = NULL;
        char *valid = calloc(T + 1, 1);
        for (int t = 0; t < T; t++) {
            int from = true_of(call, "go_backwards") ? T - 1 - t : t;
            valid[t] = (!lengths || from < lengths->items[row].number) && (!mask || mask->items[row].items[from].number);
            for (int i = 0; i < features; i++) xs[t * features + i] = x->items[row].items[from].items[i].number;
        }
        for (int n = 0; n < layers->size; n++) {
            const char *names[] = {"forward", "backward"};
            int D = layers->items[n].size, H = get(get(&layers->items[n], "forward"), "W_h")->size;
            double *outputs = calloc(T * D * H + 1, sizeof(double));
            last = calloc(D * H + 1, sizeof(double));
            for (int d = 0; d < D; d++) {
                double *h = last + d * H;
                for (int i = 0; i < H; i++)
                    h[i] = given ? given->items[n].items[d].items[row].items[i].number
                           : stateful && kept[n][d] ? kept[n][d][row * H + i] : 0;
                run_cell(get(&layers->items[n], names[d]), d ? -1 : 1, T, xs, features, valid, h, outputs + d * H, D * H);
                expect("final state", &get(expected, "final_states")->items[n].items[d].items[row],
                       &get(bounds, "final_states")->items[n].items[d].items[row], h, H);
                if (stateful && !kept[n][d]) kept[n][d] = calloc(B * H + 1, sizeof(double));
                if (stateful) memcpy(kept[n][d] + row * H, h, H * sizeof(double));
            }
            xs = outputs;
            features = D * H;
        }
        for (int t = 0; t < T && get(expected, "sequence"); t++) {
            int size = merge(call, xs + t * features, features);
            expect("sequence", &get(expected, "sequence")->items[row].items[t],
                   &get(bounds, "sequence")->items[row].items[t], xs + t * features, size);
        }
        if (get(expected, "last"))
            expect("last", &get(expected, "last")->items[row], &get(bounds, "last")->items[row], last,
                   merge(call, last, features));
    }
}

static int supported(const Json *vector) {
    const Json *steps = get(vector, "steps");
    for (int i = 0; i < steps->size; i++) {
        const Json *step = &steps->items[i];
        int known = is(step, "do", "call") || is(step, "do", "assign") || is(step, "do", "reset") || is(step, "do", "restore");
        if (!known || get(get(step, "call"), "compute_dtype")) return 0;
        if (get(step, "expected") && !get(get(step, "bounds"), "float64")) return 0;
    }
    return 1;
}

static void follow(const Json *vector) {
    const Json *steps = get(vector, "steps"), *layers = get(get(vector, "network"), "layers");
    memset(kept, 0, sizeof kept);
    for (int i = 0; i < steps->size && !*message; i++) {
        const Json *step = &steps->items[i];
        if (is(step, "do", "assign")) layers = get(step, "layers");
        if (is(step, "do", "reset")) memset(kept, 0, sizeof kept);
        if (is(step, "do", "call"))
            call_of(layers, get(step, "call"), get(step, "expected"), get(get(step, "bounds"), "float64"));
    }
}

static char *content(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return perror(path), exit(2), NULL;
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    char *text = calloc(size + 1, 1);
    rewind(file);
    if (fread(text, 1, size, file) != (size_t)size) return perror(path), exit(2), NULL;
    fclose(file);
    return text;
}

int main(int count, char **paths) {
    int passed = 0, skipped = 0, failed = 0;
    for (int i = 1; i < count; i++) {
        at = content(paths[i]);
        Json document = read_json();
        const Json *vectors = get(&document, "chapter") ? get(&document, "vectors") : NULL;
        for (int n = 0; vectors && n < vectors->size; n++) {
            const Json *vector = &vectors->items[n];
            *message = 0;
            if (!supported(vector)) {
                skipped++;
                continue;
            }
            follow(vector);
            if (*message) printf("vector %g (%s): %s\n", get(vector, "id")->number, get(vector, "clause")->text, message);
            *message ? failed++ : passed++;
        }
    }
    printf("%d passed, %d skipped, %d failed\n", passed, skipped, failed);
    return passed && !failed ? 0 : 1;
}
