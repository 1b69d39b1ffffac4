/* One GET by libcurl, which is loaded when it is first needed: few steps ask a URL, and a host without it has the rest. */
#pragma once
#include <stddef.h>

/* Asks for a URL of http or https, within 15 s. Takes up to `room` bytes of the body to `body` and their number to `length`. The
   status of the answer, or -1 with the reason in `error`, which has room for 256 bytes. For one thread at a time. */
long ccurl_get(const char *url, char *body, size_t room, size_t *length, char *error);
