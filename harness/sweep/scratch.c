#include "harness/sweep/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct sks_scratch {
    char *folder;
};

/* Plain files only: the folder is ours, but a folder somebody put into it is not. */
void sks_scratch_empty(const sks_scratch *scratch)
{
    DIR *folder = opendir(scratch->folder);
    const struct dirent *entry;

    if (folder == NULL)
        return;
    while ((entry = readdir(folder)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
}

sks_status sks_scratch_open(const char *database, sks_scratch **scratch)
{
    sks_scratch *s = calloc(1, sizeof(*s));

    if (s == NULL || asprintf(&s->folder, "%s-scratch", database) < 0) {
        free(s);
        return sks_fail_nomem("the scratch folder");
    }
    sks_scratch_empty(s);
    rmdir(s->folder);
    *scratch = s;
    return SKS_OK;
}

static sks_status place(sks_scratch *scratch, const sks_param *param, sks_values *values)
{
    char *path;
    sks_status status;

    if (mkdir(scratch->folder, 0777) != 0 && errno != EEXIST)
        return sks_fail(SKS_ERR_IO, "%s: %s", scratch->folder, strerror(errno));
    if (asprintf(&path, "%s/%s", scratch->folder, param->name) < 0)
        return sks_fail_nomem("the scratch folder");
    status = sks_values_set(values, param->name, path, param->name);
    free(path);
    return status;
}

sks_status sks_scratch_parameters(sks_scratch *scratch, const sks_values *parameters,
                                  sks_values **placed)
{
    sks_values *values = NULL;
    sks_status status = sks_values_copy(parameters, &values);

    if (status != SKS_OK)
        return status;
    for (const sks_param *p = sks_values_table(values); status == SKS_OK && p->name != NULL; p++)
        /* Products that are made only when asked for are left out. */
        if (p->type == SKS_OUTPUT && (p->is_required || p->default_text != NULL) &&
            !sks_values_was_given(values, p->name))
            status = place(scratch, p, values);
    if (status != SKS_OK) {
        sks_values_destroy(values);
        return status;
    }
    *placed = values;
    return SKS_OK;
}

void sks_scratch_close(sks_scratch *scratch)
{
    if (scratch == NULL)
        return;
    sks_scratch_empty(scratch);
    rmdir(scratch->folder);
    free(scratch->folder);
    free(scratch);
}
