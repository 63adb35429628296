/* A vanilla RNN behind the protocol of rnn-conformance (spec/96-protocol.md): an example for implementers.
 *
 * It reads a request a line from standard input and writes an answer a line to standard output. Its parts are
 * memory and errors, JSON, arrays, the network, the recurrence with its gradients, calls, and answers. It
 * computes in double; for float32 every state is rounded to float, and so is everything that is returned.
 *
 *     cc -std=c11 -O2 rnn.c -o rnn -lm
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char DECLARATIONS[] =
    "{'protocol':1,'name':'c','versions':{'rnn.c':'1.0','cc':'" __VERSION__ "'},"
    "'conventions':{'layer':'rnn.c','weights':[{'role':'W_x','name':'W_x','axes':['hidden','input']},"
    "{'role':'W_h','name':'W_h','axes':['hidden','state']},{'role':'b','name':'b','axes':['hidden']},"
    "{'role':'b_h','name':'b_h','axes':['hidden']}],"
    "'last_output':'final states of the top layer, forward then backward',"
    "'final_state_order':'one array per layer, bottom first; forward before backward',"
    "'padded_output':'zero','padded_output_bidirectional':'zero','go_backwards_order':'processing'},"
    "'supports':{'activations':['tanh','relu','sigmoid','linear'],'dtypes':['float32','float64'],"
    "'bidirectional':true,'mixed_directions':true,'stacked':true,'mixed_layers':true,'no_bias':true,"
    "'initial_states':true,'sequence':true,'last_output':true,'final_states':true,'lengths':true,"
    "'masks':true,'lengths_and_masks':true,'go_backwards':true,'gradients':true,'read_weights':true,"
    "'count_parameters':true}}"; /* with quotes that need no escape; they are turned when it is written */

/* Memory and errors: what a request needs is freed before the next one, a network when another is loaded. */

typedef struct block {
    struct block *next;
} block;
static block *of_request, *of_network, **memory = &of_request;
static jmp_buf failed;
static const char *kind;
static char message[200];

static _Noreturn void fail(const char *of_kind, const char *format, ...) {
    va_list values;
    va_start(values, format);
    vsnprintf(message, sizeof message, format, values); /* plain words, which need no escapes */
    va_end(values);
    kind = of_kind;
    longjmp(failed, 1);
}

static void *make(long count, size_t size) {
    block *made = calloc(1, sizeof(block) + (size_t)count * size);
    if (!made)
        fail("out of memory", "%ld times %zu bytes", count, size);
    made->next = *memory;
    *memory = made;
    return made + 1;
}

static void release(block **blocks) {
    for (block *next; *blocks; *blocks = next) {
        next = (*blocks)->next;
        free(*blocks);
    }
}

/* JSON: a value knows its first letter (0 of a number), and those of a list or object the next one. */

typedef struct value {
    char type;
    double number;
    const char *text, *key;
    long count;
    struct value *first, *next;
} value;
static const char *at;

static char skipped(void) { return *(at += strspn(at, " \t\r\n")); }

static void take(char letter) {
    if (skipped() != letter)
        fail("failed", "the line is no JSON");
    at++;
}

static const char *string(void) {
    take('"');
    const char *start = at;
    for (; *at && *at != '"'; at++)
        at += *at == '\\' && at[1]; /* no name that matters has an escape */
    char *text = memcpy(make(at - start + 1, 1), start, (size_t)(at - start));
    take('"');
    return text;
}

static value *parsed(int depth) {
    value *found = make(1, sizeof(value)), **last = &found->first;
    const char *words[] = {"true", "false", "null"};
    char *end;
    found->type = skipped();
    if (found->type == '"') {
        found->text = string();
    } else if ((found->type == '[' || found->type == '{') && depth < 100) {
        for (take(found->type); skipped() != found->type + 2; last = &(*last)->next) { /* ] and } in ASCII */
            const char *key = NULL;
            if (found->count++)
                take(',');
            if (found->type == '{') {
                key = string();
                take(':');
            }
            *last = parsed(depth + 1);
            (*last)->key = key;
        }
        at++;
    } else {
        for (int word = 0; word < 3; word++)
            if (!strncmp(at, words[word], strlen(words[word]))) {
                at += strlen(words[word]);
                return found;
            }
        found->type = 0;
        found->number = strtod(at, &end);
        if (end == at)
            fail("failed", "the line is no JSON");
        at = end;
    }
    return found;
}

static value *get(const value *object, const char *key) {
    for (value *each = object->first; each; each = each->next)
        if (each->key && !strcmp(each->key, key))
            return each->type == 'n' ? NULL : each;
    return NULL;
}

static value *need(const value *object, const char *key) {
    value *found = get(object, key);
    if (!found)
        fail("failed", "a field %s is missing", key);
    return found;
}

static int truth(const value *object, const char *key, int otherwise) {
    const value *found = get(object, key);
    return found ? found->type == 't' : otherwise;
}

static const char *text(const value *object, const char *key, const char *otherwise) {
    const value *found = get(object, key);
    return found && found->text ? found->text : otherwise;
}

/* Arrays: nested lists, or an object that says more of one. */

static double *filled(const value *list, int rank, const long *shape, double *next) {
    if (rank) {
        if (list->type != '[' || list->count != *shape)
            fail("failed", "lists of an array differ in length");
        for (value *each = list->first; each; each = each->next)
            next = filled(each, rank - 1, shape + 1, next);
        return next;
    }
    *next = list->type == 't' ? 1 : list->text ? strtod(list->text, NULL) : list->number; /* nan, inf, -inf */
    return next + 1;
}

/* The elements of an array of this type and shape; a length below 0 stands for any, and is noted. */
static double *expect(const char *what, const value *found, const char *dtype, int rank, long *shape) {
    const value *sizes = get(found, "shape"), *values = found->type == '[' ? found : get(found, "values");
    const value *each = sizes ? sizes->first : values;
    long size = 1, axis = 0, length;
    if (strcmp(text(found, "dtype", dtype), dtype))
        fail("refused", "%s: expected %s", what, dtype);
    for (; each && (sizes || each->type == '['); axis++) {
        if (sizes && !(each->number >= 0 && each->number < 1e6))
            fail("failed", "%s: expected the length of an axis", what);
        length = sizes ? (long)each->number : each->count;
        if (axis < rank && shape[axis] >= 0 && shape[axis] != length)
            fail("refused", "%s: expected %ld along axis %ld; got %ld", what, shape[axis], axis, length);
        if (axis < rank)
            size *= shape[axis] = length;
        each = sizes ? each->next : each->first;
    }
    if (axis != rank)
        fail("refused", "%s: expected %d axes; got %ld", what, rank, axis);
    if (sizes && size)
        fail("failed", "%s: expected the values of an array with elements; got its shape", what);
    double *made = make(size, sizeof(double));
    if (size)
        filled(values, rank, shape, made);
    return made;
}

/* The network: its cells, bottom layer first, forward before backward. */

typedef struct {
    long layer, direction, directions, H, I; /* directions, units and features of its layer */
    double *W_x, *W_h, *b, *b_h;             /* (H, I), (H, H), (H,) or NULL */
    char activation;                         /* its first letter */
} cell;
static cell *cells, **bottom; /* bottom: the first cell of each layer */
static long cell_count, depth;
static const char *dtype = "float64";

static double rounded(double number) { return dtype[5] == '3' ? (float)number : number; }

static char letter_of(const char *activation) {
    const char *known[] = {"tanh", "relu", "sigmoid", "linear"};
    for (int i = 0; i < 4; i++)
        if (!strcmp(activation, known[i]))
            return *activation;
    fail("refused", "activation: expected tanh, relu, sigmoid or linear");
}

static void load_cell(const value *found, cell *made) {
    long shape[] = {made->H, made->I};
    made->W_x = expect("W_x", need(found, "W_x"), dtype, 2, shape);
    made->H = shape[0], made->I = shape[1];
    made->W_h = expect("W_h", need(found, "W_h"), dtype, 2, (long[]){made->H, made->H});
    made->b = get(found, "b") ? expect("b", get(found, "b"), dtype, 1, &made->H) : NULL;
    made->b_h = get(found, "b_h") ? expect("b_h", get(found, "b_h"), dtype, 1, &made->H) : NULL;
    made->activation = letter_of(text(found, "activation", "tanh"));
}

static void load(const value *network) {
    const value *list = need(network, "layers");
    const char *named = text(network, "dtype", "");
    long layers = 0;
    cell_count = depth = 0; /* nothing is loaded if this fails */
    release(memory = &of_network);
    if (strcmp(named, "float32") && strcmp(named, "float64"))
        fail("refused", "dtype: expected float32 or float64");
    dtype = strcmp(named, "float32") ? "float64" : "float32";
    cells = make(2 * list->count, sizeof(cell));
    bottom = make(list->count, sizeof(cell *));
    for (const value *each = list->first; each; each = each->next, layers++) {
        const value *backward = get(each, "backward");
        cell *made = bottom[layers] = cells + cell_count, *below = layers ? bottom[layers - 1] : NULL;
        *made = (cell){.layer = layers, .directions = backward ? 2 : 1, .H = -1};
        made->I = below ? below->directions * below->H : -1;
        load_cell(need(each, "forward"), made);
        if (backward) {
            made[1] = *made;
            made[1].direction = 1;
            load_cell(backward, made + 1);
        }
        cell_count += made->directions;
    }
    depth = layers;
}

/* The recurrence: step k of a direction is at time k, or T - 1 - k in the backward one. */

typedef struct {
    long B, T;
    double *steps;                                 /* (B, T): whether each is valid; NULL: all are */
    double **inputs, **initial, **states, **final; /* of each layer */
} call;

static double phi(char activation, double z) {
    if (activation == 'r')
        return z < 0 ? 0 : z; /* a NaN stays */
    return activation == 't' ? tanh(z) : activation == 's' ? 1 / (1 + exp(-z)) : z;
}

static double slope(char activation, double h) {
    if (activation == 'r')
        return h > 0;
    return activation == 't' ? 1 - h * h : activation == 's' ? h * (1 - h) : 1;
}

static long time_of(const call *c, const cell *w, long k) { return w->direction ? c->T - 1 - k : k; }

/* Where the state of row r after step k stands; before the first step it is the initial one. */
static double *state(const call *c, const cell *w, long r, long k) {
    if (k < 0)
        return c->initial[w->layer] + (w->direction * c->B + r) * w->H;
    return c->states[w->layer] + ((r * c->T + time_of(c, w, k)) * w->directions + w->direction) * w->H;
}

static void run(const call *c, const cell *w) {
    for (long r = 0; r < c->B; r++) {
        for (long k = 0; k < c->T; k++) {
            long place = r * c->T + time_of(c, w, k);
            const double *before = state(c, w, r, k - 1), *x = c->inputs[w->layer] + place * w->I;
            for (long i = 0; i < w->H; i++) {
                double z = (w->b ? w->b[i] : 0) + (w->b_h ? w->b_h[i] : 0);
                for (long j = 0; j < w->I; j++)
                    z += w->W_x[i * w->I + j] * x[j];
                for (long j = 0; j < w->H; j++)
                    z += w->W_h[i * w->H + j] * before[j];
                int valid = !c->steps || c->steps[place];
                state(c, w, r, k)[i] = valid ? rounded(phi(w->activation, z)) : before[i];
            }
        }
        double *final = c->final[w->layer] + (w->direction * c->B + r) * w->H;
        memcpy(final, state(c, w, r, c->T - 1), (size_t)w->H * sizeof(double));
    }
}

/* Backpropagation through a cell. Of the cotangents of outputs g and of final states s, it makes gradients of
 * the input (added to dx), of the weights (added to d) and of the initial states (in s). */
static void differentiate(const call *c, const cell *w, const double *g, double *s, double *dx, cell *d) {
    double *a = make(w->H, sizeof(double));
    for (long r = 0; r < c->B; r++, s += w->H)
        for (long k = c->T - 1; k >= 0; k--) {
            long place = r * c->T + time_of(c, w, k);
            const double *before = state(c, w, r, k - 1), *x = c->inputs[w->layer] + place * w->I;
            for (long i = 0; i < w->H; i++)
                s[i] += g[(place * w->directions + w->direction) * w->H + i];
            if (c->steps && !c->steps[place])
                continue;
            for (long i = 0; i < w->H; i++) {
                a[i] = slope(w->activation, state(c, w, r, k)[i]) * s[i];
                d->b[i] += a[i];
                for (long j = 0; j < w->I; j++) {
                    d->W_x[i * w->I + j] += a[i] * x[j];
                    dx[place * w->I + j] += a[i] * w->W_x[i * w->I + j];
                }
                for (long j = 0; j < w->H; j++)
                    d->W_h[i * w->H + j] += a[i] * before[j];
                s[i] = 0;
            }
            for (long i = 0; i < w->H; i++)
                for (long j = 0; j < w->H; j++)
                    s[j] += a[i] * w->W_h[i * w->H + j];
        }
}

static void reverse(double *rows, long B, long T, long width) {
    for (long r = 0; r < B; r++)
        for (long t = 0; t < T / 2; t++)
            for (long j = 0; j < width; j++) {
                double *one = &rows[(r * T + t) * width + j], *other = &rows[(r * T + T - 1 - t) * width + j];
                double kept = *one;
                *one = *other, *other = kept;
            }
}

/* Calls */

static double **states_of(const char *what, const value *list, long B) {
    double **made = make(depth, sizeof(double *));
    const value *each = list ? list->first : NULL;
    if (list && list->count != depth)
        fail("refused", "%s: expected %ld; got %ld", what, depth, list->count);
    for (long l = 0; l < depth; l++, each = list ? each->next : NULL) {
        long shape[] = {bottom[l]->directions, B, bottom[l]->H};
        made[l] = list ? expect(what, each, dtype, 3, shape) : make(shape[0] * B * shape[2], sizeof(double));
    }
    return made;
}

static call called(const value *found) {
    long shape[] = {-1, -1, bottom[0]->I};
    call c = {.inputs = make(depth, sizeof(double *)), .states = make(depth, sizeof(double *))};
    c.inputs[0] = expect("x", need(found, "x"), dtype, 3, shape);
    c.B = shape[0], c.T = shape[1];
    c.initial = states_of("initial_states", get(found, "initial_states"), c.B);
    c.final = states_of("final_states", NULL, c.B);
    if (get(found, "mask"))
        c.steps = expect("mask", get(found, "mask"), "bool", 2, shape);
    if (get(found, "lengths")) {
        const double *lengths = expect("lengths", get(found, "lengths"), "int64", 1, shape), *mask = c.steps;
        c.steps = make(c.B * c.T, sizeof(double));
        for (long place = 0, r = 0; r < c.B; r++) {
            if (lengths[r] < 0 || lengths[r] > (double)c.T)
                fail("refused", "lengths: expected none below 0 or above %ld; got %g", c.T, lengths[r]);
            for (long t = 0; t < c.T; t++, place++)
                c.steps[place] = (double)t < lengths[r] && (!mask || mask[place]);
        }
    }
    if (truth(found, "go_backwards", 0)) {
        if (cell_count > 1)
            fail("refused", "go_backwards: expected one layer of one direction");
        reverse(c.inputs[0], c.B, c.T, bottom[0]->I);
        if (c.steps)
            reverse(c.steps, c.B, c.T, 1);
    }
    for (const cell *w = cells; w < cells + cell_count; w++) {
        if (!w->direction)
            c.states[w->layer] = make(c.B * c.T * w->directions * w->H, sizeof(double));
        if (w->layer)
            c.inputs[w->layer] = c.states[w->layer - 1];
        run(&c, w);
    }
    return c;
}

/* Answers, written to memory: a request may still fail. */

static const value *request;
static int ended;
static FILE *out;

static const double *nested(const double *next, int rank, const long *shape) {
    double number = rank ? 0 : rounded(*next);
    for (long i = 0; rank && i < *shape; i++) {
        fputc(i ? ',' : '[', out);
        next = nested(next, rank - 1, shape + 1);
    }
    if (rank)
        fputc(']', out);
    else if (!isfinite(number))
        fputs(isnan(number) ? "\"nan\"" : number > 0 ? "\"inf\"" : "\"-inf\"", out);
    else if (number == 0)
        fputs(signbit(number) ? "-0.0" : "0", out); /* the integer -0 is 0 */
    else
        fprintf(out, "%.*g", dtype[5] == '3' ? 9 : 17, number); /* digits that make it exact */
    return rank ? next : next + 1;
}

static void array(const char *before, const double *data, int rank, const long *shape) {
    long size = 1;
    fputs(before, out);
    for (int axis = 0; axis < rank; axis++)
        size *= shape[axis];
    for (int axis = 0; !size && axis < rank; axis++)
        fprintf(out, "%s%ld", axis ? "," : "{\"shape\":[", shape[axis]);
    if (size)
        nested(data, rank, shape);
    else
        fputs("]}", out);
}

static void states(const char *before, double **of, long B) {
    for (long l = 0; l < depth; l++)
        array(l ? "," : before, of[l], 3, (long[]){bottom[l]->directions, B, bottom[l]->H});
    fputc(']', out);
}

/* The weights of a cell, or gradients of theirs: of two bias vectors, those are the same. */
static void weights(const cell *w, const double *W_x, const double *W_h, const double *b, const double *b_h) {
    array("{\"W_x\":", W_x, 2, (long[]){w->H, w->I});
    array(",\"W_h\":", W_h, 2, (long[]){w->H, w->H});
    if (w->b)
        array(",\"b\":", b, 1, &w->H);
    if (w->b_h)
        array(",\"b_h\":", b_h, 1, &w->H);
}

static void answer_run(const value *asked) {
    call c = called(asked);
    long D = bottom[depth - 1]->directions, H = bottom[depth - 1]->H;
    double *last = make(c.B * D * H, sizeof(double)), *sequence = c.states[depth - 1];
    for (long i = 0; c.steps && i < c.B * c.T * D * H; i++)
        sequence[i] = c.steps[i / (D * H)] ? sequence[i] : 0;
    for (long i = 0; i < c.B * D * H; i++)
        last[i] = c.final[depth - 1][(i / H % D * c.B + i / (D * H)) * H + i % H];
    if (truth(asked, "return_sequences", 1))
        array("{\"sequence\":", sequence, 3, (long[]){c.B, c.T, D * H});
    else
        array("{\"last\":", last, 2, (long[]){c.B, D * H});
    states(",\"final_states\":[", c.final, c.B);
    fputc('}', out);
}

static void answer_gradients(const value *asked) {
    call c = called(asked);
    const cell *top = bottom[depth - 1];
    double *dx = NULL, **s = states_of("d_final_states", need(request, "d_final_states"), c.B);
    long shape[] = {c.B, c.T, top->directions * top->H};
    double *g = expect("d_sequence", need(request, "d_sequence"), dtype, 3, shape);
    cell *d = make(cell_count, sizeof(cell));
    for (long n = cell_count - 1; n >= 0; n--) {
        const cell *w = &cells[n];
        d[n] = (cell){.W_x = make(w->H * w->I, sizeof(double)), .W_h = make(w->H * w->H, sizeof(double))};
        d[n].b = make(w->H, sizeof(double));
        if (w->direction == w->directions - 1)
            dx = make(c.B * c.T * w->I, sizeof(double));
        differentiate(&c, w, g, s[w->layer] + w->direction * c.B * w->H, dx, &d[n]);
        g = w->direction ? g : dx;
    }
    if (truth(asked, "go_backwards", 0))
        reverse(g, c.B, c.T, bottom[0]->I);
    array("{\"x\":", g, 3, (long[]){c.B, c.T, bottom[0]->I});
    states(",\"initial_states\":[", s, c.B);
    for (long n = 0; n < cell_count; n++) {
        fputs(n ? "}," : ",\"cells\":[", out);
        weights(&cells[n], d[n].W_x, d[n].W_h, d[n].b, d[n].b);
    }
    fputs("}]}", out);
}

static void answer_read_weights(void) {
    fprintf(out, "{\"dtype\":\"%s\",\"layers\":[{", dtype);
    for (const cell *w = cells; w < cells + cell_count; w++) {
        fputs(w->direction ? ",\"backward\":" : w->layer ? "},{\"forward\":" : "\"forward\":", out);
        weights(w, w->W_x, w->W_h, w->b, w->b_h);
        const char *name = w->activation == 't' ? "tanh" : w->activation == 'r' ? "relu" : "sigmoid";
        fprintf(out, ",\"activation\":\"%s\"}", w->activation == 'l' ? "linear" : name);
    }
    fputs("}]}", out);
}

static void answer_count_parameters(void) {
    long count = 0;
    for (const cell *w = cells; w < cells + cell_count; w++)
        count += w->H * (w->I + w->H + !!w->b + !!w->b_h);
    fprintf(out, "%ld", count);
}

static void answer(const char *name) {
    const char *about_network[] = {"run", "gradients", "read_weights", "count_parameters"};
    for (int i = 0; i < 4; i++)
        if (!strcmp(name, about_network[i]) && !depth)
            fail("failed", "no network is loaded");
    if (!strcmp(name, "hello")) {
        for (const char *letter = DECLARATIONS; *letter; letter++)
            fputc(*letter == '\'' ? '"' : *letter, out);
    } else if (!strcmp(name, "load")) {
        load(need(request, "network"));
        fputs("{}", out);
    } else if (!strcmp(name, "run")) {
        answer_run(need(request, "call"));
    } else if (!strcmp(name, "gradients")) {
        answer_gradients(need(request, "call"));
    } else if (!strcmp(name, "read_weights")) {
        answer_read_weights();
    } else if (!strcmp(name, "count_parameters")) {
        answer_count_parameters();
    } else if (!strcmp(name, "bye") || !strcmp(name, "drop_caches") || !strcmp(name, "global_state")) {
        ended = *name == 'b';
        fputs("{}", out);
    } else {
        fail("unknown request", "there is no such request");
    }
}

int main(void) {
    static char *line, *made; /* static, as what changes after setjmp has to be */
    static size_t room, size;
    while (!ended && getline(&line, &room, stdin) > 0) {
        out = open_memstream(&made, &size);
        memory = &of_request;
        request = NULL;
        at = line;
        if (!setjmp(failed)) {
            request = parsed(0);
            need(request, "id");
            answer(text(request, "request", ""));
            fclose(out);
            printf("{\"id\":%.0f,\"answer\":%s}\n", get(request, "id")->number, made);
        } else {
            const value *id = request ? get(request, "id") : NULL;
            fclose(out);
            printf(id ? "{\"id\":%.0f," : "{\"id\":null,", id ? id->number : 0);
            printf("\"error\":{\"kind\":\"%s\",\"message\":\"%s\"}}\n", kind, message);
        }
        fflush(stdout);
        free(made);
        release(&of_request);
    }
    return 0;
}
