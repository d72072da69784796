/* Numbers as text, fast and exact: the values strtod would give and the digits printf would print.
 *
 * Text of positions costs more than the transformation itself when it goes through the C library
 * (strtod and printf: about 470 ns a line; a TAN projection: about 110 ns a position), hence these.
 *
 * Reading  the caller guarantees that a character that belongs to no number ('\n', '\0') stands
 *          behind the text, so no bound is carried along.
 * Threads  all functions are pure.
 */
#ifndef SKYSCALE_NUMBER_H
#define SKYSCALE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/* Reads a decimal number ("12", "-.5", "1e3", "1d3", "nan") at `text`; returns what follows it, or
 * NULL when there is none or it is not followed by a blank, comma, '#' or end of line. Correctly
 * rounded. Infinite values, spelt out or by overflow, are refused. */
const char *sks_number_read(const char *text, double *value);

typedef enum sks_angle_form {
    SKS_ANGLE_PLAIN,   /* a number */
    SKS_ANGLE_COLONS,  /* "-12:34:56.7", "12:34.5" */
    SKS_ANGLE_HOURS,   /* "12h34m56.7s", "12h34.5m", "12h" */
    SKS_ANGLE_DEGREES, /* "-12d34m56.7s" */
} sks_angle_form;

/* As sks_number_read, and sexagesimal too; the value is in the unit of the first field, which the
 * form tells. Minutes and seconds of 60 or more are refused, and fractions but in the last field.
 */
const char *sks_angle_read(const char *text, double *value, sks_angle_form *form);

/* Writes `value` with `decimals` (0 to 15) digits after the point, right-justified in `width`
 * characters (at most 40), as printf("%*.*f") does; what does not fit is written in exponential
 * notation with as many digits as fit; NaN as "nan". Returns the position after it; writes no final
 * '\0'. width >= 7. */
char *sks_number_write(char *to, double value, int width, int decimals);

/* Writes `value` as sexagesimal, [sign]FF:MM:SS.sss with `decimals` (0 to 12) digits of seconds,
 * right-justified in `width` >= 11 + decimals. `modulus` 24 or 360: a value that rounds up to it
 * is written as zero; 0: none. A sign is written when `is_signed`, and before negative values.
 * What has no place there (999 and more) is written as a plain number; NaN as "nan". */
char *sks_sexagesimal_write(char *to, double value, int width, int decimals, int modulus,
                            bool is_signed);

#endif
