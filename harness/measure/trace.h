/* The timeline of a run in the Chrome trace-event format, which Perfetto (https://ui.perfetto.dev),
 * chrome://tracing and others open.
 *
 * One row for the phases, one for each worker. A worker's row holds a slice for its whole loop,
 * with its counters, busy and scheduling time and steals as arguments; within it a slice for each
 * chunk, with its tasks, and one for each claim between two chunks; a chunk that was stolen and the
 * death of a worker are instant events. `otherData` says how many chunks found no room in the log.
 *
 * Source   "Trace Event Format", the Chromium project's document of that name.
 */
#ifndef SKYSCALE_TRACE_H
#define SKYSCALE_TRACE_H

#include "harness/measure/run.h"

/* The record has to have logs. The file is there complete or not at all: SKS_ERR_IO. */
sks_status sks_trace_write(const char *path, const sks_configuration *configuration,
                           const sks_record *record);

#endif
