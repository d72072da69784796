/* Last words of a program that crashes in a kernel: one line on standard error that names the
 * signal, the kernel and the tasks, before it dies by that same signal.
 *
 * The program installs this (libraries do not touch signal handlers); workers then say who they
 * are. Where somebody handles these signals already, as the sanitizers do, that stays.
 * Forked workers inherit it: the line then comes before their parent's event.
 */
#ifndef SKYSCALE_FATAL_H
#define SKYSCALE_FATAL_H

#include "harness/executors/worker.h"

/* SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT, from now on. */
void sks_fatal_install(void);

/* From the worker's own thread, around its life: gives the handler a stack of its own, since the
 * worker's may have overflowed. Does nothing when the handlers are not installed. */
void sks_fatal_enter(const sks_worker *worker);
void sks_fatal_leave(void);

#endif
