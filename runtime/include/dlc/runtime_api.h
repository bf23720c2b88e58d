/* SPDX-License-Identifier: Apache-2.0 */
/// \file
/// What an application and the runtime inside a model library exchange with each
/// other: tensors, options, errors, and the table of functions behind
/// `dlc_model.runtime`. Applications include dlc/runtime.h, which wraps the
/// table in functions; this header is self-contained and needs no libc.
#ifndef DLC_RUNTIME_API_H
#define DLC_RUNTIME_API_H

#include "dlc/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A tensor that the caller owns. Field for field DLPack's `DLTensor`, under a
/// name of its own so that both can be included in any order: a `DLTensor *`
/// may be cast to a `dlc_tensor *`.
typedef struct dlc_tensor {
  void *data; /* first byte, before byte_offset; may be null if the tensor has no elements */
  struct {
    dlc_int32 type; /* dlc_device_type */
    dlc_int32 id;
  } device;
  dlc_int32 ndim;
  struct {
    dlc_byte code;
    dlc_byte bits;
    dlc_uint16 lanes; /* 1 */
  } dtype;
  dlc_int64 *shape;       /* null if ndim is 0 */
  dlc_int64 *strides;     /* in elements; null if compact and row-major */
  dlc_uint64 byte_offset; /* from data to the first element */
} dlc_tensor;

/// Filled by functions that fail before a context exists. Always terminated.
typedef struct dlc_error {
  dlc_int32 status; /* dlc_status */
  char message[508];
} dlc_error;

/// Memory as the caller wants it. Both functions may be called from several
/// threads at once. The allocator must stay usable until the last context,
/// pool and prepared model that was made with it is released.
typedef struct dlc_allocator {
  /// Returns `bytes` (> 0) bytes aligned to `alignment` (a power of two, 64 at
  /// least), or null.
  void *(*allocate)(void *self, dlc_uint64 bytes, dlc_uint64 alignment);
  /// Takes back what `allocate` returned, with the same size.
  void (*release)(void *self, void *memory, dlc_uint64 bytes);
  void *self;
} dlc_allocator;

/// Threads that somebody else owns. `run` calls body(argument, index) for
/// distinct indices below `count`, on whatever threads it likes, and returns
/// when all these calls have returned. It may make fewer calls than `count`:
/// each call takes work until none is left. `run` may be called from several
/// threads at once if several contexts use the executor.
typedef struct dlc_executor {
  dlc_uint32 struct_bytes; /* sizeof(dlc_executor) */
  dlc_uint32 threads;      /* the most calls that can run at once, the caller's included */
  void (*run)(void *self, dlc_uint32 count, void (*body)(void *argument, dlc_uint32 index), void *argument);
  void *self;
} dlc_executor;

enum dlc_log_level { DLC_LOG_INFO = 0, DLC_LOG_WARNING = 1 };
typedef void (*dlc_log)(void *self, dlc_int32 level, const char *message);

/// Most threads that one context can use.
#define DLC_MAX_THREADS 256u

enum dlc_context_flag {
  /// Runs of the context take denormal numbers as 0 and give 0 instead of them,
  /// which CPUs compute faster. Without it they compute with denormal numbers as
  /// IEEE 754 says. In either case the modes of the caller's thread (rounding,
  /// denormals, traps) are those that runs set, and what they were again
  /// afterwards. GPUs compute as if it were not set.
  DLC_CONTEXT_FLUSH_DENORMALS = 1
};

/// How a context computes. Zero bytes everywhere but `struct_bytes` mean: the
/// calling thread alone, libc's allocator, no log.
typedef struct dlc_context_options {
  dlc_uint32 struct_bytes; /* sizeof(dlc_context_options) */
  /// Threads of a run, the calling one included. 0: one, or those of
  /// `executor` if there is one. DLC_MAX_THREADS at most.
  dlc_uint32 threads;
  /// Where the other threads come from; null: a pool of the library's own,
  /// shared by all its contexts. Must outlive the context.
  const dlc_executor *executor;
  dlc_allocator allocator; /* allocate == null: libc's */
  dlc_log log;             /* null: nothing is logged */
  void *log_self;
  const char *weights_folder; /* where the weight file is; null: beside the library */
  /// On a GPU: the CUstream of the program that runs use; null: one of the context's own, in order with the legacy
  /// default stream (which itself is the handle 1). With a stream of the program's, a run whose tensors are all on the
  /// GPU, and that changes no variables, returns when its work is in the stream. The stream must outlive the context.
  void *stream;
  dlc_int32 device_id; /* number of the GPU; 0 on the CPU */
  dlc_uint32 reserved;
  /* Later additions: a library that lacks them rejects options that set them. */
  dlc_uint32 flags; /* dlc_context_flag */
  /// Where the context runs: DLC_DEVICE_CPU or DLC_DEVICE_CUDA, which the library must have a program for; 0: on the
  /// GPU if it has one for it and the machine has such a GPU, else on the CPU.
  dlc_uint32 device_type;
} dlc_context_options;

typedef struct dlc_pool_options {
  dlc_uint32 struct_bytes;      /* sizeof(dlc_pool_options) */
  dlc_uint32 threads;           /* the caller's included; 0: one for each CPU this process may use */
  dlc_uint32 spin_microseconds; /* how long an idle thread spins before it sleeps; 0: 50 */
  dlc_uint32 reserved;
  dlc_allocator allocator;
} dlc_pool_options;

/// A metadata string of a checkpoint, both in UTF-8.
typedef struct dlc_metadata {
  const char *key;
  const char *value;
} dlc_metadata;

enum dlc_load_flag {
  /// Variables that the file lacks keep their values.
  DLC_LOAD_PARTIAL = 1,
  /// Only weights and buffers are read; the optimizer's variables keep their values.
  DLC_LOAD_WEIGHTS_ONLY = 2
};

/// Which part of a checkpoint is read. Zero bytes everywhere but
/// `struct_bytes` mean: all of it, and it must belong to this model.
typedef struct dlc_load_options {
  dlc_uint32 struct_bytes; /* sizeof(dlc_load_options) */
  dlc_uint32 flags;        /* dlc_load_flag */
  const char *prefix;      /* only variables whose names start with this; null: all */
} dlc_load_options;

/// Which runs of one entry point are recorded: so many that recording takes about
/// 1 % of the time of all of them. The unit of both costs is a hundredth of a tick.
typedef struct dlc_pace {
  dlc_int64 budget;   /* what recording may still cost before runs are skipped; each run adds 1 % of its time */
  dlc_int64 limit;    /* that long runs fill `budget` up to */
  dlc_uint64 cost;    /* of a word of an event */
  dlc_uint64 skip;    /* so many of the next runs are not recorded */
  dlc_uint64 skipped; /* runs that were not recorded, since the profile was read */
} dlc_pace;

/// Where one thread of a context writes what it runs, as events. An event is
/// DLC_EVENT_WORDS words: when it started and when it stopped, as dlc_ticks
/// tells; a word with the number of the launch (or entry point) in its lower
/// half, its kind in bits 32 to 47 and the number of additional words above
/// these; and a size. A launch's size is the length of its range, and its
/// additional words are the values of its kernel's symbols.
typedef struct dlc_recorder {
  dlc_uint64 *next; /* of the next event */
  dlc_uint64 *end;
  dlc_uint64 lost;       /* events for which there was no room */
  dlc_uint64 started[3]; /* the runtime's: when what is going on began, by kind */
  dlc_uint64 *first;     /* the runtime's: first event of the run */
  dlc_pace *paces;       /* one per entry point, of the first thread's recorder; null: all runs are recorded */
} dlc_recorder;

#define DLC_EVENT_WORDS 4u

/// What recorders belong to, and a moment on two clocks.
typedef struct dlc_recording {
  dlc_uint32 struct_bytes; /* sizeof(dlc_recording) */
  dlc_uint32 threads;      /* of the context */
  dlc_uint64 ticks;        /* now, as dlc_ticks tells, */
  dlc_uint64 nanoseconds;  /* and on a clock that never goes back */
} dlc_recording;

enum dlc_event_kind {
  DLC_EVENT_LAUNCH = 0,   /* a kernel, or the range of it that the thread has computed */
  DLC_EVENT_PARALLEL = 1, /* work that the calling thread has shared with others: its size is their number */
  DLC_EVENT_RUN = 2       /* a whole run; its number is that of its entry point */
};

/// The time now, in ticks of the CPU's clock: one of constant frequency that all
/// cores share.
static inline dlc_uint64 dlc_ticks(void) {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  dlc_uint64 ticks;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
#else
  return 0;
#endif
}

struct dlc_runtime_api;

/// Working memory of one stream of runs. Its first fields are public.
typedef struct dlc_context {
  const struct dlc_runtime_api *api;
  const dlc_model *model;
} dlc_context;

/// Threads that several contexts, of several models, can share: pass
/// `&pool->executor` to their options. Its first fields are public.
typedef struct dlc_pool {
  const struct dlc_runtime_api *api;
  dlc_executor executor;
} dlc_pool;

/// The runtime of one model library. dlc/runtime.h documents each function
/// where it wraps it. `error` may always be null.
typedef struct dlc_runtime_api {
  dlc_uint32 abi_version;  /* DLC_ABI_VERSION */
  dlc_uint32 struct_bytes; /* sizeof(dlc_runtime_api) */

  dlc_int32 (*prepare)(const dlc_model *model, const dlc_context_options *options, dlc_error *error);
  void (*unprepare)(const dlc_model *model);

  dlc_int32 (*context_create)(const dlc_model *model, const dlc_context_options *options, dlc_error *error,
                              dlc_context **context);
  void (*context_retain)(dlc_context *context);
  void (*context_release)(dlc_context *context);
  dlc_int32 (*context_set_threads)(dlc_context *context, dlc_uint32 threads, const dlc_executor *executor);
  dlc_int32 (*context_reserve)(dlc_context *context, const dlc_entry_point *entry, const dlc_int64 *symbols);
  dlc_uint64 (*context_bytes)(const dlc_context *context);
  const char *(*context_message)(const dlc_context *context);
  dlc_int32 (*context_reset)(dlc_context *context);
  dlc_int32 (*state_shape)(dlc_context *context, const char *name, dlc_int64 *dims);
  dlc_int32 (*state_read)(dlc_context *context, const char *name, const dlc_tensor *tensor);
  dlc_int32 (*state_write)(dlc_context *context, const char *name, const dlc_tensor *tensor);

  /// Of a model for a GPU, variables_save and variables_load may be given no path: see dlc_variables_pull and
  /// dlc_variables_push.
  void *(*variables_allocate)(const dlc_model *model, dlc_error *error);
  dlc_int32 (*variables_bind)(dlc_context *context, void *block, dlc_uint64 bytes);
  dlc_int32 (*variables_save)(const dlc_model *model, const void *block, const char *path, const dlc_metadata *metadata,
                              dlc_uint32 count, dlc_error *error);
  dlc_int32 (*variables_load)(const dlc_model *model, void *block, const char *path, const dlc_load_options *options,
                              dlc_error *error);
  dlc_int32 (*metadata_read)(const char *path, const char *key, char *value, dlc_uint64 capacity, dlc_uint64 *bytes,
                             dlc_error *error);

  dlc_int32 (*infer_symbols)(dlc_context *context, const dlc_entry_point *entry, const dlc_tensor *inputs,
                             dlc_uint32 input_count, dlc_int64 *symbols);
  dlc_int32 (*output_shapes)(dlc_context *context, const dlc_entry_point *entry, const dlc_int64 *symbols,
                             dlc_int64 *dims);
  dlc_int32 (*run)(dlc_context *context, const dlc_entry_point *entry, const dlc_tensor *inputs, dlc_uint32 input_count,
                   const dlc_tensor *outputs, dlc_uint32 output_count, const dlc_uint64 *capacities);

  dlc_int32 (*pool_create)(const dlc_pool_options *options, dlc_error *error, dlc_pool **pool);
  void (*pool_retain)(dlc_pool *pool);
  void (*pool_release)(dlc_pool *pool);

  /// dlc_cpu_feature bits of this CPU, as the operating system lets them be used.
  dlc_uint64 (*cpu_features)(void);
  /// The program of `model` that a context on this machine uses; null, with an error, if none runs here.
  const dlc_program *(*choose_program)(const dlc_model *model, dlc_error *error);

  /* Later additions: DLC_HAS says whether a library has them. */
  dlc_int32 (*result_shapes)(dlc_context *context, const dlc_entry_point *entry, dlc_int64 *dims);
  const void *(*result_data)(dlc_context *context, const dlc_entry_point *entry, dlc_uint32 output);
  dlc_int32 (*context_record)(dlc_context *context, dlc_recorder *recorders, dlc_uint32 count,
                              dlc_recording *recording);
  dlc_int32 (*context_cancel)(dlc_context *context, dlc_int32 is_cancelled);
  /// The program that the context runs; `type` (dlc_device_type) and `id` say on which device.
  const dlc_program *(*context_program)(const dlc_context *context, dlc_int32 *type, dlc_int32 *id);
  /// Memory of the context's GPU; null where models run on the CPU alone.
  dlc_int32 (*device_allocate)(dlc_context *context, dlc_uint64 bytes, void **memory);
  void (*device_release)(dlc_context *context, void *memory);
  dlc_int32 (*device_write)(dlc_context *context, void *memory, const void *from, dlc_uint64 bytes);
  dlc_int32 (*device_read)(dlc_context *context, void *to, const void *memory, dlc_uint64 bytes);
} dlc_runtime_api;

#ifdef __cplusplus
}
#endif
#endif /* DLC_RUNTIME_API_H */
