/* Stands between the program and the system, and writes down in order what the program does to the files of a folder.

   RECORDER_FOLDER   The folder, with what lies below it.
   RECORDER_LOG      Where it is written down, outside that folder. One line an entry:

   create <file> <path>            an opened file was not there before
   resize <file> <length>
   write <file> <offset> <length>  followed by the bytes
   mode <file> <mode>
   sync <file>
   syncdir <path>
   rename <path> <path>
   link <path> <path>
   unlink <path>

   A file is named by the number of its inode. What passes by here unseen, a mapped file or a call of the system without
   the C library, is noticed: the entries have to lead to the very files that the run left behind.

   Nothing is really synchronised. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(type, name) ((type)dlsym(RTLD_NEXT, name))

/* The output of the program is redirected into its folder, and is no file of its own. */
static int is_inside(const char *path) {
    const char *folder = getenv("RECORDER_FOLDER");
    size_t length = folder ? strlen(folder) : 0;
    if (!length || strncmp(path, folder, length) != 0 || path[length] != '/') return 0;
    const char *name = path + length + 1;
    return strcmp(name, "stdout") != 0 && strcmp(name, "stderr") != 0;
}

static void note_bytes(const char *entry, const void *bytes, size_t count) {
    static int log = -1;
    if (log < 0) {
        log = (int)syscall(SYS_openat, AT_FDCWD, getenv("RECORDER_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    struct iovec parts[] = {{(void *)entry, strlen(entry)}, {(void *)bytes, count}};
    if (syscall(SYS_writev, log, parts, 2) != (long)(parts[0].iov_len + count)) abort();
}

static void note(const char *entry) { note_bytes(entry, "", 0); }

/* Where an opened file lies; empty for a socket. */
static const char *path_of(int fd) {
    static char path[PATH_MAX];
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = 0;
    return path;
}

static int is_file(int fd, struct stat *found) { return is_inside(path_of(fd)) && fstat(fd, found) == 0; }

/* The path with all links of its folder resolved, and without following the last one. */
static void absolute(const char *path, char *to) {
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    if (!realpath(folder, to)) abort();
    strcat(strcat(to, "/"), slash ? slash + 1 : path);
}

static void note_path(const char *what, const char *path) {
    char full[PATH_MAX], entry[2 * PATH_MAX];
    absolute(path, full);
    if (!is_inside(full)) return;
    snprintf(entry, sizeof entry, "%s %s\n", what, full);
    note(entry);
}

static void note_paths(const char *what, const char *from, const char *to) {
    char one[PATH_MAX], other[PATH_MAX], entry[3 * PATH_MAX];
    absolute(from, one);
    absolute(to, other);
    if (!is_inside(one) && !is_inside(other)) return;
    snprintf(entry, sizeof entry, "%s %s %s\n", what, one, other);
    note(entry);
}

static void note_number(const char *what, int fd, long long number) {
    struct stat found;
    char entry[128];
    if (!is_file(fd, &found)) return;
    snprintf(entry, sizeof entry, "%s %llu %lld\n", what, (unsigned long long)found.st_ino, number);
    note(entry);
}

static int open_it(int folder, const char *path, int flags, mode_t mode) {
    struct stat found;
    int was_there = fstatat(folder, path, &found, AT_SYMLINK_NOFOLLOW) == 0;
    int fd = REAL(int (*)(int, const char *, int, ...), "openat64")(folder, path, flags, mode);
    if (fd < 0 || !(flags & (O_CREAT | O_TRUNC)) || !is_file(fd, &found)) return fd;
    if (was_there && (flags & O_TRUNC)) note_number("resize", fd, 0);
    if (!was_there) {
        char entry[2 * PATH_MAX];
        snprintf(entry, sizeof entry, "create %llu %s\n", (unsigned long long)found.st_ino, path_of(fd));
        note(entry);
        note_number("mode", fd, found.st_mode & 07777);
    }
    return fd;
}

#define OPEN(name)                                              \
    int name(const char *path, int flags, ...) {                \
        va_list more;                                           \
        va_start(more, flags);                                  \
        mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0; \
        va_end(more);                                           \
        return open_it(AT_FDCWD, path, flags, mode);            \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                            \
    int name(int folder, const char *path, int flags, ...) {    \
        va_list more;                                           \
        va_start(more, flags);                                  \
        mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0; \
        va_end(more);                                           \
        return open_it(folder, path, flags, mode);              \
    }
OPENAT(openat)
OPENAT(openat64)

static void note_write(int fd, off64_t at, const void *bytes, ssize_t written) {
    struct stat found;
    char entry[128];
    if (written <= 0 || !is_file(fd, &found)) return;
    snprintf(entry, sizeof entry, "write %llu %lld %zd\n", (unsigned long long)found.st_ino, (long long)at, written);
    note_bytes(entry, bytes, (size_t)written);
}

ssize_t write(int fd, const void *bytes, size_t count) {
    ssize_t written = REAL(ssize_t (*)(int, const void *, size_t), "write")(fd, bytes, count);
    off64_t end = lseek64(fd, 0, SEEK_CUR);
    if (end >= 0) note_write(fd, end - written, bytes, written);
    return written;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    ssize_t written = REAL(ssize_t (*)(int, const void *, size_t, off64_t), "pwrite64")(fd, bytes, count, at);
    note_write(fd, at, bytes, written);
    return written;
}

int ftruncate64(int fd, off64_t length) {
    int result = REAL(int (*)(int, off64_t), "ftruncate64")(fd, length);
    if (result == 0) note_number("resize", fd, length);
    return result;
}

int fchmod(int fd, mode_t mode) {
    int result = REAL(int (*)(int, mode_t), "fchmod")(fd, mode);
    if (result == 0) note_number("mode", fd, mode & 07777);
    return result;
}

int fsync(int fd) {
    struct stat found;
    char entry[2 * PATH_MAX];
    const char *path = path_of(fd);
    if (fstat(fd, &found) != 0) return -1;
    if (S_ISDIR(found.st_mode)) {
        snprintf(entry, sizeof entry, "syncdir %s\n", path);
        note(entry);
    } else if (is_inside(path)) {
        snprintf(entry, sizeof entry, "sync %llu\n", (unsigned long long)found.st_ino);
        note(entry);
    }
    return 0;
}

int fdatasync(int fd) { return fsync(fd); }

int unlink(const char *path) {
    int result = REAL(int (*)(const char *), "unlink")(path);
    if (result == 0) note_path("unlink", path);
    return result;
}

int rename(const char *from, const char *to) {
    int result = REAL(int (*)(const char *, const char *), "rename")(from, to);
    if (result == 0) note_paths("rename", from, to);
    return result;
}

int link(const char *from, const char *to) {
    int result = REAL(int (*)(const char *, const char *), "link")(from, to);
    if (result == 0) note_paths("link", from, to);
    return result;
}
