// read-yaml FILE: has libyaml read a file and does nothing with it: the floor that `pawl check` is held against.
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

static void fail(const char *what) {
        fprintf(stderr, "read-yaml: %s\n", what);
        exit(1);
}

static void read_once(const char *path) {
        FILE *file = fopen(path, "rb");
        if (!file)
                fail("the file cannot be opened");
        yaml_parser_t parser;
        if (!yaml_parser_initialize(&parser))
                fail("no memory");
        yaml_parser_set_input_file(&parser, file);
        for (int done = 0; !done;) {
                yaml_event_t event;
                if (!yaml_parser_parse(&parser, &event))
                        fail(parser.problem ? parser.problem : "the file is no YAML");
                done = event.type == YAML_STREAM_END_EVENT;
                yaml_event_delete(&event);
        }
        yaml_parser_delete(&parser);
        fclose(file);
}

int main(int argc, char **argv) {
        if (argc != 2)
                fail("usage: read-yaml FILE");
        read_once(argv[1]);
        return 0;
}
