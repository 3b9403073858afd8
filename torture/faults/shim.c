/* A disk that fails on command. It is loaded before the C library (LD_PRELOAD) and stands between SQLite and the system:
 * the calls that are named by a `struct order`, on files whose path ends as it says, fail as it says. The orders lie in a
 * file that the test maps as well (DISK_FAULTS), so that a running server is harmed and healed between two calls.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum call { NONE, OPEN, READ, WRITE, SYNC, TRUNCATE };
enum manner { FAIL, TEAR, SHORTEN, DIE };

struct order {
    int32_t call;     /* NONE: all is well */
    int32_t manner;   /* how it fails: at once; after half was written; by doing half; by taking the process along */
    int32_t error;    /* what it says, such as EIO */
    int32_t skip;     /* so many calls go well before */
    int32_t times;    /* so many fail; then all is well again */
    int32_t met;      /* how many have failed */
    char ending[32];  /* of the paths of the files that are meant */
};

enum { ORDERS = 2 };

static struct order *orders;

__attribute__((constructor)) static void listen_for_orders(void) {
    const char *path = getenv("DISK_FAULTS");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *mapped = mmap(NULL, ORDERS * sizeof *orders, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    orders = mapped == MAP_FAILED ? NULL : mapped;
}

/* The order about such a call, if there is one. */
static struct order *about(enum call call) {
    for (int i = 0; orders && i < ORDERS; i++)
        if (__atomic_load_n(&orders[i].call, __ATOMIC_SEQ_CST) == (int32_t)call) return &orders[i];
    return NULL;
}

static int is_meant(const struct order *order, const char *path) {
    size_t length = strlen(path), ending = strlen(order->ending);
    return length >= ending && strcmp(path + length - ending, order->ending) == 0;
}

/* The order by which this call must fail, if there is one. It is counted. */
static struct order *striking(enum call call, const char *path) {
    struct order *order = about(call);
    if (!order || !is_meant(order, path)) return NULL;
    if (__atomic_fetch_sub(&order->skip, 1, __ATOMIC_SEQ_CST) > 0) return NULL;
    if (__atomic_fetch_sub(&order->times, 1, __ATOMIC_SEQ_CST) <= 0) return NULL;
    __atomic_fetch_add(&order->met, 1, __ATOMIC_SEQ_CST);
    if (order->manner == DIE) raise(SIGKILL);
    errno = order->error;
    return order;
}

static struct order *striking_descriptor(enum call call, int file) {
    char link[40], path[PATH_MAX];
    if (!about(call)) return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return NULL;
    path[length] = 0;
    return striking(call, path);
}

/* The next definition of a function, which is the C library's. */
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) {
    struct order *order = striking_descriptor(WRITE, file);
    if (!order) return REAL(pwrite64)(file, bytes, count, at);
    ssize_t written = order->manner == FAIL ? -1 : REAL(pwrite64)(file, bytes, count / 2, at);
    errno = order->error;
    return order->manner == SHORTEN ? written : -1;
}

ssize_t pread64(int file, void *bytes, size_t count, off64_t at) {
    return striking_descriptor(READ, file) ? -1 : REAL(pread64)(file, bytes, count, at);
}

int fsync(int file) {
    return striking_descriptor(SYNC, file) ? -1 : REAL(fsync)(file);
}

int fdatasync(int file) {
    return striking_descriptor(SYNC, file) ? -1 : REAL(fdatasync)(file);
}

int ftruncate64(int file, off64_t length) {
    return striking_descriptor(TRUNCATE, file) ? -1 : REAL(ftruncate64)(file, length);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return striking(OPEN, path) ? -1 : REAL(open64)(path, flags, mode);
}
