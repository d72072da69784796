#include "common/status.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char message[SKS_MESSAGE_SIZE];

sks_status sks_fail(sks_status status, const char *format, ...)
{
    if (message[0] == '\0') {
        va_list args;

        va_start(args, format);
        vsnprintf(message, sizeof(message), format, args);
        va_end(args);
        /* One line, whatever a file name or a library's text contains. */
        for (char *c = message; *c != '\0'; c++)
            if ((unsigned char)*c < 0x20 || *c == 0x7f)
                *c = '?';
    }
    return status;
}

sks_status sks_fail_nomem(const char *what)
{
    return sks_fail(SKS_ERR_NOMEM, "out of memory for %s", what);
}

const char *sks_message(void)
{
    return message;
}

void sks_clear(void)
{
    message[0] = '\0';
}
