/* An RNN in four types, with its derivatives: what verify.c holds against vectors. */

#ifndef LAYER_H
#define LAYER_H

#include "json.h"

/* Layers in a type, and the states that they keep. */
typedef struct Network {
    const Json *layers;
    const char *dtype;
    Json kept; /* for each layer (directions, batch, hidden); no items where nothing is kept */
} Network;

enum Outcome { GIVEN, UNSUPPORTED, REFUSED };

enum Outcome network_open(Network *network, const Json *layers, const char *dtype);

/* What a step gives, in the form of `expected`. */
enum Outcome network_do(Network *network, const Json *step, Json *given);

#endif
