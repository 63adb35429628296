/* Holds an implementation against vectors, as spec/94-vectors.md says:

       gcc -std=c99 -O2 verify.c layer.c json.c -lm -o verify
       ./verify FILE ...

   What is held against them is the `Network` of layer.h; to verify another, put it in the place of layer.c. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "layer.h"

static char message[300]; /* what is wrong; "" where nothing is */

/* Finds the first element that is not what is expected. */
static void compare(const Json *actual, const Json *expected, const Json *bound, const char *place) {
    char inner[200];
    if (expected->items) {
        int named = expected->size && expected->items[0].name;
        if (!actual || (!named && actual->size != expected->size))
            snprintf(message, sizeof message, "%s: expected %d elements", place, expected->size);
        for (int i = 0; i < expected->size && !*message; i++) {
            const Json *inside = &expected->items[i];
            snprintf(inner, sizeof inner, named ? "%s.%s" : "%s.%.0s%d", place, named ? inside->name : "", i);
            compare(named ? get(actual, inside->name) : &actual->items[i], inside,
                    named ? get(bound, inside->name) : &bound->items[i], inner);
        }
        return;
    }
    double a = actual->number, e = expected->number, b = bound->number;
    if (isinf(b) || a == e || fabs(a - e) <= b || (isnan(a) && isnan(e))) return;
    snprintf(message, sizeof message, "%s: %.17g, not %.17g +- %.3g", place, a, e, b);
}

/* Whether a vector is supported in a type; what is wrong with it is in `message`. */
static int verified(const Json *vector, const char *dtype) {
    Network network;
    const Json *steps = get(vector, "steps");
    enum Outcome outcome = network_open(&network, get(get(vector, "network"), "layers"), dtype);
    for (int i = 0; i < steps->size && outcome == GIVEN && !*message; i++) {
        const Json *step = &steps->items[i], *expected = get(step, "expected");
        Json given = {0};
        outcome = network_do(&network, step, &given);
        if (outcome == GIVEN && expected)
            compare(&given, expected, get(get(step, "bounds"), dtype), get(step, "do")->text);
    }
    if (outcome == REFUSED && !true_of(vector, "may_refuse")) strcpy(message, "refused");
    return outcome != UNSUPPORTED;
}

int main(int count, char **paths) {
    int passed = 0, skipped = 0, failed = 0;
    for (int i = 1; i < count; i++) {
        Json document = json_of_file(paths[i]);
        const Json *vectors = get(&document, "chapter") ? get(&document, "vectors") : NULL;
        for (int n = 0; vectors && n < vectors->size; n++) {
            const Json *vector = &vectors->items[n], *steps = get(vector, "steps"), *types = NULL;
            for (int s = 0; s < steps->size && !types; s++) types = get(&steps->items[s], "bounds");
            int supported = 0, wrong = 0;
            for (int t = 0; t < types->size; t++, *message = 0) {
                const char *dtype = types->items[t].name;
                supported += verified(vector, dtype);
                if (!*message) continue;
                printf("vector %g (%s): %s %s\n", get(vector, "id")->number, get(vector, "clause")->text, dtype, message);
                wrong++;
            }
            wrong ? failed++ : supported ? passed++ : skipped++;
        }
    }
    printf("%d passed, %d skipped, %d failed\n", passed, skipped, failed);
    return passed && !failed ? 0 : 1;
}
