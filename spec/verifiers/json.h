/* JSON as vectors have it. Memory is taken and not given back: the programs are short. */

#ifndef JSON_H
#define JSON_H

/* Of a list or an object its items, of an object with their names; of a text the text; else a number. true is 1, and
   false and null are 0; "nan", "inf" and "-inf" are numbers, too. */
typedef struct Json {
    const char *name, *text;
    double number;
    int size;
    struct Json *items; /* NULL where it is neither list nor object */
} Json;

/* What a file says. An object that begins with "shape" is an array without elements. */
Json json_of_file(const char *path);

/* A list of this many zeros. */
Json json_list(int size);

/* An item of an object by its name; NULL where there is none, or no object. */
const Json *get(const Json *object, const char *name);

/* Whether that item is this text. */
int is(const Json *object, const char *name, const char *text);

/* Whether that item is there and is not 0. */
int true_of(const Json *object, const char *name);

#endif
