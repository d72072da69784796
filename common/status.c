#include "common/status.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char message[SKS_MESSAGE_SIZE];

void sks_set_message(const char *format, ...)
{
    va_list args;

    if (message[0] != '\0')
        return;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    /* One line, whatever a file name or a library's text contains. */
    for (char *c = message; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
}

const char *sks_message(void)
{
    return message;
}

void sks_clear(void)
{
    message[0] = '\0';
}
