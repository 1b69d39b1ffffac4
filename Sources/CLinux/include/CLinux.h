/* What Linux has and Swift's Glibc module does not show: typed, and without logic. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Names the calling thread, man:pthread_setname_np(3). At most 15 bytes. 0, or a positive errno. */
int clinux_set_thread_name(const char *name);

/* Who connected a unix socket, as the kernel saw it at connect(2): SO_PEERCRED of man:unix(7). 0, or -1 with errno. */
int clinux_peer_credentials(int descriptor, pid_t *pid, uid_t *uid, gid_t *gid);

/* The peer's supplementary groups, SO_PEERGROUPS of man:unix(7). *count is the room in groups on entry and the number
   of groups on return. 0, or -1 with errno; ERANGE: *count says how much room is needed. */
int clinux_peer_groups(int descriptor, gid_t *groups, size_t *count);

/* One readiness report of man:epoll_wait(2). The kernel's own struct is packed on some machines and holds a union,
   which Swift reads badly. */
struct clinux_epoll_event {
    uint32_t events;
    uint64_t key;
};

enum {
    CLINUX_EPOLL_IN = 0x001,
    CLINUX_EPOLL_OUT = 0x004,
    CLINUX_EPOLL_ERROR = 0x008,
    CLINUX_EPOLL_HANGUP = 0x010,
    CLINUX_EPOLL_READ_HANGUP = 0x2000,
};

/* man:epoll_create1(2) with EPOLL_CLOEXEC. A descriptor, or -1 with errno. */
int clinux_epoll_create(void);

/* man:epoll_ctl(2), EPOLL_CTL_ADD, _MOD and _DEL. 0, or -1 with errno. */
int clinux_epoll_add(int epoll, int descriptor, uint32_t events, uint64_t key);
int clinux_epoll_modify(int epoll, int descriptor, uint32_t events, uint64_t key);
int clinux_epoll_remove(int epoll, int descriptor);

/* man:epoll_wait(2), at most 64 reports. The number of reports, or -1 with errno. */
int clinux_epoll_wait(int epoll, struct clinux_epoll_event *reports, int room, int timeout_milliseconds);

/* man:eventfd(2), non-blocking and close-on-exec. A descriptor, or -1 with errno. */
int clinux_eventfd_create(void);

/* man:timerfd_create(2) on CLOCK_BOOTTIME, non-blocking and close-on-exec. A descriptor, or -1 with errno. */
int clinux_timerfd_create(void);

/* Arms a timerfd for an absolute time in nanoseconds; 0 disarms it. 0, or -1 with errno. */
int clinux_timerfd_arm(int descriptor, int64_t deadline_nanoseconds);

/* man:pthread_create(3) with every signal blocked in the new thread but those that are a fault of its own, so that
   signals to the process reach whoever waits for them. The thread is detached. 0, or a positive errno. */
int clinux_start_thread(void *(*body)(void *), void *context);

/* man:pipe2(2), close-on-exec. 0, or -1 with errno. */
int clinux_pipe(int descriptors[2]);

/* man:memfd_create(2), close-on-exec. A descriptor, or -1 with errno. */
int clinux_memory_file(const char *name);

/* A descriptor that gives the signals of a set, man:signalfd(2), non-blocking and close-on-exec; the set must be blocked
   in every thread. A descriptor, or -1 with errno. */
int clinux_signal_descriptor(const void *set);

/* How many columns of a terminal a character takes, by the locale: man:wcwidth(3). -1 where that is not known. */
int clinux_width(uint32_t character);

/* The number of the next signal of such a descriptor; 0 if there is none, -1 with errno. */
int clinux_read_signal(int descriptor);
