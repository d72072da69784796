// oneTBB's loops for bench/overhead.c. One arena is kept, as a program would.
#include "bench/overhead.h"

#include <atomic>
#include <oneapi/tbb.h>
#include <sched.h>

namespace {

// Binds the threads as overhead.c binds the others'.
class binder : public oneapi::tbb::task_scheduler_observer {
  public:
    explicit binder(oneapi::tbb::task_arena &a) : task_scheduler_observer(a) { observe(true); }
    void on_scheduler_entry(bool) override
    {
        cpu_set_t set;

        CPU_ZERO(&set);
        CPU_SET(oneapi::tbb::this_task_arena::current_thread_index() % CPU_SETSIZE, &set);
        sched_setaffinity(0, sizeof(set), &set);
    }
};

oneapi::tbb::task_arena *arena;
binder *observer;
oneapi::tbb::affinity_partitioner affinity;

template <typename Partitioner>
uint64_t run(long n, unsigned n_steps, Partitioner &partitioner)
{
    std::atomic<uint64_t> sum{0};

    arena->execute([&] {
        oneapi::tbb::parallel_for(
            oneapi::tbb::blocked_range<long>(0, n, 1),
            [&](const oneapi::tbb::blocked_range<long> &range) {
                uint64_t x = 0;

                for (long i = range.begin(); i != range.end(); i++)
                    x += overhead_body(static_cast<uint64_t>(i), n_steps);
                if (x == 1) // never; keeps x alive without sharing a line
                    sum.fetch_add(x, std::memory_order_relaxed);
            },
            partitioner);
    });
    return sum;
}

} // namespace

uint64_t overhead_tbb(int partitioner, long n, unsigned n_steps, int n_threads)
{
    if (arena == nullptr || arena->max_concurrency() != n_threads) {
        delete observer;
        delete arena;
        arena = new oneapi::tbb::task_arena(n_threads);
        observer = new binder(*arena);
    }
    if (partitioner == 0) {
        oneapi::tbb::simple_partitioner p;
        return run(n, n_steps, p);
    }
    if (partitioner == 1) {
        oneapi::tbb::auto_partitioner p;
        return run(n, n_steps, p);
    }
    if (partitioner == 2) {
        oneapi::tbb::static_partitioner p;
        return run(n, n_steps, p);
    }
    return run(n, n_steps, affinity);
}
