/* The paper's recipes: names for combinations of an executor and a scheduler, accepted wherever an
 * executor's name is.
 */
#ifndef SKYSCALE_RECIPES_H
#define SKYSCALE_RECIPES_H

#include "harness/executors/executor.h"

typedef struct sks_recipe {
    const char *name;
    const char *summary;
    const char *citation;
    const char *executor;
    const char *scheduler; /* NULL: whichever is chosen */
} sks_recipe;

/* Ends with .name == NULL. */
extern const sks_recipe sks_recipe_table[];

/* `name` is an executor's or a recipe's; *recipe is NULL for an executor's. SKS_ERR_USAGE with the
 * nearest of all these names, or the reason why the executor cannot be used. */
sks_status sks_recipe_find(const char *name, const sks_executor **executor,
                           const sks_recipe **recipe);

/* SKS_ERR_USAGE when the recipe (NULL: none) has a rule of its own and `scheduler` is another. */
sks_status sks_recipe_check(const sks_recipe *recipe, const sks_scheduler *scheduler);

#endif
