// scale: what the benchmarks of scale need of a C program.
//
//   scale adopt PATTERN             the least that finding running steps again can cost: one ListUnitsByPatterns, and
//                                   one property of each unit that it names, as many calls at once as the bus allows.
//                                   On stdout: seconds, and how many units.
//   scale fill DATABASE RUN COUNT   makes COUNT more finished runs of the one with that ID, each with an ID of its own
//                                   and all of its events. pawld must not be running.
//
// The property is ActiveState: less than that cannot tell a running unit from one that has ended.
#include <sqlite3.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

#define MANAGER "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"
#define UNITS "/org/freedesktop/systemd1/unit"
// dbus-daemon refuses a connection's calls beyond 128 that have no reply yet.
#define MOST_PENDING 100

static sd_bus *bus;
static char **paths;
static int units, asked, answered;

_Noreturn __attribute__((format(printf, 1, 2))) static void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("scale: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs("\n", stderr);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

static int checked(int result, const char *what) {
    if (result < 0)
        fail("%s: %s", what, strerror(-result));
    return result;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int took_state(sd_bus_message *reply, void *data, sd_bus_error *error);

static void ask(void) {
    for (; asked < units && asked - answered < MOST_PENDING; asked++)
        checked(sd_bus_call_method_async(bus, NULL, "org.freedesktop.systemd1", paths[asked],
                                         "org.freedesktop.DBus.Properties", "Get", took_state, NULL, "ss",
                                         "org.freedesktop.systemd1.Unit", "ActiveState"),
                "Get");
}

static int took_state(sd_bus_message *reply, void *data, sd_bus_error *error) {
    (void)data, (void)error;
    const char *state;
    if (sd_bus_message_is_method_error(reply, NULL))
        fail("ActiveState: %s", sd_bus_message_get_error(reply)->message);
    checked(sd_bus_message_read(reply, "v", "s", &state), "ActiveState");
    answered++;
    ask();
    return 0;
}

static void list(const char *pattern) {
    sd_bus_message *reply = NULL;
    sd_bus_error error = SD_BUS_ERROR_NULL;
    const char *name;
    if (sd_bus_call_method(bus, MANAGER, "ListUnitsByPatterns", &error, &reply, "asas", 0, 1, pattern) < 0)
        fail("ListUnitsByPatterns: %s", error.message);
    checked(sd_bus_message_enter_container(reply, 'a', "(ssssssouso)"), "ListUnitsByPatterns");
    while (checked(sd_bus_message_read(reply, "(ssssssouso)", &name, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                                       NULL),
                   "ListUnitsByPatterns") > 0) {
        paths = realloc(paths, (size_t)(units + 1) * sizeof *paths);
        if (!paths)
            fail("out of memory");
        checked(sd_bus_path_encode(UNITS, name, &paths[units++]), name);
    }
    sd_bus_message_unref(reply);
}

static void adopt(const char *pattern) {
    checked(sd_bus_open_system(&bus), "the system bus");
    double begin = now();
    list(pattern);
    ask();
    while (answered < units) {
        int result = checked(sd_bus_process(bus, NULL), "the system bus");
        if (result == 0)
            checked(sd_bus_wait(bus, UINT64_MAX), "the system bus");
    }
    printf("%.4f %d\n", now() - begin, units);
}

// 40 bits that no other number gives: the factor is odd.
static void make_id(sqlite3_context *context, int count, sqlite3_value **values) {
    static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
    uint64_t bits = (uint64_t)sqlite3_value_int64(values[0]) * UINT64_C(0x9e3779b97f4a7c15);
    char id[8];
    (void)count;
    for (int i = 0; i < 8; i++, bits >>= 5)
        id[i] = alphabet[bits & 31];
    sqlite3_result_text(context, id, sizeof id, SQLITE_TRANSIENT);
}

static void execute(sqlite3 *database, const char *sql) {
    char *message = NULL;
    if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK)
        fail("%s: %s", sql, message);
}

static void fill(const char *path, const char *run, int count) {
    // The rows are taken as they are, whatever columns they have.
    static const char *each[] = {"UPDATE one SET number = number + 1, id = make_id(number + 1)",
                                 "INSERT INTO runs SELECT * FROM one", "UPDATE its SET run = run + 1",
                                 "INSERT INTO events SELECT * FROM its"};
    sqlite3 *database;
    sqlite3_stmt *statements[4];
    if (sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        fail("%s: %s", path, sqlite3_errmsg(database));
    sqlite3_create_function(database, "make_id", 1, SQLITE_UTF8, NULL, make_id, NULL, NULL);
    // Not to be durable: who loses power here has lost a benchmark.
    execute(database, "PRAGMA journal_mode = off; PRAGMA synchronous = off; PRAGMA temp_store = memory;"
                      "PRAGMA cache_size = -400000; BEGIN EXCLUSIVE");
    char *sql = sqlite3_mprintf("CREATE TEMP TABLE one AS SELECT * FROM runs WHERE id = %Q AND ended IS NOT NULL;"
                                "CREATE TEMP TABLE its AS SELECT * FROM events WHERE run = (SELECT number FROM one);"
                                "UPDATE one SET number = (SELECT max(number) FROM runs);"
                                "UPDATE its SET run = (SELECT number FROM one)",
                                run);
    execute(database, sql);
    for (int i = 0; i < 4; i++)
        if (sqlite3_prepare_v2(database, each[i], -1, &statements[i], NULL) != SQLITE_OK)
            fail("%s: %s", each[i], sqlite3_errmsg(database));
    for (int n = 0; n < count; n++)
        for (int i = 0; i < 4; i++) {
            if (sqlite3_step(statements[i]) != SQLITE_DONE || (n == 0 && sqlite3_changes(database) == 0))
                fail("%s: %s", each[i], sqlite3_errmsg(database));
            sqlite3_reset(statements[i]);
        }
    for (int i = 0; i < 4; i++)
        sqlite3_finalize(statements[i]);
    sqlite3_free(sql);
    execute(database, "COMMIT; PRAGMA journal_mode = wal");
    sqlite3_close(database);
}

int main(int count, char **arguments) {
    if (count == 3 && strcmp(arguments[1], "adopt") == 0)
        adopt(arguments[2]);
    else if (count == 5 && strcmp(arguments[1], "fill") == 0)
        fill(arguments[2], arguments[3], atoi(arguments[4]));
    else
        fail("usage: scale adopt PATTERN | scale fill DATABASE RUN COUNT");
    return EXIT_SUCCESS;
}
