/* Cards of a FITS header, 80 characters each; shared by image_header.c and image_write.c. */
#ifndef SKYSCALE_ASTRO_IMAGE_CARD_H
#define SKYSCALE_ASTRO_IMAGE_CARD_H

#include <stddef.h>

/* A card's keyword, without trailing blanks. */
static inline void card_keyword(const char *card, char keyword[9])
{
    size_t n = 0;

    while (n < 8 && card[n] != ' ' && card[n] != '\0') {
        keyword[n] = card[n];
        n++;
    }
    keyword[n] = '\0';
}

#endif
