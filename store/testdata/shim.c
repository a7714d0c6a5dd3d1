// Preloaded into a test process. It writes down every write, truncation and
// sync of SQLite's files, in order, or lets every n-th of them fail.
//
//   SHIM_TRACE=path   append records to this file:
//                     op u8 (w t b e), file u8 (0 database, 1 write-ahead log),
//                     offset u64, length u32, data; b and e begin and end a sync
//   SHIM_SYNC_EIO=n   every n-th sync fails with EIO
//   SHIM_WRITE_EIO=n  every n-th write fails with EIO
//   SHIM_NEW_EIO=n    write number n to a database that is being made fails with EIO
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int trace = -2;
static unsigned long syncs, writes, created;

static int file_of(int fd) {
	char link[64], path[4096];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof path - 1);
	if (n < 0) return -1;
	path[n] = 0;
	const char *base = strrchr(path, '/');
	if (!base) return -1;
	if (!strcmp(base, "/run.db")) return 0;
	if (!strcmp(base, "/run.db-wal")) return 1;
	if (!strncmp(base, "/run.db.new", 11)) return 2;
	return -1;
}

static void note(char op, int file, uint64_t off, const void *data, uint32_t n) {
	pthread_mutex_lock(&lock);
	if (trace == -2) {
		const char *path = getenv("SHIM_TRACE");
		trace = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
	}
	if (trace >= 0) {
		unsigned char head[14];
		head[0] = op;
		head[1] = file;
		memcpy(head + 2, &off, 8);
		memcpy(head + 10, &n, 4);
		struct iovec v[2] = {{head, sizeof head}, {(void *)data, data ? n : 0}};
		if (writev(trace, v, 2) < 0) abort();
	}
	pthread_mutex_unlock(&lock);
}

static int fails(const char *name, unsigned long *count) {
	const char *v = getenv(name);
	if (!v) return 0;
	unsigned long n = strtoul(v, 0, 10);
	return n && __sync_add_and_fetch(count, 1) % n == 0;
}

typedef ssize_t (*pwrite_fn)(int, const void *, size_t, off64_t);

static ssize_t do_pwrite(const char *name, int fd, const void *b, size_t n, off64_t off) {
	pwrite_fn real = (pwrite_fn)dlsym(RTLD_NEXT, name);
	int f = file_of(fd);
	if (f == 2) {
		const char *v = getenv("SHIM_NEW_EIO");
		if (v && __sync_add_and_fetch(&created, 1) == strtoul(v, 0, 10)) { errno = EIO; return -1; }
	} else if (f >= 0) {
		if (fails("SHIM_WRITE_EIO", &writes)) { errno = EIO; return -1; }
		note('w', f, off, b, n);
	}
	return real(fd, b, n, off);
}

ssize_t pwrite(int fd, const void *b, size_t n, off_t off) { return do_pwrite("pwrite", fd, b, n, off); }
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t off) { return do_pwrite("pwrite64", fd, b, n, off); }

static int do_truncate(const char *name, int fd, off64_t n) {
	int (*real)(int, off64_t) = (int (*)(int, off64_t))dlsym(RTLD_NEXT, name);
	int f = file_of(fd);
	if (f >= 0 && f < 2) note('t', f, n, 0, 0);
	return real(fd, n);
}

int ftruncate(int fd, off_t n) { return do_truncate("ftruncate", fd, n); }
int ftruncate64(int fd, off64_t n) { return do_truncate("ftruncate64", fd, n); }

static int do_sync(const char *name, int fd) {
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
	int f = file_of(fd);
	if (f < 0 || f == 2) return real(fd);
	if (fails("SHIM_SYNC_EIO", &syncs)) { errno = EIO; return -1; }
	note('b', f, 0, 0, 0);
	int rc = getenv("SHIM_TRACE") ? 0 : real(fd); // the replay decides what was durable
	note('e', f, 0, 0, 0);
	return rc;
}

int fsync(int fd) { return do_sync("fsync", fd); }
int fdatasync(int fd) { return do_sync("fdatasync", fd); }
