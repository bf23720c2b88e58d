// SPDX-License-Identifier: Apache-2.0
#include "Pool.h"

#include "Api.h"
#include "Lock.h"
#include "Options.h"
#include "Text.h"

typedef struct Worker {
  unsigned long thread;
  Pool *pool;
  dlc_uint32 index; // what it passes to `body`; the caller is 0
} Worker;

/// Bits of Pool.state; the rest counts the workers inside the job.
#define STATE_OPEN 0x80000000u    // workers may enter
#define STATE_WAITING 0x40000000u // the caller sleeps until the last one leaves
#define STATE_COUNT 0x3fffffffu

struct Pool {
  dlc_pool face; // first, so that a dlc_pool * is a Pool *
  dlc_allocator allocator;
  Pool *next;      // in livePools
  dlc_uint32 lock; // of what grows and shrinks: workers, generation
  dlc_uint32 references;
  dlc_uint32 workerCount;
  dlc_uint32 generation; // of the process that the workers are threads of
  dlc_uint64 spinNanoseconds;

  _Alignas(DLC_CACHE_LINE) dlc_uint32 isBusy;

  // What idle workers watch.
  _Alignas(DLC_CACHE_LINE) dlc_uint32 sequence; // of jobs
  dlc_uint32 sleepers;
  dlc_uint32 isStopping;

  // The job. Written by the caller before it opens the state, read by workers that have entered.
  _Alignas(DLC_CACHE_LINE) dlc_uint32 state;
  dlc_uint32 count;
  void (*body)(void *argument, dlc_uint32 index);
  void *argument;

  Worker workers[DLC_MAX_THREADS - 1];
};

/// All pools of this library, so that unloading it can stop their threads.
static Pool *livePools;
static dlc_uint32 livePoolsLock;

/// Waits until the sequence differs from `seen`; returns the new one.
static dlc_uint32 waitForJob(Pool *pool, dlc_uint32 seen) {
  dlc_uint64 deadline = 0;
  for (dlc_uint32 spins = 1;; ++spins) {
    dlc_uint32 sequence = __atomic_load_n(&pool->sequence, __ATOMIC_ACQUIRE);
    if (sequence != seen || __atomic_load_n(&pool->isStopping, __ATOMIC_RELAXED))
      return sequence;
    dlcRelax();
    if (spins % 16)
      continue;
    dlc_uint64 now = dlcNow();
    if (!deadline)
      deadline = now + pool->spinNanoseconds;
    if (now < deadline)
      continue;
    // The order of these two against the caller's "count, then look for sleepers" loses no wake-up.
    __atomic_fetch_add(&pool->sleepers, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&pool->sequence, __ATOMIC_SEQ_CST) == seen)
      dlcFutexWait(&pool->sequence, seen);
    __atomic_fetch_sub(&pool->sleepers, 1, __ATOMIC_SEQ_CST);
    deadline = 0;
  }
}

static int enterJob(Pool *pool) {
  dlc_uint32 state = __atomic_load_n(&pool->state, __ATOMIC_RELAXED);
  while (state & STATE_OPEN)
    if (__atomic_compare_exchange_n(&pool->state, &state, state + 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
      return 1;
  return 0;
}

static void leaveJob(Pool *pool) {
  dlc_uint32 before = __atomic_fetch_sub(&pool->state, 1, __ATOMIC_RELEASE);
  if ((before & STATE_WAITING) && (before & STATE_COUNT) == 1)
    dlcFutexWake(&pool->state, 1);
}

static void *workerMain(void *argument) {
  Worker *worker = argument;
  Pool *pool = worker->pool;
  syscall(DLC_SYS_PRCTL, DLC_PR_SET_NAME, "dlc-worker", 0, 0, 0);
  for (dlc_uint32 seen = 0;;) {
    seen = waitForJob(pool, seen);
    if (__atomic_load_n(&pool->isStopping, __ATOMIC_ACQUIRE))
      return (void *)0;
    if (!enterJob(pool))
      continue;
    if (worker->index < pool->count)
      pool->body(pool->argument, worker->index);
    leaveJob(pool);
  }
}

/// Starts workers; the lock is held.
static void startWorkers(Pool *pool, dlc_uint32 workers) {
  // Signals are the application's: a thread it does not know of must not take them.
  unsigned long all[16], before[16];
  memset(all, 0xff, sizeof all);
  pthread_sigmask(DLC_SIG_SETMASK, all, before);
  while (pool->workerCount < workers) {
    Worker *worker = &pool->workers[pool->workerCount];
    worker->pool = pool;
    worker->index = pool->workerCount + 1;
    if (pthread_create(&worker->thread, (void *)0, workerMain, worker))
      break;
    ++pool->workerCount;
  }
  pthread_sigmask(DLC_SIG_SETMASK, before, (void *)0);
}

/// Forgets the workers, and the job that was going on, if they are another
/// process's: this one was forked from it and has none of its threads. The lock
/// is held.
static void leaveParent(Pool *pool) {
  dlc_uint32 generation = dlcGeneration();
  if (pool->generation == generation)
    return;
  pool->workerCount = 0;
  pool->sleepers = 0;
  pool->state = 0;
  __atomic_store_n(&pool->isBusy, 0, __ATOMIC_RELAXED);
  // Last: runs of this process look at nothing above until they have seen it.
  __atomic_store_n(&pool->generation, generation, __ATOMIC_RELEASE);
}

/// Has workers of this process's own at the first run after a fork.
static void restartAfterFork(Pool *pool) {
  dlcLock(&pool->lock);
  leaveParent(pool);
  if (!pool->isStopping)
    startWorkers(pool, pool->face.executor.threads - 1);
  dlcUnlock(&pool->lock);
}

/// dlc_executor.run
static void runJob(void *self, dlc_uint32 count, void (*body)(void *argument, dlc_uint32 index), void *argument) {
  Pool *pool = self;
  if (count > 1 && __builtin_expect(__atomic_load_n(&pool->generation, __ATOMIC_ACQUIRE) != dlcGeneration(), 0))
    restartAfterFork(pool);
  if (count <= 1 || __atomic_load_n(&pool->isBusy, __ATOMIC_RELAXED) ||
      __atomic_exchange_n(&pool->isBusy, 1, __ATOMIC_ACQUIRE)) {
    body(argument, 0);
    return;
  }
  pool->count = count;
  pool->body = body;
  pool->argument = argument;
  __atomic_store_n(&pool->state, STATE_OPEN, __ATOMIC_RELEASE);
  __atomic_fetch_add(&pool->sequence, 1, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&pool->sleepers, __ATOMIC_SEQ_CST))
    dlcFutexWake(&pool->sequence, INT32_MAX);

  body(argument, 0);

  dlc_uint32 state = __atomic_and_fetch(&pool->state, ~STATE_OPEN, __ATOMIC_ACQUIRE);
  dlc_uint64 deadline = 0;
  for (dlc_uint32 spins = 1; state & STATE_COUNT; ++spins) {
    dlcRelax();
    state = __atomic_load_n(&pool->state, __ATOMIC_ACQUIRE);
    if (spins % 16)
      continue;
    dlc_uint64 now = dlcNow();
    if (!deadline)
      deadline = now + pool->spinNanoseconds;
    if (now < deadline)
      continue;
    // A worker lost its core in the middle of its share: leave ours to it.
    state = __atomic_or_fetch(&pool->state, STATE_WAITING, __ATOMIC_ACQUIRE);
    if (state & STATE_COUNT)
      dlcFutexWait(&pool->state, state);
    state = __atomic_load_n(&pool->state, __ATOMIC_ACQUIRE);
  }
  __atomic_store_n(&pool->isBusy, 0, __ATOMIC_RELEASE);
}

Pool *dlcPoolCreate(const dlc_allocator *allocator, dlc_uint32 spinMicroseconds) {
  Pool *pool = dlcAllocate(allocator, sizeof(Pool));
  if (!pool)
    return (Pool *)0;
  memset(pool, 0, sizeof *pool);
  pool->face.api = &dlc_rt_api;
  pool->face.executor.struct_bytes = sizeof(dlc_executor);
  pool->face.executor.threads = 1;
  pool->face.executor.run = runJob;
  pool->face.executor.self = pool;
  pool->allocator = *allocator;
  pool->references = 1;
  pool->generation = dlcGeneration();
  pool->spinNanoseconds = (dlc_uint64)spinMicroseconds * 1000u;
  dlcLock(&livePoolsLock);
  pool->next = livePools;
  __atomic_store_n(&livePools, pool, __ATOMIC_RELEASE); // also for a child that is forked meanwhile
  dlcUnlock(&livePoolsLock);
  return pool;
}

dlc_uint32 dlcPoolGrow(Pool *pool, dlc_uint32 threads) {
  if (threads > DLC_MAX_THREADS)
    threads = DLC_MAX_THREADS;
  dlcLock(&pool->lock);
  leaveParent(pool);
  // After a fork: as many as in the parent, if those are more.
  dlc_uint32 wanted = threads > pool->face.executor.threads ? threads : pool->face.executor.threads;
  if (!pool->isStopping)
    startWorkers(pool, wanted - 1);
  threads = pool->workerCount + 1;
  pool->face.executor.threads = threads;
  dlcUnlock(&pool->lock);
  return threads;
}

/// Stops and joins the workers. Jobs brought later run on their callers.
static void stopWorkers(Pool *pool) {
  dlcLock(&pool->lock);
  __atomic_store_n(&pool->isStopping, 1, __ATOMIC_SEQ_CST);
  __atomic_fetch_add(&pool->sequence, 1, __ATOMIC_SEQ_CST);
  dlcFutexWake(&pool->sequence, INT32_MAX);
  leaveParent(pool);
  for (dlc_uint32 i = 0; i < pool->workerCount; ++i)
    pthread_join(pool->workers[i].thread, (void **)0);
  pool->workerCount = 0;
  dlcUnlock(&pool->lock);
}

void dlcPoolRetain(Pool *pool) { __atomic_fetch_add(&pool->references, 1, __ATOMIC_RELAXED); }

void dlcPoolRelease(Pool *pool) {
  if (__atomic_sub_fetch(&pool->references, 1, __ATOMIC_ACQ_REL))
    return;
  dlcLock(&livePoolsLock);
  for (Pool **link = &livePools; *link; link = &(*link)->next)
    if (*link == pool) {
      *link = pool->next;
      break;
    }
  dlcUnlock(&livePoolsLock);
  stopWorkers(pool);
  dlc_allocator allocator = pool->allocator;
  dlcRelease(&allocator, pool, sizeof(Pool));
}

/// Unloading the library, or the end of the process, leaves no thread in unloaded code.
__attribute__((destructor)) static void stopAllPools(void) {
  dlcLock(&livePoolsLock);
  for (Pool *pool = livePools; pool; pool = pool->next)
    stopWorkers(pool);
  dlcUnlock(&livePoolsLock);
}

dlc_pool *dlcPoolPublic(Pool *pool) { return &pool->face; }

dlc_uint32 dlcCpuCount(void) {
  dlc_uint64 mask[128];
  memset(mask, 0, sizeof mask);
  if (sched_getaffinity(0, sizeof mask, mask))
    return 1;
  dlc_uint32 count = 0;
  for (size_t i = 0; i < sizeof mask / sizeof *mask; ++i)
    for (dlc_uint64 bits = mask[i]; bits; bits &= bits - 1)
      ++count;
  return count ? count : 1;
}

dlc_int32 dlcPoolApiCreate(const dlc_pool_options *given, dlc_error *error, dlc_pool **pool) {
  if (!pool)
    return dlcFail(error, DLC_ERROR_ARGUMENT, "dlc_pool_create: the parameter for the pool is null");
  *pool = (dlc_pool *)0;
  dlc_pool_options options;
  if (dlcReadOptions(&options, sizeof options, DLC_LEAST_POOL_OPTIONS, given))
    return dlcFail(error, DLC_ERROR_ARGUMENT,
                   "dlc_pool_create: options.struct_bytes is less than %u, or the options set a field that this "
                   "runtime lacks",
                   (dlc_uint64)DLC_LEAST_POOL_OPTIONS);
  if (options.threads > DLC_MAX_THREADS)
    return dlcFail(error, DLC_ERROR_ARGUMENT, "dlc_pool_create: %u threads are more than the largest number, %u",
                   (dlc_uint64)options.threads, (dlc_uint64)DLC_MAX_THREADS);
  if (!options.allocator.allocate != !options.allocator.release)
    return dlcFail(error, DLC_ERROR_ARGUMENT, "dlc_pool_create: the allocator lacks one of its two functions");
  Pool *made = dlcPoolCreate(&options.allocator, options.spin_microseconds ? options.spin_microseconds : 50);
  if (!made)
    return dlcFail(error, DLC_ERROR_OUT_OF_MEMORY, "dlc_pool_create: no memory for the pool");
  dlc_uint32 threads = options.threads ? options.threads : dlcCpuCount();
  dlcPoolGrow(made, threads);
  *pool = dlcPoolPublic(made);
  return DLC_OK;
}

void dlcPoolApiRetain(dlc_pool *pool) {
  if (pool)
    dlcPoolRetain((Pool *)pool);
}

void dlcPoolApiRelease(dlc_pool *pool) {
  if (pool)
    dlcPoolRelease((Pool *)pool);
}
