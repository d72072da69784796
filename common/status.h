/* How functions here fail: a status returned, and one line of text kept for the calling thread.
 *
 * A fallible function returns SKS_OK or the value of sks_fail(); its outputs are untouched on
 * failure. The text says what was wrong, with the value, and what would work.
 *
 * Threads  The text is thread-local. Whoever starts a thread copies status and text into memory
 *          of its own before that thread ends.
 */
#ifndef SKYSCALE_STATUS_H
#define SKYSCALE_STATUS_H

typedef enum sks_status {
    SKS_OK = 0,
    SKS_ERR_USAGE,     /* the request makes no sense: unknown name, value out of range */
    SKS_ERR_INPUT,     /* the data are wrong: not FITS, no WCS, a line that is no position */
    SKS_ERR_IO,        /* the system refused: no such file, disk full */
    SKS_ERR_NOMEM,     /* out of memory */
    SKS_ERR_CANCELLED, /* the user asked to stop */
    SKS_ERR_WORKER,    /* workers died, more often than can be made good */
    SKS_ERR_BUG,       /* only a mistake in this program can cause it */
} sks_status;

enum { SKS_MESSAGE_SIZE = 512 };

/* Sets the calling thread's text. The first text since sks_clear() is kept: what goes wrong later,
 * in clean-up, does not hide the cause. */
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
void sks_set_message(const char *format, ...);

/* sks_fail(status, format, ...) sets the text and is `status`. Macros, so that compilers and
 * analysers see that what comes out is not SKS_OK. */
#define sks_fail(status, ...) (sks_set_message(__VA_ARGS__), (status))

/* As sks_fail for an allocation that failed; `what` names what it was for. */
#define sks_fail_nomem(what) (sks_set_message("out of memory for %s", (what)), SKS_ERR_NOMEM)

/* The calling thread's text; "" when nothing failed since sks_clear(). */
const char *sks_message(void);

/* Forgets the calling thread's text. */
void sks_clear(void);

#endif
