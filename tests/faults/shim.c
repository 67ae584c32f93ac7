/* Stands between the program and the system, to harm it at an exact moment. Told by the environment:

   FAULTS_KILL=sync:7      SIGKILL at the 7th fsync, most of which are steps on the way to a commit.
   FAULTS_KILL=before:7    SIGKILL before the 7th removal of the state's journal, which is the commit,
   FAULTS_KILL=after:7     or right after it. The mirror's commits count too, where it is written.
   FAULTS_KILL=write:7     SIGKILL before the 7th write to the state or its journal.
   FAULTS_STOP=write:7     SIGSTOP before it: the process stands still until it is told to go on.
   FAULTS_KILL=bucket:7    SIGKILL when the shared bucket was emptied for the 7th time, to be written anew.
   FAULTS_FULL=7           The disk is full from the 7th write to the state or its journal on. A request after that
                           is a crime: SIGABRT.
   FAULTS_REFUSE=2         The 2nd connection is refused.
   FAULTS_CLOCK=-3600      The wall clock is an hour slow.
   FAULTS_JUMP=7           The wall clock is set forward by an hour right after the 7th commit.

   Nothing is really synchronised: a killed process loses nothing that it wrote, and the tests are faster. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static long number(const char *name) {
    const char *value = getenv(name);
    return value ? atol(value) : 0;
}

/* The state or its journal, not the lock file beside it. */
static int is_state(const char *path) {
    return strstr(path, "state.db") != NULL && strstr(path, ".lock") == NULL;
}

static const char *path_of(int fd) {
    static char path[4096];
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = 0;
    return path;
}

static int is_state_file(int fd) { return is_state(path_of(fd)); }

static long syncs = 0, commits = 0, writes = 0, connections = 0, buckets = 0, pages = 0;

static int is_at(const char *name, const char *moment, long count) {
    const char *at = getenv(name);
    size_t length = strlen(moment);
    return at && strncmp(at, moment, length) == 0 && at[length] == ':' && atol(at + length + 1) == count;
}

static void strike(const char *moment, long count) {
    if (is_at("FAULTS_KILL", moment, count)) raise(SIGKILL);
    if (is_at("FAULTS_STOP", moment, count)) raise(SIGSTOP);
}

int fsync(int fd) { (void)fd; strike("sync", ++syncs); return 0; }
int fdatasync(int fd) { return fsync(fd); }

int unlink(const char *path) {
    int (*real)(const char *) = dlsym(RTLD_NEXT, "unlink");
    if (!is_state(path) && strstr(path, "mirror.db") == NULL) return real(path);
    strike("before", ++commits);
    int result = real(path);
    strike("after", commits);
    return result;
}

int ftruncate64(int fd, off64_t length) {
    int (*real)(int, off64_t) = dlsym(RTLD_NEXT, "ftruncate64");
    int result = real(fd, length);
    if (strstr(path_of(fd), "bucket") != NULL) strike("bucket", ++buckets);
    return result;
}

static int is_full(int fd) {
    long from = number("FAULTS_FULL");
    if (!from || !is_state_file(fd) || ++writes < from) return 0;
    errno = ENOSPC;
    return 1;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    ssize_t (*real)(int, const void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pwrite64");
    if (is_state_file(fd)) strike("write", ++pages);
    return is_full(fd) ? -1 : real(fd, bytes, count, at);
}

ssize_t write(int fd, const void *bytes, size_t count) {
    ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    return is_full(fd) ? -1 : real(fd, bytes, count);
}

ssize_t send(int fd, const void *bytes, size_t count, int flags) {
    ssize_t (*real)(int, const void *, size_t, int) = dlsym(RTLD_NEXT, "send");
    long full = number("FAULTS_FULL");
    if (full && writes >= full) abort();
    return real(fd, bytes, count, flags);
}

int connect(int fd, const struct sockaddr *address, socklen_t length) {
    int (*real)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
    if (address->sa_family == AF_INET && ++connections == number("FAULTS_REFUSE")) {
        errno = ECONNREFUSED;
        return -1;
    }
    return real(fd, address, length);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, time);
    if (clock == CLOCK_REALTIME) time->tv_sec += number("FAULTS_CLOCK");
    long jump = number("FAULTS_JUMP");
    if (clock == CLOCK_REALTIME && jump && commits >= jump) time->tv_sec += 3600;
    return result;
}
