// floor: the least that a run of steps can cost, to measure pawl against.
//
//   floor chain COUNT          COUNT steps, each started when the one before has ended
//   floor fan COUNT WIDTH      COUNT steps, WIDTH of them at a time
//
// It starts the same units that pawld does, by the same calls to PID 1 and into folders made in the same way, so that
// the same recorder runs behind each; it waits for the same signals, reads the receipt and the output, and makes one
// durable commit a step (SQLite, WAL, synchronous=FULL). It has no workflow, no engine, no journal entries of its own,
// and nothing that could bring it back after its death. Each step is /bin/true. On stdout: seconds from the commit that
// creates the run to the commit of its last step.
//
// Needs root, a systemd, and an installed pawl for the recorder's drop-in; pawld is best stopped, since it sees the
// signals too. The run's folder and the database are removed at the end.
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#define STATE "/var/lib/pawl"
#define RUNS STATE "/runs"
#define DATABASE STATE "/floor.db"
#define MANAGER "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"
#define UNITS "/org/freedesktop/systemd1/unit"

static sd_bus *bus;
static sqlite3 *database;
static sqlite3_stmt *insert;
static char id[9], run_folder[128];
static int count, width, started, ended;
static bool *is_over;

_Noreturn __attribute__((format(printf, 1, 2))) static void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("floor: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs("\n", stderr);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

// sd-bus gives an errno, negative.
static int checked(int result, const char *what) {
    if (result < 0)
        fail("%s: %s", what, strerror(-result));
    return result;
}

static void checked_file(int result, const char *what, const char *path) {
    if (result < 0)
        fail("%s %s: %s", what, path, strerror(errno));
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// The database.

static void execute(const char *sql) {
    char *message = NULL;
    if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK)
        fail("%s: %s: %s", DATABASE, sql, message);
}

static void remove_database(void) {
    unlink(DATABASE);
    unlink(DATABASE "-wal");
    unlink(DATABASE "-shm");
}

static void open_database(void) {
    remove_database();
    if (sqlite3_open(DATABASE, &database) != SQLITE_OK)
        fail("%s: %s", DATABASE, sqlite3_errmsg(database));
    execute("PRAGMA journal_mode = wal");
    execute("PRAGMA synchronous = full");
    execute("CREATE TABLE events (run INTEGER NOT NULL, sequence INTEGER NOT NULL, body TEXT NOT NULL,"
            " PRIMARY KEY (run, sequence)) STRICT, WITHOUT ROWID");
    // A log that has to grow makes each commit dearer. pawld's has been round once and is overwritten; so is this one.
    execute("PRAGMA synchronous = off");
    execute("CREATE TABLE ballast (x BLOB) STRICT");
    execute("INSERT INTO ballast VALUES (zeroblob(8000000))");
    execute("PRAGMA wal_checkpoint(restart)");
    execute("PRAGMA synchronous = full");
    if (sqlite3_prepare_v2(database, "INSERT INTO events VALUES (1, ?, ?)", -1, &insert, NULL) != SQLITE_OK)
        fail("%s: %s", DATABASE, sqlite3_errmsg(database));
}

// A transaction of its own: durable when this returns.
static void commit(int sequence, const char *body) {
    sqlite3_bind_int(insert, 1, sequence);
    sqlite3_bind_text(insert, 2, body, -1, SQLITE_STATIC);
    if (sqlite3_step(insert) != SQLITE_DONE)
        fail("%s: %s", DATABASE, sqlite3_errmsg(database));
    sqlite3_reset(insert);
}

// The folders.

static void make_folder(const char *path, mode_t mode) {
    checked_file(mkdir(path, 0700), "mkdir", path);
    checked_file(chmod(path, mode), "chmod", path);
}

static void make_attempt_folder(const char *folder) {
    char path[256];
    make_folder(folder, 0700);
    snprintf(path, sizeof path, "%s/io", folder);
    make_folder(path, 0755);
    snprintf(path, sizeof path, "%s/io/output", folder);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    checked_file(file, "create", path);
    checked_file(fchmod(file, 0666), "chmod", path);
    close(file);
}

static ssize_t read_file(const char *path, char *text, size_t size) {
    int file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return -1;
    struct stat status;
    checked_file(fstat(file, &status), "stat", path);
    ssize_t length = read(file, text, size - 1);
    checked_file((int)length, "read", path);
    text[length] = 0;
    close(file);
    return length;
}

// The units.

static void unit_name(char *name, size_t size, int index) {
    snprintf(name, size, "pawl-step-%s.s%d.1.service", id, index);
}

static int was_started(sd_bus_message *reply, void *data, sd_bus_error *error) {
    (void)error;
    if (sd_bus_message_is_method_error(reply, NULL))
        fail("step %d: %s", (int)(intptr_t)data, sd_bus_message_get_error(reply)->message);
    return 0;
}

static void append_string(sd_bus_message *message, const char *name, const char *value) {
    checked(sd_bus_message_append(message, "(sv)", name, "s", value), name);
}

static void append_environment(sd_bus_message *message, const char *folder, int index) {
    char run[64], run_dir[160], step[64], output[192];
    snprintf(run, sizeof run, "PAWL_RUN=floor-%s", id);
    snprintf(run_dir, sizeof run_dir, "PAWL_RUN_DIR=%s/work", run_folder);
    snprintf(step, sizeof step, "PAWL_STEP=s%d", index);
    snprintf(output, sizeof output, "PAWL_OUTPUT=%s/io/output", folder);
    checked(sd_bus_message_append(message, "(sv)", "Environment", "as", 10, "HOME=/root", run, run_dir,
                                  "PAWL_WORKFLOW=floor", step, "PAWL_ATTEMPT=1", output, "ORCHESTRATION_CONTEXT=pawl",
                                  "BOOTSTRAP_WORKFLOW_ID=floor", "BOOTSTRAP_WORKFLOW_START_TIME=1700000000"),
            "Environment");
}

static void append_fields(sd_bus_message *message, int index) {
    char run[64], step[64];
    snprintf(run, sizeof run, "PAWL_RUN=floor-%s", id);
    snprintf(step, sizeof step, "PAWL_STEP=s%d", index);
    const char *fields[] = {"PAWL_WORKFLOW=floor", run, step, "PAWL_ATTEMPT=1"};
    checked(sd_bus_message_open_container(message, 'r', "sv"), "LogExtraFields");
    checked(sd_bus_message_append(message, "s", "LogExtraFields"), "LogExtraFields");
    checked(sd_bus_message_open_container(message, 'v', "aay"), "LogExtraFields");
    checked(sd_bus_message_open_container(message, 'a', "ay"), "LogExtraFields");
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        checked(sd_bus_message_append_array(message, 'y', fields[i], strlen(fields[i])), "LogExtraFields");
    for (int i = 0; i < 3; i++)
        checked(sd_bus_message_close_container(message), "LogExtraFields");
}

// What Sources/PawlDaemon/Attempts/StepUnit.swift asks for in a step that is a plain command.
static void start_step(int index) {
    char name[64], folder[160], path[224], description[64], slice[64], identifier[16], work[160];
    unit_name(name, sizeof name, index);
    snprintf(folder, sizeof folder, "%s/s%d.1", run_folder, index);
    snprintf(path, sizeof path, "%s/result.json", folder);
    snprintf(description, sizeof description, "Step 's%d' of floor-%s", index, id);
    snprintf(slice, sizeof slice, "pawl-%s.slice", id);
    snprintf(identifier, sizeof identifier, "s%d", index);
    snprintf(work, sizeof work, "-%s/work", run_folder);
    make_attempt_folder(folder);

    sd_bus_message *message = NULL;
    checked(sd_bus_message_new_method_call(bus, &message, MANAGER, "StartTransientUnit"), "StartTransientUnit");
    checked(sd_bus_message_append(message, "ss", name, "fail"), "StartTransientUnit");
    checked(sd_bus_message_open_container(message, 'a', "(sv)"), "StartTransientUnit");
    append_string(message, "Description", description);
    append_string(message, "Slice", slice);
    append_string(message, "Type", "exec");
    append_string(message, "CollectMode", "inactive");
    checked(sd_bus_message_append(message, "(sv)", "Conditions", "a(sbbs)", 1, "ConditionPathExists", false, true,
                                  path),
            "Conditions");
    checked(sd_bus_message_append(message, "(sv)", "ExecStart", "a(sasb)", 1, "/bin/true", 1, "/bin/true", false),
            "ExecStart");
    append_environment(message, folder, index);
    append_string(message, "WorkingDirectory", work);
    append_string(message, "SyslogIdentifier", identifier);
    append_fields(message, index);
    checked(sd_bus_message_append(message, "(sv)", "LogRateLimitIntervalUSec", "t", UINT64_C(1000000)), "LogRateLimit");
    checked(sd_bus_message_append(message, "(sv)", "LogRateLimitBurst", "u", UINT32_MAX), "LogRateLimit");
    const char *accountings[] = {"CPUAccounting", "MemoryAccounting", "IOAccounting", "TasksAccounting"};
    for (int i = 0; i < 4; i++)
        checked(sd_bus_message_append(message, "(sv)", accountings[i], "b", true), accountings[i]);
    checked(sd_bus_message_close_container(message), "StartTransientUnit");
    checked(sd_bus_message_append(message, "a(sa(sv))", 0), "StartTransientUnit");
    checked(sd_bus_call_async(bus, NULL, message, was_started, (void *)(intptr_t)index, 0), "StartTransientUnit");
    sd_bus_message_unref(message);
}

// A sign says 'look': the receipt tells the truth.
static void look(const char *name) {
    char found[16] = "", folder[160], path[224], receipt[4096], output[4096];
    int index = -1;
    if (sscanf(name, "pawl-step-%8[0-9a-z].s%d.1.service", found, &index) != 2 || strcmp(found, id) != 0 || index < 0 ||
        index >= count || is_over[index])
        return;
    snprintf(folder, sizeof folder, "%s/s%d.1", run_folder, index);
    snprintf(path, sizeof path, "%s/result.json", folder);
    if (read_file(path, receipt, sizeof receipt) < 0)
        return;
    if (!strstr(receipt, "\"service_result\":\"success\"") || !strstr(receipt, "\"exit_status\":\"0\""))
        fail("step %d did not succeed: %s", index, receipt);
    snprintf(path, sizeof path, "%s/io/output", folder);
    if (read_file(path, output, sizeof output) < 0)
        fail("step %d has lost its output file", index);
    is_over[index] = true;
    ended++;
    commit(index + 1, receipt);
    if (started < count)
        start_step(started++);
}

static int unit_removed(sd_bus_message *signal, void *data, sd_bus_error *error) {
    (void)data, (void)error;
    const char *name;
    checked(sd_bus_message_read(signal, "s", &name), "UnitRemoved");
    look(name);
    return 0;
}

static int properties_changed(sd_bus_message *signal, void *data, sd_bus_error *error) {
    (void)data, (void)error;
    const char *key, *type, *state = NULL;
    checked(sd_bus_message_skip(signal, "s"), "PropertiesChanged");
    checked(sd_bus_message_enter_container(signal, 'a', "{sv}"), "PropertiesChanged");
    while (checked(sd_bus_message_enter_container(signal, 'e', "sv"), "PropertiesChanged")) {
        checked(sd_bus_message_read(signal, "s", &key), "PropertiesChanged");
        if (strcmp(key, "ActiveState") == 0) {
            checked(sd_bus_message_peek_type(signal, NULL, &type), "PropertiesChanged");
            checked(sd_bus_message_read(signal, "v", "s", &state), "PropertiesChanged");
        } else {
            checked(sd_bus_message_skip(signal, "v"), "PropertiesChanged");
        }
        checked(sd_bus_message_exit_container(signal), "PropertiesChanged");
    }
    if (!state || (strcmp(state, "inactive") != 0 && strcmp(state, "failed") != 0))
        return 0;
    char *name = NULL;
    if (checked(sd_bus_path_decode(sd_bus_message_get_path(signal), UNITS, &name), "PropertiesChanged"))
        look(name);
    free(name);
    return 0;
}

static void connect_bus(void) {
    checked(sd_bus_open_system(&bus), "the system bus");
    checked(sd_bus_match_signal(bus, NULL, MANAGER, "UnitRemoved", unit_removed, NULL), "UnitRemoved");
    checked(sd_bus_add_match(bus, NULL,
                             "type='signal',sender='org.freedesktop.systemd1',member='PropertiesChanged',"
                             "interface='org.freedesktop.DBus.Properties',path_namespace='" UNITS "',"
                             "arg0='org.freedesktop.systemd1.Unit'",
                             properties_changed, NULL),
            "PropertiesChanged");
    checked(sd_bus_call_method(bus, MANAGER, "Subscribe", NULL, NULL, NULL), "Subscribe");
}

static void slice(const char *verb) {
    char name[64];
    sd_bus_error error = SD_BUS_ERROR_NULL;
    snprintf(name, sizeof name, "pawl-%s.slice", id);
    int result = strcmp(verb, "StopUnit") == 0
                     ? sd_bus_call_method(bus, MANAGER, verb, &error, NULL, "ss", name, "replace")
                     : sd_bus_call_method(bus, MANAGER, verb, &error, NULL, "ssa(sv)a(sa(sv))", name, "fail", 1,
                                          "Description", "s", "Run of the floor", 0);
    if (result < 0)
        fail("%s %s: %s", verb, name, error.message);
}

static void remove_run(void) {
    char command[192];
    snprintf(command, sizeof command, "rm -rf %s", run_folder);
    if (system(command) != 0)
        fail("%s failed", command);
}

int main(int argument_count, char **arguments) {
    bool is_fan = argument_count == 4 && strcmp(arguments[1], "fan") == 0;
    if (!is_fan && !(argument_count == 3 && strcmp(arguments[1], "chain") == 0))
        fail("usage: floor chain COUNT, or floor fan COUNT WIDTH");
    count = atoi(arguments[2]);
    width = is_fan ? atoi(arguments[3]) : 1;
    if (count < 1 || width < 1)
        fail("COUNT and WIDTH are 1 at least");
    is_over = calloc((size_t)count, sizeof *is_over);
    unsigned char random[8];
    if (!is_over || getrandom(random, sizeof random, 0) != sizeof random)
        fail("no memory or no random numbers");
    for (int i = 0; i < 8; i++)
        id[i] = "0123456789abcdefghjkmnpqrstvwxyz"[random[i] & 31];
    umask(077);
    open_database();
    connect_bus();

    double begin = now();
    commit(0, "run-created");
    snprintf(run_folder, sizeof run_folder, "%s/%s", RUNS, id);
    make_folder(run_folder, 0700);
    char work[160];
    snprintf(work, sizeof work, "%s/work", run_folder);
    make_folder(work, 01777);
    slice("StartTransientUnit");
    while (started < count && started < width)
        start_step(started++);
    while (ended < count)
        if (checked(sd_bus_process(bus, NULL), "the system bus") == 0)
            checked(sd_bus_wait(bus, UINT64_MAX), "the system bus");
    printf("%.3f\n", now() - begin);

    slice("StopUnit");
    sd_bus_flush_close_unref(bus);
    sqlite3_finalize(insert);
    sqlite3_close(database);
    remove_database();
    remove_run();
    return EXIT_SUCCESS;
}
