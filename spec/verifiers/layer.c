/* Every number stands on a tape with what it was made of. Along the tape go tangents, back along it gradients. Where a
   tree is said to be of numbers, its leaves are their places on the tape. */

#include "layer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Types: digits, and the exponents of the smallest normal number and the largest. */

typedef struct Format {
    const char *name;
    int digits, smallest, largest;
} Format;

static const Format FORMATS[] = {
    {"float64", 53, -1022, 1023}, {"float32", 24, -126, 127}, {"float16", 11, -14, 15}, {"bfloat16", 8, -126, 127}};
static const Format *format; /* of the tape */

static const Format *format_of(const char *name) {
    for (int i = 0; i < 4; i++)
        if (!strcmp(FORMATS[i].name, name)) return &FORMATS[i];
    return NULL;
}

/* The nearest number of the tape's type; of two, the one whose last digit is even. */
static double rounded(double value) {
    int exponent;
    if (format->digits == 53 || value == 0 || !isfinite(value)) return value;
    frexp(value, &exponent);
    if (--exponent < format->smallest) exponent = format->smallest;
    double unit = ldexp(1, exponent + 1 - format->digits), nearest = nearbyint(value / unit) * unit;
    return fabs(nearest) < ldexp(1, format->largest + 1) ? nearest : copysign(INFINITY, value);
}

/* The tape. */

typedef struct Parent { /* with the derivative by it, and that one's tangent */
    int number;
    double derivative, tangent;
} Parent;

typedef struct Number {
    double value, tangent, gradient, gradient_tangent;
    int parents; /* behind the last one's, up to these */
} Number;

static Number *numbers;
static Parent *parents;
static int number_count, parent_count, number_room, parent_room;

static void made_of(int number, double derivative, double tangent) {
    if (parent_count == parent_room) parents = realloc(parents, (parent_room = 2 * parent_room + 64) * sizeof(Parent));
    parents[parent_count++] = (Parent){number, derivative, tangent};
}

/* The place of a number that was made of what was named since the one before. */
static int new_number(double value, double tangent) {
    int first = number_count ? numbers[number_count - 1].parents : 0;
    for (int i = first; i < parent_count; i++) tangent += numbers[parents[i].number].tangent * parents[i].derivative;
    if (number_count == number_room) numbers = realloc(numbers, (number_room = 2 * number_room + 64) * sizeof(Number));
    numbers[number_count] = (Number){rounded(value), rounded(tangent), 0, 0, parent_count};
    return number_count++;
}

/* More of a sum, which is rounded once, by new_number. */
static double product(int one, int other) {
    made_of(one, numbers[other].value, numbers[other].tangent);
    made_of(other, numbers[one].value, numbers[one].tangent);
    return numbers[one].value * numbers[other].value;
}

static double term(int number) { return made_of(number, 1, 0), numbers[number].value; }

static int plus(int one, int other) { return new_number(term(one) + term(other), 0); }

static int times(int one, int other) { return new_number(product(one, other), 0); }

/* Every gradient to what its number was made of, from the last number to the first. */
static void hand_back(void) {
    for (int n = number_count - 1; n >= 0; n--) {
        Number *number = &numbers[n];
        number->gradient = rounded(number->gradient);
        number->gradient_tangent = rounded(number->gradient_tangent);
        for (int i = n ? numbers[n - 1].parents : 0; i < number->parents; i++) {
            Number *parent = &numbers[parents[i].number];
            parent->gradient += number->gradient * parents[i].derivative;
            parent->gradient_tangent += number->gradient_tangent * parents[i].derivative;
            parent->gradient_tangent += number->gradient * parents[i].tangent;
        }
    }
}

/* Activations. */

enum Name { TANH, RELU, SIGMOID, LINEAR, SOFTSIGN, SOFTPLUS, ELU, LEAKY_RELU, HARD_SIGMOID, AFFINE, SCALED_TANH };

typedef struct Activation {
    const char *text;
    double alpha, beta;
} Activation;

static const Activation ACTIVATIONS[] = { /* α and β where none are given */
    {"tanh", 0, 0}, {"relu", 0, 0}, {"sigmoid", 0, 0}, {"linear", 0, 0}, {"softsign", 0, 0}, {"softplus", 0, 0},
    {"elu", 1, 0}, {"leaky_relu", 0.01, 0}, {"hard_sigmoid", 0.2, 0.5}, {"affine", 1, 0}, {"scaled_tanh", 1, 1}};

static double phi(enum Name name, double z, double alpha, double beta) {
    switch (name) {
    case TANH: return tanh(z);
    case RELU: return z < 0 ? 0 : z;
    case SIGMOID: return (1 + tanh(z / 2)) / 2;
    case LINEAR: return z;
    case SOFTSIGN: return z / (1 + fabs(z));
    case SOFTPLUS: return (z > 0 ? z : 0) + log1p(exp(-fabs(z)));
    case ELU: return z > 0 ? z : alpha * expm1(z);
    case LEAKY_RELU: return z > 0 ? z : alpha * z;
    case HARD_SIGMOID: return alpha * z + beta < 0 ? 0 : alpha * z + beta > 1 ? 1 : alpha * z + beta;
    case AFFINE: return alpha * z + beta;
    case SCALED_TANH: return alpha * tanh(beta * z);
    }
    return NAN;
}

/* The slope φ′ as a function of h = φ(z), and how fast that grows with h. */
static double slope(enum Name name, double h, double alpha, double beta, double *growth) {
    *growth = 0;
    switch (name) {
    case TANH: return *growth = -2 * h, 1 - h * h;
    case RELU: return h > 0;
    case SIGMOID: return *growth = 1 - 2 * h, h * (1 - h);
    case LINEAR: return 1;
    case SOFTSIGN: return *growth = copysign(2, h) * (fabs(h) - 1), (1 - fabs(h)) * (1 - fabs(h));
    case SOFTPLUS: return *growth = exp(-h), -expm1(-h);
    case ELU: return *growth = h <= 0, h > 0 ? 1 : h + alpha;
    case LEAKY_RELU: return h > 0 ? 1 : alpha;
    case HARD_SIGMOID: return h > 0 && h < 1 ? alpha : 0;
    case AFFINE: return alpha;
    case SCALED_TANH: return *growth = -2 * beta * h / alpha, beta * (alpha - h * h / alpha);
    }
    return NAN;
}

/* φ(z), of a text such as "elu(alpha=0.5)". */
static int activated(int z, const char *text) {
    const char *alpha = strstr(text, "alpha="), *beta = strstr(text, "beta=");
    size_t name = 0, length = strcspn(text, "(");
    while (strlen(ACTIVATIONS[name].text) != length || strncmp(ACTIVATIONS[name].text, text, length)) name++;
    double a = alpha ? strtod(alpha + 6, NULL) : ACTIVATIONS[name].alpha, growth;
    double b = beta ? strtod(beta + 5, NULL) : ACTIVATIONS[name].beta;
    double h = rounded(phi(name, numbers[z].value, a, b)), derivative = slope(name, h, a, b, &growth);
    made_of(z, derivative, growth * derivative * numbers[z].tangent);
    return new_number(h, 0);
}

/* Trees. */

static const char *ROLES[] = {"W_x", "W_h", "b", "b_h"};

static int id(const Json *leaf) { return (int)leaf->number; }

/* A tree of what a function makes of what stands at one place in both; `other` may be missing. */
static Json each(double make(double, double), const Json *tree, const Json *other) {
    Json made = *tree;
    if (!tree->items) return made.number = make(tree->number, other ? other->number : 0), made;
    made.items = json_list(tree->size).items;
    for (int i = 0; i < tree->size; i++) {
        const char *name = tree->items[i].name;
        made.items[i] = each(make, &tree->items[i], !other ? NULL : name ? get(other, name) : &other->items[i]);
    }
    return made;
}

static double as_number(double value, double tangent) { return new_number(value, tangent); }
static double value_of(double number, double unused) { return (void)unused, numbers[(int)number].value; }
static double tangent_of(double number, double unused) { return (void)unused, numbers[(int)number].tangent; }
static double gradient_of(double number, double unused) { return (void)unused, numbers[(int)number].gradient; }
static double gradient_tangent_of(double number, double unused) {
    return (void)unused, numbers[(int)number].gradient_tangent;
}
static double receive(double d, double number) { return numbers[(int)number].gradient += d; }

/* An object of some names. */
static Json object(int size, const char *const *names, const Json *values) {
    Json made = json_list(size);
    for (int i = 0; i < size; i++) made.items[i] = values[i], made.items[i].name = names[i];
    return made;
}

/* The layer, of trees of numbers. */

/* The state after each step of one sequence: a list in the order of the steps. The sequence is taken from its end if
   `backward`; `h` goes from the initial to the final state. */
static Json run_cell(const Json *cell, const char *text, int backward, const Json *xs, const char *valid, Json *h) {
    const Json *W_x = get(cell, "W_x"), *W_h = get(cell, "W_h"), *b = get(cell, "b"), *b_h = get(cell, "b_h");
    Json states = json_list(xs->size);
    for (int step = 0; step < xs->size; step++) {
        int t = backward ? xs->size - 1 - step : step;
        Json next = json_list(W_h->size);
        for (int i = 0; i < W_h->size && valid[t]; i++) {
            double sum = 0;
            for (int k = 0; k < W_x->items[i].size; k++)
                sum += product(id(&W_x->items[i].items[k]), id(&xs->items[t].items[k]));
            for (int k = 0; k < W_h->size; k++) sum += product(id(&W_h->items[i].items[k]), id(&h->items[k]));
            if (b) sum += term(id(&b->items[i]));
            if (b_h) sum += term(id(&b_h->items[i]));
            next.items[i].number = activated(new_number(sum, 0), text);
        }
        states.items[t] = *h = valid[t] ? next : *h;
    }
    return states;
}

/* Lists one behind the other. */
static Json joined(const Json *lists, int count) {
    Json all = json_list(0);
    for (int i = 0; i < count; i++) all.size += lists[i].size;
    all.items = json_list(all.size).items;
    for (int i = 0, n = 0; i < count; i++)
        for (int k = 0; k < lists[i].size; k++) all.items[n++] = lists[i].items[k];
    return all;
}

/* The two halves of the features as a call merges them. */
static Json merged(const Json *call, Json features) {
    const Json *mode = get(call, "merge_mode");
    if (!mode || !strcmp(mode->text, "concat") || !strcmp(mode->text, "none")) return features;
    Json made = json_list(features.size / 2);
    for (int i = 0; i < made.size; i++) {
        int f = id(&features.items[i]), b = id(&features.items[made.size + i]);
        made.items[i].number = !strcmp(mode->text, "mul") ? times(f, b)
                               : !strcmp(mode->text, "sum") ? plus(f, b)
                                                            : times(plus(f, b), new_number(0.5, 0));
    }
    return made;
}

/* One sequence through all layers. What comes is put into the row of the outputs. */
static void run_sequence(const Json *layers, const Json *cells, const Json *call, const Json *inputs, int row,
                         Json *sequence, Json *last, Json *finals) {
    const Json *lengths = get(call, "lengths"), *mask = get(call, "mask");
    const Json *given = &get(inputs, "x")->items[row], *starts = get(inputs, "initial_states");
    int T = given->size, cell = 0;
    char *valid = calloc(T + 1, 1);
    Json xs = json_list(T);
    for (int t = 0; t < T; t++) {
        int from = true_of(call, "go_backwards") ? T - 1 - t : t;
        valid[t] = (!lengths || from < lengths->items[row].number) && (!mask || mask->items[row].items[from].number);
        xs.items[t] = given->items[from];
    }
    for (int n = 0; n < layers->size; n++) {
        Json runs[2], ends[2];
        int directions = layers->items[n].size;
        for (int d = 0; d < directions; d++, cell++) {
            const Json *text = get(&layers->items[n].items[d], "activation");
            ends[d] = starts->items[n].items[d].items[row];
            runs[d] = run_cell(&cells->items[cell], text ? text->text : "tanh", d, &xs, valid, &ends[d]);
            finals->items[n].items[d].items[row] = ends[d];
        }
        xs = json_list(T);
        for (int t = 0; t < T; t++) {
            Json both[2] = {runs[0].items[t], directions == 2 ? runs[1].items[t] : json_list(0)};
            xs.items[t] = joined(both, directions);
        }
        *last = merged(call, joined(ends, directions));
    }
    for (int t = 0; t < T; t++) xs.items[t] = merged(call, xs.items[t]);
    *sequence = xs;
}

/* What is put in the place of initial states that are not given. */
static Json zeros(const Json *layers, int batch) {
    Json states = json_list(layers->size);
    for (int n = 0; n < layers->size; n++) {
        states.items[n] = json_list(layers->items[n].size);
        for (int d = 0; d < layers->items[n].size; d++) {
            states.items[n].items[d] = json_list(batch);
            for (int row = 0; row < batch; row++)
                states.items[n].items[d].items[row] = json_list(get(&layers->items[n].items[d], "W_h")->size);
        }
    }
    return states;
}

/* The arrays of all cells, bottom layer first. */
static Json arrays_of(const Json *layers) {
    Json cells = joined(layers->items, layers->size);
    for (int i = 0; i < cells.size; i++) {
        Json held[4];
        const char *names[4];
        int count = 0;
        for (int role = 0; role < 4; role++)
            if (get(&cells.items[i], ROLES[role])) {
                names[count] = ROLES[role];
                held[count++] = *get(&cells.items[i], ROLES[role]);
            }
        cells.items[i] = object(count, names, held);
    }
    return cells;
}

/* A call of which the direction, if there is one, is the tangents of the inputs; inputs and outputs are of numbers. */
static void run(Network *network, const Json *call, const Json *direction, Json *inputs, Json *output) {
    static const char *const IN[] = {"x", "initial_states", "cells"}, *const OUT[] = {"sequence", "last", "final_states"};
    const Json *narrow = get(call, "compute_dtype"), *x = get(call, "x"), *given = get(call, "initial_states");
    number_count = parent_count = 0;
    format = format_of(narrow ? narrow->text : network->dtype);
    Json start = zeros(network->layers, x->size);
    if (true_of(call, "stateful") && network->kept.items) start = network->kept;
    Json values[] = {*x, given ? *given : start, arrays_of(network->layers)};
    Json named = object(3, IN, values);
    *inputs = each(as_number, &named, direction);
    Json outputs[] = {json_list(x->size), json_list(x->size), zeros(network->layers, x->size)};
    for (int row = 0; row < x->size; row++)
        run_sequence(network->layers, get(inputs, "cells"), call, inputs, row, &outputs[0].items[row],
                     &outputs[1].items[row], &outputs[2]);
    *output = object(3, OUT, outputs);
}

/* The inputs of a call, of numbers, with the gradients by them that the cotangents of a step make. */
static Json pulled_back(Network *network, const Json *call, const Json *direction, const Json *cotangents) {
    Json inputs, output;
    run(network, call, direction, &inputs, &output);
    each(receive, get(cotangents, "d_sequence"), get(&output, "sequence"));
    if (get(cotangents, "d_final_states"))
        each(receive, get(cotangents, "d_final_states"), get(&output, "final_states"));
    hand_back();
    return inputs;
}

static double rate; /* of a layer that is being trained */

static double trained_weight(double number, double unused) {
    return (void)unused, rounded(numbers[(int)number].value - rate * numbers[(int)number].gradient);
}

/* The weights after one step of gradient descent; layers that are frozen keep theirs. */
static Json trained(Network *network, const Json *call, const Json *training) {
    static const char *const CELLS[] = {"cells"};
    Json inputs = pulled_back(network, call, NULL, training), cells = *get(&inputs, "cells");
    const Json *frozen = get(training, "frozen");
    for (int n = 0, cell = 0; n < network->layers->size; n++) {
        rate = get(training, "rate")->number;
        for (int i = 0; frozen && i < frozen->size; i++)
            if (frozen->items[i].number == n) rate = 0;
        for (int d = 0; d < network->layers->items[n].size; d++, cell++)
            cells.items[cell] = each(trained_weight, &cells.items[cell], NULL);
    }
    return object(1, CELLS, &cells);
}

enum Outcome network_open(Network *network, const Json *layers, const char *dtype) {
    *network = (Network){layers, dtype, {0}};
    return format_of(dtype) ? GIVEN : UNSUPPORTED;
}

enum Outcome network_do(Network *network, const Json *step, Json *given) {
    static const char *const FIELDS[] = {"x", "initial_states", "lengths", "mask", "return_sequences", "go_backwards",
                                         "merge_mode", "stateful", "training", "dropout", "rate", "compute_dtype"};
    const Json *call = get(step, "call"), *direction = get(step, "direction");
    Json inputs, output;
    for (int i = 0; call && i < call->size; i++) {
        int known = 0;
        for (int f = 0; f < 12; f++) known |= !strcmp(call->items[i].name, FIELDS[f]);
        if (!known) return UNSUPPORTED;
    }
    if (is(step, "do", "restore")) return GIVEN; /* the weights are what they were; states are given or forgotten next */
    if (is(step, "do", "assign")) {
        network->layers = get(step, "layers");
    } else if (is(step, "do", "reset")) {
        network->kept = (Json){0};
    } else if (is(step, "do", "call")) {
        run(network, call, NULL, &inputs, &output);
        *given = each(value_of, &output, NULL);
        if (true_of(call, "stateful")) network->kept = *get(given, "final_states");
    } else if (is(step, "do", "tangents")) {
        run(network, call, direction, &inputs, &output);
        *given = each(tangent_of, &output, NULL);
    } else if (is(step, "do", "gradients")) {
        inputs = pulled_back(network, call, NULL, step);
        *given = each(gradient_of, &inputs, NULL);
    } else if (is(step, "do", "second_gradients")) {
        inputs = pulled_back(network, call, direction, step);
        *given = each(gradient_tangent_of, &inputs, NULL);
    } else if (is(step, "do", "train")) {
        *given = trained(network, call, get(step, "training"));
    } else {
        return UNSUPPORTED;
    }
    return GIVEN;
}
