#include "CCurl.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define ERROR_SIZE 256

struct body {
    char *bytes;
    size_t room, length;
};

/* What does not fit ends the transfer; what has come so far counts. */
static size_t take(char *bytes, size_t size, size_t count, void *context) {
    struct body *body = context;
    size_t taken = size * count;
    if (taken > body->room - body->length)
        taken = body->room - body->length;
    memcpy(body->bytes + body->length, bytes, taken);
    body->length += taken;
    return taken;
}

long ccurl_get(const char *url, char *bytes, size_t room, size_t *length, char *error) {
    static void *library;
    if (!library && !(library = dlopen("libcurl.so.4", RTLD_NOW))) {
        snprintf(error, ERROR_SIZE, "libcurl is missing on this host: 'apt install libcurl4'");
        return -1;
    }
    CURL *(*init)(void) = (CURL * (*)(void)) dlsym(library, "curl_easy_init");
    CURLcode (*set)(CURL *, CURLoption, ...) = (CURLcode(*)(CURL *, CURLoption, ...))dlsym(library, "curl_easy_setopt");
    CURLcode (*perform)(CURL *) = (CURLcode(*)(CURL *))dlsym(library, "curl_easy_perform");
    CURLcode (*info)(CURL *, CURLINFO, ...) = (CURLcode(*)(CURL *, CURLINFO, ...))dlsym(library, "curl_easy_getinfo");
    const char *(*words)(CURLcode) = (const char *(*)(CURLcode))dlsym(library, "curl_easy_strerror");
    void (*cleanup)(CURL *) = (void (*)(CURL *))dlsym(library, "curl_easy_cleanup");
    CURL *curl = init && set && perform && info && words && cleanup ? init() : NULL;
    if (!curl) {
        snprintf(error, ERROR_SIZE, "libcurl cannot be used");
        return -1;
    }
    struct body body = {bytes, room, 0};
    set(curl, CURLOPT_URL, url);
    /* No other scheme, by a redirect neither: a file is asked for by 'file'. */
    set(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    set(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    set(curl, CURLOPT_FOLLOWLOCATION, 1L);
    set(curl, CURLOPT_MAXREDIRS, 5L);
    set(curl, CURLOPT_CONNECTTIMEOUT, 5L);
    set(curl, CURLOPT_TIMEOUT, 15L);
    set(curl, CURLOPT_NOSIGNAL, 1L);
    set(curl, CURLOPT_USERAGENT, "pawl-step");
    set(curl, CURLOPT_WRITEFUNCTION, take);
    set(curl, CURLOPT_WRITEDATA, &body);
    CURLcode code = perform(curl);
    long status = -1;
    if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && body.length == room))
        info(curl, CURLINFO_RESPONSE_CODE, &status);
    else
        snprintf(error, ERROR_SIZE, "%s", words(code));
    *length = body.length;
    cleanup(curl);
    return status;
}
