// pawl-record UNIT RUNS [RUNTIME]: leaves the receipt of an attempt on disk.
//
// PID 1 runs it after every step, however the step ended (ExecStopPost=+ in the drop-in of pawl-step-.service), as root
// and outside of the step's sandbox; after a user's step that user's manager does, as the user. RUNTIME is /run/pawl, or the
// user's own folder in its place. Its environment is the step's, so it takes the folder from its arguments alone,
// reads only what man:systemd.exec(5) says PID 1 sets, and is linked statically: no LD_PRELOAD reaches it.
// pawl-step-ID.REST.service has its receipt at RUNS/ID/REST/result.json. It appears whole or not at all, and the first
// one stays: pawld takes it for the truth about the attempt.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "pawl-step-"
#define SUFFIX ".service"
#define RUNTIME "/run/pawl"
#define JOURNAL_OUTPUT "/run/systemd/journal/stdout"
#define JOURNAL_CONTROL "/run/systemd/journal/io.systemd.journal"
#define JOURNAL_PATIENCE_SEC 30
#define LONGEST_VALUE 256

static char receipt[8192];
static size_t length;

_Noreturn static void fail(const char *what, const char *path) {
    dprintf(STDERR_FILENO, "pawl-record: cannot %s %s: %s\n", what, path, strerror(errno));
    exit(EXIT_FAILURE);
}

__attribute__((format(printf, 1, 2))) static void put(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    length += (size_t)vsnprintf(receipt + length, sizeof receipt - length, format, arguments);
    va_end(arguments);
}

// A JSON string, or null where there is none. The longest value, six bytes for each of its own, always fits.
static void put_string(const char *name, const char *value) {
    put(",\"%s\":", name);
    if (!value) {
        put("null");
        return;
    }
    put("\"");
    for (size_t i = 0; value[i] && i < LONGEST_VALUE; i++) {
        unsigned char c = (unsigned char)value[i];
        put(c < 0x20 || c > 0x7e || c == '"' || c == '\\' ? "\\u%04x" : "%c", c);
    }
    put("\"");
}

static void put_number(const char *name, int64_t value) {
    if (value < 0)
        put(",\"%s\":null", name);
    else
        put(",\"%s\":%lld", name, (long long)value);
}

// The start of a small file of the kernel's, or NULL.
static char *read_file(const char *path, char *text, size_t size) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return NULL;
    ssize_t n = read(file, text, size - 1);
    close(file);
    if (n < 0)
        return NULL;
    text[n] = 0;
    return text;
}

static int64_t read_counter(const char *controller, const char *path, const char *file, const char *key) {
    char name[1024], text[1024];
    snprintf(name, sizeof name, "/sys/fs/cgroup%s%s/%s", controller, path, file);
    char *value = read_file(name, text, sizeof text);
    if (value && (value = strstr(value, key)))
        return strtoll(value + strlen(key), NULL, 10);
    return -1;
}

struct use {
    int64_t memory_peak, cpu_usec, read_bytes, written_bytes, oom_kills;
};

// The sum over all devices: each has a line of its own, in which the number comes after a key.
static int64_t read_sum(const char *controller, const char *path, const char *file, const char *key) {
    char name[1024], text[32768];
    snprintf(name, sizeof name, "/sys/fs/cgroup%s%s/%s", controller, path, file);
    char *value = read_file(name, text, sizeof text);
    if (!value)
        return -1;
    int64_t sum = 0;
    while ((value = strstr(value, key))) {
        value += strlen(key);
        sum += strtoll(value, NULL, 10);
    }
    return sum;
}

// What the unit used, from its own control group: cgroup v2, v1, or the two beside each other. Without accounting a
// process sits in a group above its unit's, whose counters are not the attempt's: such a path is left out.
static struct use read_use(const char *unit) {
    struct use use = {-1, -1, -1, -1, -1};
    char groups[4096], *rest = read_file("/proc/self/cgroup", groups, sizeof groups), *line;
    int64_t cpu_v1 = -1;
    while (rest && (line = strsep(&rest, "\n"))) {
        strsep(&line, ":");
        char *controllers = strsep(&line, ":"), *controller;
        char *last = line ? strrchr(line, '/') : NULL;
        // Where the unit has groups of its own (Delegate=), this process is in one of them.
        if (last && strcmp(last, "/.control") == 0) {
            *last = 0;
            last = strrchr(line, '/');
        }
        if (!last || strcmp(last + 1, unit) != 0)
            continue;
        if (!*controllers) {
            const char *tree = access("/sys/fs/cgroup/unified", F_OK) == 0 ? "/unified" : "";
            use.cpu_usec = read_counter(tree, line, "cpu.stat", "usage_usec ");
            if (use.memory_peak < 0) {
                use.memory_peak = read_counter(tree, line, "memory.peak", "");
                use.oom_kills = read_counter(tree, line, "memory.events", "oom_kill ");
            }
            if (use.read_bytes < 0) {
                use.read_bytes = read_sum(tree, line, "io.stat", " rbytes=");
                use.written_bytes = read_sum(tree, line, "io.stat", " wbytes=");
            }
        }
        while ((controller = strsep(&controllers, ","))) {
            if (strcmp(controller, "memory") == 0) {
                use.memory_peak = read_counter("/memory", line, "memory.max_usage_in_bytes", "");
                use.oom_kills = read_counter("/memory", line, "memory.oom_control", "oom_kill ");
            }
            if (strcmp(controller, "cpuacct") == 0)
                cpu_v1 = read_counter("/cpuacct", line, "cpuacct.usage", "");
            if (strcmp(controller, "blkio") == 0) {
                use.read_bytes = read_sum("/blkio", line, "blkio.throttle.io_service_bytes", " Read ");
                use.written_bytes = read_sum("/blkio", line, "blkio.throttle.io_service_bytes", " Write ");
            }
        }
    }
    if (use.cpu_usec < 0 && cpu_v1 >= 0)
        use.cpu_usec = cpu_v1 / 1000;
    return use;
}

static int64_t now_usec(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

// A name that is one component of a path and cannot be a hidden file or `..`.
static bool is_name(const char *name) {
    return *name && *name != '.' && !name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")];
}

// Whether the unit is in the slice of its run. The drop-in holds for every unit of such a name, and who starts one that pawl has
// not started puts it elsewhere: how that one ends is nothing that an attempt could be judged by. The slice of a run that is a
// step of another one is below that one's, and has the names of both: pawl-ABOVE-ID.slice.
static bool is_ours(const char *unit, const char *run) {
    char groups[16384], part[512];
    snprintf(part, sizeof part, "-%s.slice/%s", run, unit);
    const char *found = read_file("/proc/self/cgroup", groups, sizeof groups);
    // Where that cannot be told it is taken for ours: a step without a receipt is the greater evil.
    if (!found)
        return true;
    while ((found = strstr(found, part))) {
        const char *start = found;
        while (start > groups && start[-1] != '/')
            start--;
        found += strlen(part);
        if (strncmp(start, "pawl-", strlen("pawl-")) != 0)
            continue;
        if (*found == '\n' || *found == '/' || !*found)
            return true;
    }
    return false;
}

// RUNS/ID/REST for pawl-step-ID.REST.service, or -1 if it is none of pawl's.
static int open_folder(const char *unit, const char *runs) {
    size_t size = strlen(unit);
    char name[256];
    if (size >= sizeof name || size < strlen(PREFIX SUFFIX) || strncmp(unit, PREFIX, strlen(PREFIX)) != 0 ||
        strcmp(unit + size - strlen(SUFFIX), SUFFIX) != 0)
        return -1;
    snprintf(name, sizeof name, "%.*s", (int)(size - strlen(PREFIX SUFFIX)), unit + strlen(PREFIX));
    char *rest = name, *run = strsep(&rest, ".");
    if (!rest || !is_name(run) || !is_name(rest) || !is_ours(unit, run))
        return -1;
    const char *components[] = {runs, run, rest};
    int folder = AT_FDCWD;
    for (size_t i = 0; i < 3; i++) {
        int above = folder;
        folder = openat(above, components[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (folder < 0)
            fail("open the folder", components[i]);
        if (above != AT_FDCWD)
            close(above);
    }
    return folder;
}

// What the step gave to others is durable before the receipt that says that it did well. Otherwise a power cut leaves the one
// without the other, and those others get nothing in its place. What else than a file a step may have put there is left
// alone: no link is followed, and no FIFO is waited for.
static void sync_given(int folder) {
    static const char *const names[] = {"stdout", "io/output", "io/report"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int file = openat(folder, names[i], O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (file < 0)
            continue;
        struct stat status;
        bool failed = fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0 && fsync(file) != 0;
        close(file);
        if (failed)
            fail("fsync", names[i]);
    }
}

// The content is durable before the name appears, and the name before PID 1 goes on. link() never replaces.
static void publish(int folder) {
    char temporary[64];
    snprintf(temporary, sizeof temporary, ".result.json.%ld.%lld", (long)getpid(), (long long)now_usec(CLOCK_MONOTONIC));
    int file = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0)
        fail("create", temporary);
    const char *failed = NULL;
    for (size_t done = 0; done < length && !failed;) {
        ssize_t n = write(file, receipt + done, length - done);
        if (n > 0)
            done += (size_t)n;
        else if (errno != EINTR)
            failed = "write";
    }
    if (!failed && fsync(file) != 0)
        failed = "fsync";
    if (!failed && linkat(folder, temporary, folder, "result.json", 0) != 0 && errno != EEXIST)
        failed = "link";
    int cause = errno;
    unlinkat(folder, temporary, 0);
    errno = cause;
    if (failed)
        fail(failed, temporary);
    if (fsync(folder) != 0)
        fail("fsync the folder of", "result.json");
}

// With the receipt on disk the mark of the start (RuntimeDirectory= in the drop-in) has done its work. One that stays, since
// the step has put something into it, harms nobody: the receipt is asked for first.
static void remove_mark(const char *runtime, const char *unit) {
    int size = (int)(strlen(unit) - strlen(SUFFIX));
    char mark[1024];
    snprintf(mark, sizeof mark, "%s/started/%.*s", runtime, size, unit);
    // With DynamicUser= it is a link to a folder that is mounted for the step; that one goes by tmpfiles.d.
    if (rmdir(mark) != 0 && errno == ENOTDIR)
        unlink(mark);
}

// Whether the mark of the shutdown is there.
static bool is_stopping(const char *runtime) {
    char mark[1024];
    snprintf(mark, sizeof mark, "%s/host-stopping", runtime);
    return access(mark, F_OK) == 0;
}

// Whether one socket is one of journald's for output and has something unread that nobody adds to any more. `sees` is set by the
// socket at which journald takes such connections: what is unread there is connections.
static bool waits_for_journal(struct nlmsghdr *message, bool *sees) {
    struct unix_diag_msg *socket = NLMSG_DATA(message);
    int left = (int)message->nlmsg_len - (int)NLMSG_SPACE(sizeof *socket);
    bool is_output = false, is_closed = false;
    uint32_t unread = 0;
    for (char *place = (char *)(socket + 1); left >= (int)sizeof(struct nlattr);) {
        struct nlattr *item = (struct nlattr *)place;
        const char *data = place + sizeof *item;
        int size = item->nla_len - (int)sizeof *item;
        if (size < 0 || item->nla_len > left)
            break;
        if (item->nla_type == UNIX_DIAG_NAME)
            is_output = size == strlen(JOURNAL_OUTPUT) && memcmp(data, JOURNAL_OUTPUT, (size_t)size) == 0;
        else if (item->nla_type == UNIX_DIAG_RQLEN && size >= (int)sizeof unread)
            memcpy(&unread, data, sizeof unread);
        else if (item->nla_type == UNIX_DIAG_SHUTDOWN && size >= 1)
            is_closed = *data != 0;
        place += NLA_ALIGN(item->nla_len);
        left -= NLA_ALIGN(item->nla_len);
    }
    bool is_door = is_output && socket->udiag_state == TCP_LISTEN;
    *sees |= is_door;
    return is_output && unread > 0 && (is_closed || is_door);
}

// Whether journald has yet to read what a process that is gone has printed. True also where the kernel does not tell: in a
// network of the step's own, or without unix_diag.
static bool is_journal_behind(void) {
    struct {
        struct nlmsghdr header;
        struct unix_diag_req body;
    } request = {
        .header = {.nlmsg_len = sizeof request, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .body = {.sdiag_family = AF_UNIX,
                 .udiag_states = 1 << TCP_ESTABLISHED | 1 << TCP_LISTEN,
                 .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_RQLEN},
    };
    static char buffer[65536] __attribute__((aligned(8)));
    bool waits = false, sees = false;
    int kernel = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (kernel < 0)
        return true;
    bool goes_on = send(kernel, &request, sizeof request, 0) == sizeof request;
    while (goes_on && !waits) {
        ssize_t size = recv(kernel, buffer, sizeof buffer, 0);
        if (size < 0 && errno == EINTR)
            continue;
        goes_on = size > 0;
        for (struct nlmsghdr *message = (struct nlmsghdr *)buffer; goes_on && NLMSG_OK(message, size);
             message = NLMSG_NEXT(message, size)) {
            goes_on = message->nlmsg_type == SOCK_DIAG_BY_FAMILY;
            waits |= goes_on && waits_for_journal(message, &sees);
        }
    }
    close(kernel);
    return waits || !sees;
}

// Has journald read all that it was sent, as man:journalctl(1) --sync does. False if it has not done so in good time.
static bool synchronize_journal(void) {
    static const char call[] = "{\"method\":\"io.systemd.Journal.Synchronize\"}";
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = JOURNAL_CONTROL};
    struct timeval patience = {.tv_sec = JOURNAL_PATIENCE_SEC};
    char answer;
    int journal = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    // The zero byte at the end of the text is Varlink's end of a message.
    bool is_done = journal >= 0 && setsockopt(journal, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
                   setsockopt(journal, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0 &&
                   connect(journal, (struct sockaddr *)&address, sizeof address) == 0 &&
                   send(journal, call, sizeof call, MSG_NOSIGNAL) == sizeof call && recv(journal, &answer, 1, 0) == 1;
    if (journal >= 0)
        close(journal);
    return is_done;
}

// journald knows what a unit's lines are to be marked with, and that there may be any number of them, by files that PID 1
// removes when the unit has stopped. What the step has printed may then still lie in its socket, and of that journald would
// drop what is above its own limit. So the unit stops only once journald has read it. The receipt is on disk by then:
// whoever ends the recorder in the meantime takes no result away.
static void let_journal_finish(const char *unit) {
    if (is_journal_behind() && !synchronize_journal())
        return;
    // One of those files systemd 252 leaves behind, of every unit, since it removes it under a wrong name.
    char fields[512];
    snprintf(fields, sizeof fields, "/run/systemd/units/log-extra-fields:%s", unit);
    unlink(fields);
}

int main(int count, char **arguments) {
    if (count == 2 && (strcmp(arguments[1], "--help") == 0 || strcmp(arguments[1], "-h") == 0)) {
        dprintf(STDOUT_FILENO, "pawl-record: leaves the receipt of an attempt; started by systemd, see pawld(8)\n\n"
                               "Usage: pawl-record UNIT RUNS [RUNTIME]\n");
        return EXIT_SUCCESS;
    }
    if (count != 3 && count != 4) {
        dprintf(STDERR_FILENO, "pawl-record: wrong usage; see 'pawl-record --help'\n");
        return 2;
    }
    const char *unit = arguments[1], *runtime = count > 3 ? arguments[3] : RUNTIME;
    int folder = open_folder(unit, arguments[2]);
    if (folder < 0)
        return EXIT_SUCCESS;

    char boot_id[64];
    if (!read_file("/proc/sys/kernel/random/boot_id", boot_id, sizeof boot_id))
        fail("read", "/proc/sys/kernel/random/boot_id");
    boot_id[strcspn(boot_id, "\n")] = 0;
    struct use use = read_use(unit);

    put("{\"unit\":\"%s\"", unit);
    put_string("service_result", getenv("SERVICE_RESULT"));
    put_string("exit_code", getenv("EXIT_CODE"));
    put_string("exit_status", getenv("EXIT_STATUS"));
    put_string("invocation_id", getenv("INVOCATION_ID"));
    put_number("realtime_usec", now_usec(CLOCK_REALTIME));
    put_number("monotonic_usec", now_usec(CLOCK_MONOTONIC));
    put_string("boot_id", boot_id);
    put(",\"stopping\":%s", is_stopping(runtime) ? "true" : "false");
    put_number("memory_peak", use.memory_peak);
    put_number("cpu_usec", use.cpu_usec);
    put_number("io_read_bytes", use.read_bytes);
    put_number("io_write_bytes", use.written_bytes);
    put_number("oom_kills", use.oom_kills);
    put("}\n");
    sync_given(folder);
    publish(folder);
    remove_mark(runtime, unit);
    let_journal_finish(unit);
    return EXIT_SUCCESS;
}
