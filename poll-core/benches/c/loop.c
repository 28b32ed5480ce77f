/* The workloads that need nothing but a loop, in C: by hand on epoll (-DRAW), on libev (-DEV), on
 * libuv (-DUV). Told on standard input how often, it says on standard output how many nanoseconds
 * it took; a workload that it does not know ends it. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CAPACITY = 1024, MESSAGE = 64, MAX = 10000 };

static void on_ready(int token);

#if defined RAW

static int queue;
static struct epoll_event batch[CAPACITY];

static void make(void) { queue = epoll_create1(EPOLL_CLOEXEC); }

static void add(int fd, int token) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.u64 = token};
    epoll_ctl(queue, EPOLL_CTL_ADD, fd, &event);
}

static void take(int fd, int token) {
    (void)token;
    epoll_ctl(queue, EPOLL_CTL_DEL, fd, NULL);
}

static void turn(int block) {
    int n = epoll_wait(queue, batch, CAPACITY, block ? -1 : 0);
    for (int i = 0; i < n; i++)
        on_ready((int)batch[i].data.u64);
}

#elif defined EV

#include <ev.h>

static struct ev_loop *loop;
static ev_io watchers[MAX];

static void ready(struct ev_loop *l, ev_io *watcher, int what) {
    (void)l, (void)what;
    on_ready((int)(watcher - watchers));
}

static void make(void) { loop = ev_default_loop(EVBACKEND_EPOLL); }

static void add(int fd, int token) {
    ev_io_init(&watchers[token], ready, fd, EV_READ);
    ev_io_start(loop, &watchers[token]);
}

static void take(int fd, int token) {
    (void)fd;
    ev_io_stop(loop, &watchers[token]);
}

static void turn(int block) { ev_run(loop, block ? EVRUN_ONCE : EVRUN_NOWAIT); }

#elif defined UV

#include <uv.h>

static uv_loop_t *loop;
static uv_poll_t handles[MAX];

static void ready(uv_poll_t *handle, int status, int events) {
    (void)status, (void)events;
    on_ready((int)(handle - handles));
}

static void make(void) { loop = uv_default_loop(); }

static void add(int fd, int token) {
    uv_poll_init(loop, &handles[token], fd);
    uv_poll_start(&handles[token], UV_READABLE, ready);
}

static void take(int fd, int token) {
    (void)fd;
    uv_close((uv_handle_t *)&handles[token], NULL);
    uv_run(loop, UV_RUN_NOWAIT);
}

static void turn(int block) { uv_run(loop, block ? UV_RUN_ONCE : UV_RUN_NOWAIT); }

#endif

static int fds[MAX], sources, active, consume, seen;
static char bytes[256];
static enum { ACTIVE, READY, EMPTY, PAIR, TALK } kind;

static void on_ready(int token) {
    if (kind == TALK)
        (void)!recv(fds[token], bytes, sizeof bytes, 0);
    else if (consume)
        (void)!read(fds[token], bytes, 8);
    seen++;
}

static void ring(int fd) {
    uint64_t one = 1;
    (void)!write(fd, &one, sizeof one);
}

static void until(int n) {
    for (seen = 0; seen < n;)
        turn(1);
}

static void operate(void) {
    static int first;
    switch (kind) {
    case ACTIVE:
        for (int i = 0; i < active; i++)
            ring(fds[(first + i * (sources / active)) % sources]);
        first = (first + 1) % sources;
        until(active);
        break;
    case READY:
        until(active);
        break;
    case EMPTY:
        turn(0);
        break;
    case PAIR:
        add(fds[1], 1);
        take(fds[1], 1);
        break;
    case TALK:
        for (int from = 0; from < 2; from++) {
            send(fds[from], bytes, MESSAGE, MSG_NOSIGNAL);
            until(1);
        }
        break;
    }
}

static int parse(const char *name) {
    char text[64], *to = text;
    for (; *name && to < text + sizeof text - 1; name++)
        if (*name != ',')
            *to++ = *name;
    *to = 0;
    consume = 1;
    if (sscanf(text, "%d sources %d active", &sources, &active) == 2) {
        kind = ACTIVE;
    } else if (sscanf(text, "%d ready", &active) == 1 && strstr(text, "level")) {
        kind = READY, sources = active, consume = 0;
    } else if (!strcmp(text, "empty wait")) {
        kind = EMPTY, sources = 1;
    } else if (!strcmp(text, "register deregister")) {
        kind = PAIR, sources = 2;
    } else if (!strcmp(text, "ping-pong Unix")) {
        kind = TALK, sources = 2;
    } else {
        return 0;
    }
    return sources <= MAX;
}

int main(int count, char **arguments) {
    if (count != 2 || !parse(arguments[1]))
        return 1;
    make();
    if (kind == TALK)
        (void)!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds);
    else
        for (int i = 0; i < sources; i++)
            fds[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    for (int i = 0; i < sources - (kind == PAIR); i++) {
        add(fds[i], i);
        if (kind == READY)
            ring(fds[i]);
    }
    puts("ready");
    fflush(stdout);
    long times;
    while (scanf("%ld", &times) == 1) {
        struct timespec from, to;
        clock_gettime(CLOCK_MONOTONIC, &from);
        for (long i = 0; i < times; i++)
            operate();
        clock_gettime(CLOCK_MONOTONIC, &to);
        printf("%lld\n",
               (to.tv_sec - from.tv_sec) * 1000000000LL + (to.tv_nsec - from.tv_nsec));
        fflush(stdout);
    }
    return 0;
}
