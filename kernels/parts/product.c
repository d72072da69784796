#include "kernels/parts/product.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum { COPY_SIZE = 1 << 18 };

struct sks_product {
    char *path;      /* as asked for, in messages */
    char *target;    /* what commit replaces; NULL when it copies */
    char *temporary; /* name of the unfinished file; NULL when it has none */
    int fd;          /* the unfinished product */
    int sink;        /* where commit copies to; -1 when it renames */
};

static sks_status fail_errno(const char *path)
{
    return sks_fail(SKS_ERR_IO, "%s: %s", path, strerror(errno));
}

/* A file without a name in `folder`: a killed process leaves nothing. */
static int open_nameless(const char *folder)
{
    return open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
}

/* For file systems without O_TMPFILE. */
static sks_status open_named(sks_product *p, const char *stem)
{
    mode_t mask = umask(0);

    umask(mask);
    if (asprintf(&p->temporary, "%s.XXXXXX", stem) < 0) {
        p->temporary = NULL;
        return sks_fail_nomem("a file name");
    }
    p->fd = mkostemp(p->temporary, O_CLOEXEC);
    if (p->fd < 0) {
        free(p->temporary);
        p->temporary = NULL;
        return fail_errno(p->path);
    }
    if (fchmod(p->fd, 0666 & ~mask) != 0)
        return fail_errno(p->path);
    return SKS_OK;
}

static sks_status open_beside_target(sks_product *p)
{
    char folder[PATH_MAX];

    snprintf(folder, sizeof(folder), "%s", p->target);
    p->fd = open_nameless(dirname(folder));
    if (p->fd >= 0)
        return SKS_OK;
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
        return fail_errno(p->path);
    return open_named(p, p->target);
}

static sks_status open_spool(sks_product *p)
{
    const char *folder = getenv("TMPDIR");
    char stem[PATH_MAX];
    sks_status status;

    if (folder == NULL || folder[0] == '\0')
        folder = "/tmp";
    p->fd = open_nameless(folder);
    if (p->fd >= 0)
        return SKS_OK;
    snprintf(stem, sizeof(stem), "%s/skyscale", folder);
    status = open_named(p, stem);
    if (status == SKS_OK && unlink(p->temporary) == 0) {
        free(p->temporary);
        p->temporary = NULL;
    }
    return status;
}

/* The file that a chain of symbolic links ends at, whether it is there or not: the path itself
 * when it is no link. NULL: out of memory (links in circles are stat()'s to find). */
static char *follow_links(const char *path)
{
    char *at = strdup(path);

    while (at != NULL) {
        char link[PATH_MAX], *next = NULL;
        ssize_t length = readlink(at, link, sizeof(link) - 1);

        if (length < 0)
            break;
        link[length] = '\0';
        if (link[0] == '/')
            next = strdup(link);
        else if (asprintf(&next, "%s/%s", dirname(at), link) < 0) /* cuts `at` */
            next = NULL;
        free(at);
        at = next;
    }
    return at;
}

/* Decides between replacing a regular file and copying into something that cannot be replaced. */
static sks_status choose_target(sks_product *p)
{
    struct stat info;
    char resolved[PATH_MAX];

    if (strcmp(p->path, "-") == 0) {
        p->sink = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
        return p->sink >= 0 ? SKS_OK : sks_fail(SKS_ERR_IO, "standard output: %s", strerror(errno));
    }
    if (stat(p->path, &info) != 0) {
        if (errno != ENOENT || p->path[0] == '\0')
            return fail_errno(p->path);
        p->target = follow_links(p->path); /* a link may point to what is yet to be made */
        return p->target != NULL ? SKS_OK : sks_fail_nomem("a file name");
    }
    if (S_ISDIR(info.st_mode))
        return sks_fail(SKS_ERR_IO, "%s: is a directory", p->path);
    if (S_ISREG(info.st_mode)) {
        if (access(p->path, W_OK) != 0)
            return fail_errno(p->path);
        /* Through a symbolic link the file it points to is replaced, not the link. */
        p->target = strdup(realpath(p->path, resolved) != NULL ? resolved : p->path);
        return p->target != NULL ? SKS_OK : sks_fail_nomem("a file name");
    }
    p->sink = open(p->path, O_WRONLY | O_CLOEXEC);
    return p->sink >= 0 ? SKS_OK : fail_errno(p->path);
}

sks_status sks_product_create(const char *path, sks_product **product)
{
    sks_product *p = calloc(1, sizeof(*p));
    sks_status status;

    if (p == NULL)
        return sks_fail_nomem("the product");
    p->fd = p->sink = -1;
    p->path = strdup(path);
    status = p->path != NULL ? choose_target(p) : sks_fail_nomem("a file name");
    if (status == SKS_OK)
        status = p->target != NULL ? open_beside_target(p) : open_spool(p);
    if (status != SKS_OK) {
        sks_product_destroy(p);
        return status;
    }
    *product = p;
    return SKS_OK;
}

sks_status sks_product_check(const char *path)
{
    struct stat info;
    sks_product *product = NULL;
    sks_status status;

    if (strcmp(path, "-") == 0 ||
        (stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)))
        return SKS_OK;
    status = sks_product_create(path, &product);
    sks_product_destroy(product);
    return status;
}

sks_status sks_product_write(sks_product *product, const void *data, size_t size, uint64_t offset)
{
    const char *from = data;

    while (size > 0) {
        ssize_t written = pwrite(product->fd, from, size, (off_t)offset);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return fail_errno(product->path);
        from += written;
        size -= (size_t)written;
        offset += (uint64_t)written;
    }
    return SKS_OK;
}

/* Puts `from` in place of p->target in one step and removes `from`, which then names the old file.
 * An exchange rather than a rename: a rename over an older file makes ext4 write the new one to the
 * disk at once, which takes longer than computing it. */
static sks_status replace_target(const sks_product *p, const char *from)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, p->target, RENAME_EXCHANGE) == 0) {
        if (unlink(from) == 0 || errno != EISDIR)
            return SKS_OK;
        /* In the meantime the target became a folder: back. */
        renameat2(AT_FDCWD, from, AT_FDCWD, p->target, RENAME_EXCHANGE);
        errno = EISDIR;
    } else if (rename(from, p->target) == 0) {
        return SKS_OK;
    }
    sks_set_message("%s: %s", p->path, strerror(errno));
    unlink(from);
    return SKS_ERR_IO;
}

/* Gives the nameless file its name. link() does not replace, so an existing target is replaced by
 * way of a passing name. */
static sks_status put_in_place(sks_product *p)
{
    char self[64];
    char passing[PATH_MAX];

    if (p->temporary != NULL) {
        sks_status status = replace_target(p, p->temporary);

        free(p->temporary);
        p->temporary = NULL;
        return status;
    }
    snprintf(self, sizeof(self), "/proc/self/fd/%d", p->fd);
    if (linkat(AT_FDCWD, self, AT_FDCWD, p->target, AT_SYMLINK_FOLLOW) == 0)
        return SKS_OK;
    if (errno != EEXIST)
        return fail_errno(p->path);
    for (unsigned i = 0; i < 100; i++) {
        snprintf(passing, sizeof(passing), "%s.%ld-%u", p->target, (long)getpid(), i);
        if (linkat(AT_FDCWD, self, AT_FDCWD, passing, AT_SYMLINK_FOLLOW) == 0)
            return replace_target(p, passing);
        if (errno != EEXIST)
            break;
    }
    return fail_errno(p->path);
}

static sks_status copy_out(const sks_product *p)
{
    const char *name = strcmp(p->path, "-") == 0 ? "standard output" : p->path;
    char *buffer = malloc(COPY_SIZE);
    off_t offset = 0;
    ssize_t got;
    sks_status status = SKS_OK;

    if (buffer == NULL)
        return sks_fail_nomem("copying the product");
    while (status == SKS_OK && (got = pread(p->fd, buffer, COPY_SIZE, offset)) != 0) {
        if (got < 0) {
            status = fail_errno(p->path);
            break;
        }
        for (ssize_t done = 0; done < got;) {
            ssize_t written = write(p->sink, buffer + done, (size_t)(got - done));

            if (written < 0 && errno == EINTR)
                continue;
            if (written <= 0) {
                status = sks_fail(SKS_ERR_IO, "%s: %s", name, strerror(errno));
                break;
            }
            done += written;
        }
        offset += got;
    }
    free(buffer);
    return status;
}

sks_status sks_product_commit(sks_product *product)
{
    return product->sink >= 0 ? copy_out(product) : put_in_place(product);
}

sks_status sks_product_read(const sks_product *product, void *data, size_t size, uint64_t offset)
{
    char *to = data;

    while (size > 0) {
        ssize_t got = pread(product->fd, to, size, (off_t)offset);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(product->path);
        if (got == 0)
            return sks_fail(SKS_ERR_IO, "%s: shorter than it should be", product->path);
        to += got;
        size -= (size_t)got;
        offset += (uint64_t)got;
    }
    return SKS_OK;
}

static sks_status digest_fd(int fd, const char *name, sks_digest *digest)
{
    XXH3_state_t *hash = XXH3_createState();
    char *buffer = malloc(COPY_SIZE);
    off_t offset = 0;
    ssize_t got = 0;
    sks_status status = SKS_OK;

    if (hash == NULL || buffer == NULL) {
        status = sks_fail_nomem("a digest");
        goto out;
    }
    XXH3_128bits_reset(hash);
    while ((got = pread(fd, buffer, COPY_SIZE, offset)) > 0) {
        XXH3_128bits_update(hash, buffer, (size_t)got);
        offset += got;
    }
    if (got < 0) {
        status = fail_errno(name);
        goto out;
    }
    {
        XXH128_canonical_t canonical;

        XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(hash));
        for (size_t i = 0; i < sizeof(canonical.digest); i++)
            snprintf(digest->hex + 2 * i, 3, "%02x", canonical.digest[i]);
    }
out:
    free(buffer);
    XXH3_freeState(hash);
    return status;
}

sks_status sks_product_digest(const sks_product *product, sks_digest *digest)
{
    return digest_fd(product->fd, product->path, digest);
}

sks_status sks_file_digest(const char *path, sks_digest *digest)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    sks_status status;

    if (fd < 0)
        return fail_errno(path);
    status = digest_fd(fd, path, digest);
    close(fd);
    return status;
}

void sks_product_destroy(sks_product *product)
{
    if (product == NULL)
        return;
    if (product->temporary != NULL)
        unlink(product->temporary);
    if (product->fd >= 0)
        close(product->fd);
    if (product->sink >= 0)
        close(product->sink);
    free(product->temporary);
    free(product->target);
    free(product->path);
    free(product);
}
