/* SPDX-License-Identifier: Apache-2.0 */
/// \file
/// The binary interface between code that dlc generates and the runtime that
/// is linked into every model library. Standalone C: no header but the
/// compiler's own <stdint.h>, no libc. The compiler writes these structures as
/// LLVM constants, so the order and width of the fields are part of the ABI.
/// What applications call is in dlc/runtime.h.
///
/// How it grows. A program and a library that were built by different versions
/// of dlc work together: version 6 was the last incompatible change. Since then
/// structures gain fields only at their end or in reserved space, and zero
/// means that a field is absent.
///  - A structure that starts with its size (struct_bytes) may be shorter or
///    longer than in this header: DLC_HAS says whether a field is present.
///  - Elements of arrays that programs index (entry points, tensors, symbols,
///    variables) keep their sizes; new fields use reserved words.
///  - What a reader must support to use a model at all has a bit in
///    dlc_model.needs; a program that lacks support for one reports it.
#ifndef DLC_ABI_H
#define DLC_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DLC_ABI_VERSION 6u

/// Whether a structure that starts with its size is long enough to have `field`.
#define DLC_HAS(type, pointer, field) ((pointer)->struct_bytes > __builtin_offsetof(type, field))

typedef int64_t dlc_int64;
typedef uint64_t dlc_uint64;
typedef int32_t dlc_int32;
typedef uint32_t dlc_uint32;
typedef uint16_t dlc_uint16;
typedef uint8_t dlc_byte;

/// What every fallible function returns; generated code returns these too.
enum dlc_status {
  DLC_OK = 0,
  DLC_ERROR_ARGUMENT = 1,        /* a null pointer or an option out of range */
  DLC_ERROR_ABI = 2,             /* the library uses another version of this header */
  DLC_ERROR_NOT_FOUND = 3,       /* no such file, symbol, entry point or tensor */
  DLC_ERROR_FILE = 4,            /* a file is not what it should be */
  DLC_ERROR_UNSUPPORTED_CPU = 5, /* this CPU lacks instructions that the model uses */
  DLC_ERROR_OUT_OF_MEMORY = 6,   /* the allocator returned null */
  DLC_ERROR_OVERFLOW = 7,        /* a size does not fit 64 bits */
  DLC_ERROR_BUSY = 8,            /* the context is running in another thread */
  DLC_ERROR_COUNT = 9,           /* too few or too many tensors */
  DLC_ERROR_TYPE = 10,           /* the element type differs */
  DLC_ERROR_RANK = 11,           /* the number of dimensions differs */
  DLC_ERROR_SHAPE = 12,          /* an extent differs from what is declared or computed */
  DLC_ERROR_SYMBOL = 13,         /* a symbolic dimension is out of bounds, or has two values */
  DLC_ERROR_STRIDES = 14,        /* the tensor is not compact and row-major */
  DLC_ERROR_DEVICE = 15,         /* the tensor is on a device the model does not run on */
  DLC_ERROR_NULL_DATA = 16,      /* elements, but no pointer to them */
  DLC_ERROR_ALIGNMENT = 17,      /* data is not aligned to its element */
  DLC_ERROR_TOO_SMALL = 18,      /* a buffer holds fewer bytes than the tensor needs */
  DLC_ERROR_OVERLAP = 19,        /* an output shares memory with another tensor */
  DLC_ERROR_KERNEL = 20,         /* generated code found an inconsistency (message says which) */
  DLC_ERROR_INDEX = 21,          /* an index read from a tensor is out of bounds */
  DLC_ERROR_STATE = 22,          /* a state that the context keeps does not fit the shapes of this run, or is full */
  DLC_ERROR_VARIABLES = 23,      /* the entry point needs the model's variables, and none are bound */
  DLC_ERROR_NO_DEVICE = 24,      /* the model runs on a GPU, and there is no driver or no such GPU */
  DLC_ERROR_CAPABILITY = 25,     /* the GPU or its driver is too old for the model's kernels */
  DLC_ERROR_DEVICE_LOST = 26,    /* the GPU failed in a run, or the process was forked from the context's own */
  DLC_ERROR_CANCELLED = 27       /* dlc_context_cancel has stopped the run */
};

/// Element types, with DLPack's codes in the upper byte and the width in bits
/// in the lower one, so that a DLDataType converts without a table.
enum dlc_element_type {
  DLC_I8 = 0x0008,
  DLC_I16 = 0x0010,
  DLC_I32 = 0x0020,
  DLC_I64 = 0x0040,
  DLC_U8 = 0x0108,
  DLC_U16 = 0x0110,
  DLC_U32 = 0x0120,
  DLC_U64 = 0x0140,
  DLC_F16 = 0x0210,
  DLC_F32 = 0x0220,
  DLC_F64 = 0x0240,
  DLC_BF16 = 0x0410,
  DLC_BOOL = 0x0608, /* one byte per element, 0 or 1 */
  DLC_F8E4M3FN = 0x0a08,
  DLC_F8E4M3FNUZ = 0x0b08,
  DLC_F8E5M2 = 0x0c08,
  DLC_F8E5M2FNUZ = 0x0d08,
  DLC_F8E8M0FNU = 0x0e08,
  /* What is narrower than a byte takes one: its low bits hold the element. Models ignore the high bits that they read,
     and write copies of the sign (integers) or 0 there. */
  DLC_I2 = 0x0002,
  DLC_I4 = 0x0004,
  DLC_U2 = 0x0102,
  DLC_U4 = 0x0104,
  DLC_F6E2M3FN = 0x0f06,
  DLC_F6E3M2FN = 0x1006,
  DLC_F4E2M1FN = 0x1104
};

/// DLPack's device types.
enum dlc_device_type {
  DLC_DEVICE_CPU = 1,
  DLC_DEVICE_CUDA = 2,
  DLC_DEVICE_CUDA_HOST =
      3 /* memory of the host that a GPU's driver has pinned: contexts on GPUs take it as the CPU's */
};

/// Instruction sets a model may require beyond its architecture's base
/// (x86-64: v2, aarch64: Armv8.0-A). Each bit represents what the operating
/// system has enabled, too.
enum dlc_cpu_feature {
  DLC_CPU_X86_64_V2 = 1 << 0,
  DLC_CPU_X86_64_V3 = 1 << 1, /* AVX2, FMA, BMI, F16C, ... */
  DLC_CPU_X86_64_V4 = 1 << 2, /* AVX-512 F, BW, CD, DQ, VL */
  DLC_CPU_AVX512_VNNI = 1 << 3,
  DLC_CPU_AVX512_BF16 = 1 << 4,
  DLC_CPU_AVX512_FP16 = 1 << 5,
  DLC_CPU_AVX512_VBMI = 1 << 6,
  DLC_CPU_AVX512_VBMI2 = 1 << 7,
  DLC_CPU_AVX512_BITALG = 1 << 8,
  DLC_CPU_AVX512_VPOPCNT = 1 << 9,
  DLC_CPU_AVX512_IFMA = 1 << 10,
  DLC_CPU_AVX_VNNI = 1 << 11
};

/// Where the value of a symbol comes from.
enum dlc_symbol_source {
  DLC_SYMBOL_EXTENT = 0,   /* it is by itself an extent of at least one input */
  DLC_SYMBOL_ELEMENT = 1,  /* an element of an input, 0 if that is negative */
  DLC_SYMBOL_NEGATIVE = 2, /* an element of an input negated, 0 if that is positive */
  DLC_SYMBOL_COMPUTED = 3  /* the run computes it; before that it is -1 */
};

/// A number that a run learns before it starts: a dimension such as the batch
/// "N", or an element of an input that sizes depend on, such as "shape[0]"; or
/// one that data decides while it runs, such as how many elements are not 0.
/// Of elements, the largest and the smallest integer of 64 bits, which models
/// use for "to the end", count as `maximum`.
typedef struct dlc_symbol_info {
  const char *name;
  dlc_int64 minimum;  /* smallest legal value, inclusive */
  dlc_int64 maximum;  /* largest legal value, inclusive */
  dlc_uint32 source;  /* dlc_symbol_source */
  dlc_uint32 input;   /* of an element: the number of its input, which is an integer tensor of fixed shape */
  dlc_uint64 element; /* and its position there, row-major; else 0 */
} dlc_symbol_info;

enum dlc_tensor_flag {
  /// An output that exists only because of `--keep-tensors`: the value of one
  /// layer. Kept outputs follow the model's own, in program order.
  DLC_TENSOR_KEPT = 1,
  /// A state that a run changes in place: dlc_call has one address for what
  /// it was and what it becomes.
  DLC_TENSOR_IN_PLACE = 2,
  /// An input of rank 0 that sets how a step is done, such as the learning
  /// rate; `default_value` is what the model's description says.
  DLC_TENSOR_HYPERPARAMETER = 4,
  /// An input that is what predictions are compared with.
  DLC_TENSOR_LABEL = 8,
  /// An output with an extent that data decides. `output_shapes` gives upper
  /// bounds of its extents, by which the caller allocates it; what they are
  /// says dlc_result_shapes after the run. The elements are compact, row-major
  /// in that shape; what the buffer holds behind them means nothing.
  DLC_TENSOR_BOUNDED = 16,
  /// An output with an extent that data decides and that has no bound: the
  /// context keeps it. Its tensor needs an element type and a rank only;
  /// dlc_result_shapes and dlc_result_data tell of it after the run.
  DLC_TENSOR_UNBOUNDED = 32
};

/// A tensor that an entry point takes, returns or keeps. `dims[i] >= 0` is a fixed
/// extent; `dims[i] == -(s + 1)` is symbol `s` of the entry point;
/// DLC_DIM_COMPUTED (outputs only) is what `output_shapes` computes.
typedef struct dlc_tensor_info {
  const char *name;
  dlc_uint32 element_type; /* dlc_element_type */
  dlc_uint32 rank;
  const dlc_int64 *dims; /* null if rank is 0 */
  dlc_uint32 flags;      /* dlc_tensor_flag */
  dlc_uint32 slot;       /* of a state: its number in the model, below dlc_model.state_count; else 0 */
  double default_value;  /* of a hyperparameter; else 0 */
  dlc_uint64 reserved[4];
} dlc_tensor_info;
#define DLC_DIM_COMPUTED INT64_MIN

enum dlc_check_flag {
  /// Negative indices count from the end: -extent to extent - 1.
  DLC_CHECK_FROM_END = 1,
  /// Values are lengths: 0 to extent.
  DLC_CHECK_LENGTHS = 2,
  /// `tensor` is the number of a state, not of an input, and each of its values
  /// plus `steps` must not exceed `extent`: a cache of fixed length has room.
  DLC_CHECK_ROOM = 4,
  /// `exception` is allowed besides: a label that does not count.
  DLC_CHECK_EXCEPTION = 8,
  /// The input holds floating-point numbers, which must be from 0 to 1.
  DLC_CHECK_PROBABILITY = 16
};

/// What the elements of an input must be, integers but for DLC_CHECK_PROBABILITY.
/// The runtime checks them before a run writes anything; without flags they
/// must be 0 to extent - 1.
typedef struct dlc_index_check {
  const char *what;  /* "the vocabulary of 'embedding'", for the message */
  dlc_uint32 tensor; /* number of the input */
  dlc_uint32 flags;  /* dlc_check_flag */
  dlc_int64 extent;  /* >= 0, or -(s + 1) for symbol s */
  dlc_int64 steps;   /* of DLC_CHECK_ROOM, encoded as extent is; else 0 */
  /// The part of the input that is used as indices, one start and one size per
  /// dimension (-1: all of it); null: all elements.
  const dlc_int64 *starts, *sizes;
  dlc_int64 exception; /* of DLC_CHECK_EXCEPTION; else 0 */
} dlc_index_check;

/// What a variable is used for.
enum dlc_variable_kind {
  DLC_VARIABLE_WEIGHT = 0,  /* what optimizers change */
  DLC_VARIABLE_BUFFER = 1,  /* follows the data, such as a running mean */
  DLC_VARIABLE_SLOT = 2,    /* an optimizer's own, such as a momentum */
  DLC_VARIABLE_COUNTER = 3, /* counts steps */
  DLC_VARIABLE_SEED = 4,    /* the seed of random numbers */
  DLC_VARIABLE_DERIVED = 5, /* what `prepare_weights` computes from weights: opaque bytes, in no checkpoint */
  DLC_VARIABLE_STAMP = 6    /* one i64, DLC_STAMP_PREPARED while the derived ones belong to the weights */
};

/* The validity stamp after `prepare_weights`: bytes that a block hardly holds by chance. */
#define DLC_STAMP_PREPARED 0x646572697665642Ell

/// A tensor of a model's state: parameters and what training needs besides
/// them. All of them are in one block of dlc_model.variable_bytes, row-major.
typedef struct dlc_variable_info {
  const char *name;
  dlc_uint32 element_type;
  dlc_uint32 rank;
  const dlc_int64 *dims; /* fixed extents; null if rank is 0 */
  dlc_uint64 offset;     /* bytes into the block, a multiple of 64 */
  dlc_uint32 kind;       /* dlc_variable_kind */
  dlc_uint32 reserved_flags;
  dlc_uint64 reserved[2];
} dlc_variable_info;

struct dlc_call;

/// Scratch memory of one thread, from which halide_malloc takes what a kernel
/// needs. Generated code passes it on as Halide's `user_context`, and looks only
/// at its first word: where that is not null, the thread is recorded or the run
/// cancelled, and a launch calls dlcRecordLaunch of the runtime instead of its kernel.
struct dlc_scratch;

/// What a launch passes to dlcRecordLaunch beside its own parameters: its number
/// in dlc_program.launches, and where its arguments hold the values of the
/// kernel's symbols.
enum dlc_site_field {
  DLC_SITE_SYMBOLS = 32, /* first bit of the number of arguments before the symbols; 16 bits */
  DLC_SITE_COUNT = 48    /* first bit of the number of symbols; 16 bits */
};

/// One launch of a kernel, over the range [begin, end) of its outermost split
/// dimension. `arguments` is the launch's own (buffer addresses and symbol
/// values, on the caller's stack); `scratch` is the executing thread's.
/// Returns 0 or a dlc_status.
typedef dlc_int32 (*dlc_task)(const void *arguments, dlc_int64 begin, dlc_int64 end, struct dlc_scratch *scratch);

/// Runs `task` over [0, extent), in ranges that start at multiples of
/// `grain` (>= 1; the last range may be shorter), on the threads behind the
/// call. How the extent is cut may differ from run to run, so results must
/// not depend on it. A grain should be worth some microseconds of work.
/// Returns the status of a task that failed, or 0.
typedef dlc_int32 (*dlc_parallel_for)(const struct dlc_call *call, dlc_task task, const void *arguments,
                                      dlc_int64 extent, dlc_int64 grain);

/// Memory of the context for a segment of the entry point, 64-byte aligned, at
/// least `bytes` long (all ones: a size that does not fit 64 bits), which it
/// keeps until the segment is reserved again. Called on the thread that makes
/// the call. Null if there is none; the context's message says why.
typedef void *(*dlc_reserve)(const struct dlc_call *call, dlc_uint32 segment, dlc_uint64 bytes);

/// Functions of the runtime that generated code calls.
typedef struct dlc_services {
  dlc_uint32 struct_bytes; /* sizeof(dlc_services) */
  dlc_uint32 reserved;
  dlc_parallel_for parallel_for;
  dlc_reserve reserve;
} dlc_services;

/// What the generated code of one run sees. Owned by the runtime; valid for
/// the call only.
typedef struct dlc_call {
  dlc_uint32 struct_bytes;     /* sizeof(dlc_call) */
  dlc_uint32 threads;          /* 1: parallel_for gains nothing, though it works */
  void **tensors;              /* inputs, then outputs: first element of each (byte offset applied); the run writes
                                  those of outputs that the context keeps */
  dlc_int64 *symbols;          /* one value per symbol of the entry point; the run writes those that it computes */
  dlc_byte *workspace;         /* 64-byte aligned, workspace_bytes(symbols) long; null in `prepare` */
  const dlc_byte *constants;   /* dlc_model.constants, or the mapped weight file */
  dlc_byte *prepared;          /* written by `prepare`, read by all others; 64-byte aligned */
  struct dlc_scratch *scratch; /* of the thread that makes the call */
  const dlc_services *services;
  void *executor; /* the runtime's own */
  void *stream;   /* null on the CPU */
  /// One address per state of the entry point, 64-byte aligned: what it was
  /// before the run, and what it becomes. They count only if the run succeeds.
  dlc_byte *const *states;
  dlc_byte *const *next_states;
  /// The model's variables: the block that the caller has bound to the context, 64-byte aligned.
  dlc_byte *variables;
  dlc_int32 device_id; /* 0 on the CPU */
  dlc_uint32 reserved;
} dlc_call;

/// The block of a run that an address of generated code is in. Tables of
/// launches name it in the lowest 3 bits of a word, and the number of the
/// tensor or state in those from DLC_BASE_BITS on.
enum dlc_argument_base {
  DLC_BASE_NONE = 0, /* a number, not an address */
  DLC_BASE_WORKSPACE = 1,
  DLC_BASE_CONSTANTS = 2,
  DLC_BASE_PREPARED = 3,
  DLC_BASE_VARIABLES = 4,
  DLC_BASE_TENSOR = 5, /* of dlc_call.tensors */
  DLC_BASE_STATE = 6,
  DLC_BASE_NEXT_STATE = 7,
  DLC_BASE_IMMEDIATE = 8, /* or'ed to the block: the offset is the next word itself */
  DLC_BASE_BITS = 4
};

/// What the first word of a launch in a table says instead of a function's
/// number: copy `extent` bytes from the second argument to the first.
enum dlc_launch_function { DLC_LAUNCH_COPY = -1 };

enum dlc_entry_flag {
  DLC_ENTRY_READS_VARIABLES = 1,
  DLC_ENTRY_WRITES_VARIABLES = 2,
  DLC_ENTRY_READS_DERIVED = 4 /* needs what `prepare_weights` writes: rejected unless the stamp says that it has run */
};

/// One function of a model, as programs see it. Its code is in dlc_program.
typedef struct dlc_entry_point {
  const char *name; /* "run" */
  dlc_uint32 input_count, output_count, symbol_count;
  dlc_uint32 flags; /* dlc_entry_flag */
  const dlc_tensor_info *inputs;
  const dlc_tensor_info *outputs;
  const dlc_symbol_info *symbols;
  /// Tensors that the context keeps from one run to the next, zeros at first.
  /// Entry points of a model share a state through its slot.
  const dlc_tensor_info *states;
  const dlc_index_check *checks;
  dlc_uint32 state_count, check_count;
  dlc_uint32 segment_count; /* that runs reserve */
  dlc_uint32 reserved_count;
  dlc_uint64 reserved[5];
} dlc_entry_point;

/// The code of an entry point in one program.
typedef struct dlc_entry_code {
  /// Bytes of workspace for these symbol values, of which those that a run
  /// computes do not count; never fails: a size that does not fit 64 bits is
  /// returned as all ones.
  dlc_uint64 (*workspace_bytes)(const dlc_int64 *symbols);
  /// Writes the extents of all outputs, one after another, to `dims`: where one
  /// depends on symbols that a run computes, and one of these is negative, an
  /// upper bound, or -1 if there is none. May be null if no output has a DLC_DIM_COMPUTED.
  void (*output_shapes)(const dlc_int64 *symbols, dlc_int64 *dims);
  /// Runs it. Returns 0 or a dlc_status.
  dlc_int32 (*execute)(const dlc_call *call);
} dlc_entry_code;

/// What a program that runs its kernels on a GPU requires of it.
typedef struct dlc_device_code {
  dlc_uint32 struct_bytes; /* sizeof(dlc_device_code) */
  dlc_uint32 capability;   /* the least compute capability: 75 is 7.5 */
} dlc_device_code;

/// A model compiled for one target: what the runtime executes.
typedef struct dlc_program {
  dlc_uint32 struct_bytes;       /* sizeof(dlc_program) */
  dlc_uint32 device_type;        /* dlc_device_type of the tensors that runs take */
  const char *target;            /* "x86-64-v4", ... */
  dlc_uint64 required_features;  /* dlc_cpu_feature bits without which no kernel runs */
  const dlc_entry_code *entries; /* one for each entry point of the model, in the same order */
  const dlc_byte
      *constants; /* packed weights in read-only memory, 64-byte aligned; null if none or in `weights_file` */
  dlc_uint64 constant_bytes;
  /// Weight file in the library's folder, memory-mapped; null if embedded. It
  /// holds `constant_bytes` bytes, then DLC_WEIGHTS_MAGIC, then `weights_hash`
  /// (8 bytes, little-endian), so that a file of another model is rejected
  /// without reading all of it.
  const char *weights_file;
  dlc_uint64 weights_hash; /* FNV-1a 64 of the constants, 0 if embedded */
  dlc_uint64 prepared_bytes;
  /// Fills call->prepared from call->constants, once; null if nothing is to
  /// prepare. Its call has no tensors, symbols or workspace.
  dlc_int32 (*prepare)(const dlc_call *call);
  /// Scratch bytes that a thread should start with: the sum, over allocations alive
  /// at once in the worst kernel, of the size rounded up to 64, plus 64. Too
  /// small a value costs an allocation in the first run, nothing else.
  dlc_uint64 scratch_bytes;
  /// The launches of all entry points, for profiles (dlc/profile.h); null if
  /// nothing is known of them. Nothing else reads it. Line i describes launch
  /// i, in fields that are separated by tabs: layer, kernel, and in the first
  /// line of a kernel its kind, its element type, and formulas in postfix
  /// notation over its symbols ("s0 4 * 2 +"; / and % are those of rounding
  /// down, ^ divides and rounds up; "?" is not known): operations, bytes, the
  /// extent that ranges are cut of, and the nanoseconds that the cost model
  /// expects on one core; then its schedules, "; " between those of several
  /// instruction sets: "x86-64-v4 gemm vector=16 split=0 columns=64 rows=6".
  /// Later versions may add fields.
  const char *launches;
  /* Later additions: DLC_HAS says whether a program has them. */
  /// What the kernels require of a GPU; null where they run on the CPU.
  const dlc_device_code *device_code;
} dlc_program;

struct dlc_runtime_api;

/// Additions to this header that a program must support to use a model.
enum dlc_model_need {
  /* outputs with DLC_TENSOR_BOUNDED or DLC_TENSOR_UNBOUNDED: their extents are asked for after a run */
  DLC_MODEL_NEEDS_RESULT_SHAPES = 1,
  DLC_MODEL_NEEDS_KNOWN = 1 /* all of them */
};

/// The one symbol that a model library exports, as `dlc_model_NAME`.
typedef struct dlc_model {
  dlc_uint32 abi_version;  /* DLC_ABI_VERSION */
  dlc_uint32 struct_bytes; /* sizeof(dlc_model) */
  const char *name;
  const char *compiler; /* "dlc 0.1.0" */
  const char *target;   /* the value of --target: "x86-64-v4", ... */
  dlc_uint64 needs;     /* dlc_model_need */
  dlc_uint32 entry_count;
  dlc_uint32 variable_count;
  dlc_uint32 state_count; /* of all entry points together */
  dlc_uint32 program_count;
  const dlc_entry_point *entries;
  const dlc_variable_info *variables;
  dlc_uint64 variable_bytes;
  /// In order of preference: a context uses the first whose device and features
  /// the machine has.
  const dlc_program *const *programs;
  /// The runtime linked into this library: `&dlc_rt_api`. dlc/runtime.h calls
  /// through it.
  const struct dlc_runtime_api *runtime;

  /* Later additions: DLC_HAS says whether a library has them. */

  /// What the data was that the weights were learned from, one JSON object: names of classes and columns, units, and
  /// how numbers were scaled (docs/training.md). It is the metadata "dlc.data" of the checkpoint that the weights were
  /// read from; null if there is none.
  const char *data_description;
  /// The layers of the model's main entry point, as its file has them, for people; null if nothing is known of them, or
  /// if they are more than 1,000. A line for each, with fields that are separated by tabs: name, op, extents of its
  /// result ("N, 16, 8, 8"), number of parameters, and operations, which count each sum or product of two numbers as
  /// one, with symbols taken as 1.
  const char *layers;
} dlc_model;

/* Priorities of constructors: the runtime detects the CPU's features, then the
 * library selects among its kernels. Those of applications come later. */
#define DLC_FEATURES_PRIORITY 101
#define DLC_MACHINE_PRIORITY 102

#define DLC_WEIGHTS_MAGIC "DLCWGHT1" /* 8 bytes, no terminator in the file */

/* What the runtime offers to generated code (hidden symbols, same library):
 *
 *   extern const struct dlc_runtime_api dlc_rt_api;
 *   extern const struct dlc_runtime_api dlc_rt_cuda_api;
 *       dlc_model.runtime of a model whose kernels run on a GPU.
 *   extern dlc_uint64 dlc_rt_cpu_features;
 *       dlc_cpu_feature bits that CPU and operating system support. Set by a
 *       constructor of priority DLC_FEATURES_PRIORITY, constant afterwards;
 *       the environment variable DLC_CPU_FEATURES may remove some.
 *   halide_malloc, halide_free, halide_error and the halide_error_* functions
 *       of kernels that check their bounds; `user_context` is a dlc_scratch.
 */

#ifdef __cplusplus
}
#endif
#endif /* DLC_ABI_H */
