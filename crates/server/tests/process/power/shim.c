/* Stands between a process and its disk, for power cuts (security X4): whatever is done to files below POWER_DIR is done,
 * and written into POWER_LOG in the order in which it was done. What the disk may hold after a cut is worked out from
 * that log (power.rs).
 *
 * A sync is only written down: nothing is waited for. Those of files whose name holds POWER_IGNORE are not even that, as
 * if the program had forgotten them. Only the calls below are seen, and mapped memory is not: a test compares what was
 * seen with what is there (power.rs). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES_MAX 65536

enum kind { FOUND = 1, MADE = 2, WRITE = 3, TRUNCATE = 4, RENAME = 5, UNLINK = 6, SYNC = 7, SYNC_DIR = 8, MKDIR = 9 };

/* Little-endian; then the names and the bytes. */
struct head {
    uint32_t kind;
    uint32_t name_length;
    uint32_t other_length;
    uint32_t byte_count;
    uint64_t file;
    uint64_t offset;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_length;
static const char *ignored;
static int log_fd = -1;
/* 0: not ours; 1: a file below the root; 2: a directory there. */
static unsigned char ours[FILES_MAX];
static unsigned char unsynced[FILES_MAX];

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static int (*real_close)(int);
static int (*real_ftruncate)(int, off_t);
static int (*real_fallocate)(int, off_t, off_t);
static int (*real_rename)(const char *, const char *);
static int (*real_unlink)(const char *);
static int (*real_mkdir)(const char *, mode_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);

__attribute__((constructor)) static void start(void) {
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_writev = dlsym(RTLD_NEXT, "writev");
    real_open = dlsym(RTLD_NEXT, "open64");
    real_openat = dlsym(RTLD_NEXT, "openat64");
    real_close = dlsym(RTLD_NEXT, "close");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_fallocate = dlsym(RTLD_NEXT, "posix_fallocate64");
    real_rename = dlsym(RTLD_NEXT, "rename");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    real_mkdir = dlsym(RTLD_NEXT, "mkdir");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    const char *dir = getenv("POWER_DIR"), *log = getenv("POWER_LOG");
    ignored = getenv("POWER_IGNORE");
    if (!dir || !log || snprintf(root, sizeof root, "%s", dir) >= (int)sizeof root) abort();
    root_length = strlen(root);
    log_fd = real_open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_fd < 0) abort();
}

/* The path below the root, or NULL. Paths of the program are absolute or begin at its working directory. */
static const char *below(const char *path, char *room) {
    if (path[0] != '/') {
        char here[PATH_MAX];
        if (!getcwd(here, sizeof here) || snprintf(room, PATH_MAX, "%s/%s", here, path) >= PATH_MAX) return NULL;
        path = room;
    }
    if (strncmp(path, root, root_length)) return NULL;
    if (path[root_length] == 0) return "";
    return path[root_length] == '/' ? path + root_length + 1 : NULL;
}

static void note(enum kind kind, uint64_t file, uint64_t offset, const char *name, const char *other, const void *bytes,
                 size_t count) {
    struct head head = {kind, (uint32_t)strlen(name), (uint32_t)strlen(other), (uint32_t)count, file, offset};
    struct iovec parts[4] = {{&head, sizeof head},
                             {(void *)name, head.name_length},
                             {(void *)other, head.other_length},
                             {(void *)bytes, count}};
    ssize_t whole = (ssize_t)(sizeof head + head.name_length + head.other_length + count);
    if (real_writev(log_fd, parts, 4) != whole) abort();
}

static uint64_t file_of(int fd) {
    struct stat found;
    return fstat(fd, &found) ? 0 : (uint64_t)found.st_ino;
}

static int is_ours(int fd) { return fd >= 0 && fd < FILES_MAX && ours[fd]; }

static int open_any(int dir, const char *path, int flags, mode_t mode) {
    char room[PATH_MAX];
    const char *name = (path[0] == '/' || dir == AT_FDCWD) && log_fd >= 0 ? below(path, room) : NULL;
    if (!name) return dir == AT_FDCWD ? real_open(path, flags, mode) : real_openat(dir, path, flags, mode);
    pthread_mutex_lock(&lock);
    struct stat found;
    int was_there = !stat(path, &found);
    int fd = real_open(path, flags, mode);
    if (fd >= 0 && fd < FILES_MAX && !fstat(fd, &found)) {
        int is_dir = S_ISDIR(found.st_mode);
        ours[fd] = is_dir ? 2 : 1;
        unsynced[fd] = ignored && *ignored && strstr(name, ignored) != NULL;
        if (!is_dir) note(was_there ? FOUND : MADE, found.st_ino, 0, name, "", NULL, 0);
        else note(FOUND, found.st_ino, 1, name, "", NULL, 0);
        if (was_there && (flags & O_TRUNC) && !is_dir) note(TRUNCATE, found.st_ino, 0, "", "", NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    return fd;
}

static mode_t mode_of(int flags, va_list more) { return flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; }

int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = mode_of(flags, more);
    va_end(more);
    return open_any(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = mode_of(flags, more);
    va_end(more);
    return open_any(AT_FDCWD, path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = mode_of(flags, more);
    va_end(more);
    return open_any(dir, path, flags, mode);
}

int openat64(int dir, const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = mode_of(flags, more);
    va_end(more);
    return open_any(dir, path, flags, mode);
}

int close(int fd) {
    if (is_ours(fd)) {
        pthread_mutex_lock(&lock);
        ours[fd] = unsynced[fd] = 0;
        pthread_mutex_unlock(&lock);
    }
    return real_close(fd);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t offset) {
    if (!is_ours(fd)) return real_pwrite(fd, bytes, count, offset);
    pthread_mutex_lock(&lock);
    ssize_t done = real_pwrite(fd, bytes, count, offset);
    if (done > 0) note(WRITE, file_of(fd), (uint64_t)offset, "", "", bytes, (size_t)done);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return pwrite64(fd, bytes, count, offset); }

/* Where the next write without an offset goes. */
static off_t place_of(int fd) {
    struct stat found;
    if ((fcntl(fd, F_GETFL) & O_APPEND) && !fstat(fd, &found)) return found.st_size;
    return lseek(fd, 0, SEEK_CUR);
}

ssize_t write(int fd, const void *bytes, size_t count) {
    if (!is_ours(fd)) return real_write(fd, bytes, count);
    pthread_mutex_lock(&lock);
    off_t offset = place_of(fd);
    ssize_t done = real_write(fd, bytes, count);
    if (done > 0) note(WRITE, file_of(fd), (uint64_t)offset, "", "", bytes, (size_t)done);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (!is_ours(fd)) return real_writev(fd, parts, count);
    ssize_t total = 0;
    for (int at = 0; at < count; at++) {
        if (!parts[at].iov_len) continue;
        ssize_t done = write(fd, parts[at].iov_base, parts[at].iov_len);
        if (done < 0) return total ? total : done;
        total += done;
        if ((size_t)done < parts[at].iov_len) break;
    }
    return total;
}

int ftruncate64(int fd, off_t length) {
    if (!is_ours(fd)) return real_ftruncate(fd, length);
    pthread_mutex_lock(&lock);
    int failed = real_ftruncate(fd, length);
    if (!failed) note(TRUNCATE, file_of(fd), (uint64_t)length, "", "", NULL, 0);
    pthread_mutex_unlock(&lock);
    return failed;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

/* Room that is taken beforehand is taken as a longer file. */
int posix_fallocate64(int fd, off_t offset, off_t length) {
    struct stat found;
    if (!is_ours(fd)) return real_fallocate(fd, offset, length);
    if (fstat(fd, &found)) return EIO;
    return offset + length > found.st_size && ftruncate64(fd, offset + length) ? EIO : 0;
}

int posix_fallocate(int fd, off_t offset, off_t length) { return posix_fallocate64(fd, offset, length); }

int rename(const char *from, const char *to) {
    char room[PATH_MAX], other_room[PATH_MAX];
    const char *name = below(from, room), *other = below(to, other_room);
    if (!name || !other) return real_rename(from, to);
    pthread_mutex_lock(&lock);
    int failed = real_rename(from, to);
    if (!failed) note(RENAME, 0, 0, name, other, NULL, 0);
    pthread_mutex_unlock(&lock);
    return failed;
}

int unlink(const char *path) {
    char room[PATH_MAX];
    const char *name = below(path, room);
    if (!name) return real_unlink(path);
    pthread_mutex_lock(&lock);
    int failed = real_unlink(path);
    if (!failed) note(UNLINK, 0, 0, name, "", NULL, 0);
    pthread_mutex_unlock(&lock);
    return failed;
}

int mkdir(const char *path, mode_t mode) {
    char room[PATH_MAX];
    const char *name = below(path, room);
    if (!name) return real_mkdir(path, mode);
    pthread_mutex_lock(&lock);
    int failed = real_mkdir(path, mode);
    if (!failed) note(MKDIR, 0, 0, name, "", NULL, 0);
    pthread_mutex_unlock(&lock);
    return failed;
}

static int sync_any(int fd, int (*real)(int)) {
    if (!is_ours(fd)) return real(fd);
    pthread_mutex_lock(&lock);
    if (!unsynced[fd]) note(ours[fd] == 2 ? SYNC_DIR : SYNC, file_of(fd), 0, "", "", NULL, 0);
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int fd) { return sync_any(fd, real_fsync); }

int fdatasync(int fd) { return sync_any(fd, real_fdatasync); }
