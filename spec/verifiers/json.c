#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BETWEEN " \n\r\t,:"

static const char *at; /* how far it is read */

static Json read_value(void);

static char *read_text(void) {
    const char *start = ++at;
    while (*at != '"') at += *at == '\\' ? 2 : 1; /* what is escaped stands in comments alone, and stays so */
    char *text = calloc(at - start + 1, 1);
    memcpy(text, start, at++ - start);
    return text;
}

static Json array_of_shape(const Json *shape, int axis) {
    Json array = {0};
    if (axis == shape->size) return array;
    array = json_list((int)shape->items[axis].number);
    for (int i = 0; i < array.size; i++) array.items[i] = array_of_shape(shape, axis + 1);
    return array;
}

static Json read_items(char end) {
    Json value = json_list(0);
    for (at++, at += strspn(at, BETWEEN); *at != end; at += strspn(at, BETWEEN)) {
        const char *name = end == '}' ? read_text() : NULL;
        Json item = read_value();
        item.name = name;
        if ((value.size & (value.size - 1)) == 0) /* twice as much room at 1, 2, 4, … */
            value.items = realloc(value.items, (2 * value.size + 1) * sizeof(Json));
        value.items[value.size++] = item;
    }
    at++;
    const Json *shape = get(&value, "shape");
    return shape ? array_of_shape(shape, 0) : value;
}

static Json read_value(void) {
    Json value = {0};
    at += strspn(at, BETWEEN);
    if (*at == '[' || *at == '{') return read_items(*at == '[' ? ']' : '}');
    if (*at == '"') {
        value.text = read_text();
        if (!strcmp(value.text, "nan") || strstr(value.text, "inf")) value.number = strtod(value.text, NULL);
    } else if (strchr("tfn", *at)) {
        value.number = *at == 't';
        at += strspn(at, "truefalsn");
    } else {
        value.number = strtod(at, (char **)&at);
    }
    return value;
}

Json json_of_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return perror(path), exit(2), (Json){0};
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    char *text = calloc(size + 1, 1);
    rewind(file);
    if (fread(text, 1, size, file) != (size_t)size) return perror(path), exit(2), (Json){0};
    fclose(file);
    at = text;
    return read_value();
}

Json json_list(int size) { return (Json){.size = size, .items = calloc(size + 1, sizeof(Json))}; }

const Json *get(const Json *object, const char *name) {
    for (int i = 0; object && i < object->size; i++)
        if (object->items[i].name && !strcmp(object->items[i].name, name)) return &object->items[i];
    return NULL;
}

int is(const Json *object, const char *name, const char *text) {
    const Json *value = get(object, name);
    return value && value->text && !strcmp(value->text, text);
}

int true_of(const Json *object, const char *name) {
    const Json *value = get(object, name);
    return value && value->number;
}
