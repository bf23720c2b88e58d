/* SPDX-License-Identifier: Apache-2.0 */
/// \file
/// The binary interface between code that dlc generates and the runtime that
/// is linked into every model library. Standalone C: no other header needed,
/// no libc. The compiler writes these structures as LLVM constants, so the
/// order and width of the fields are part of the ABI: any change increments
/// DLC_ABI_VERSION.
#ifndef DLC_ABI_H
#define DLC_ABI_H

#ifdef __cplusplus
extern "C" {
#endif

#define DLC_ABI_VERSION 1u

typedef signed long long dlc_int64;
typedef unsigned long long dlc_uint64;
typedef int dlc_int32;
typedef unsigned int dlc_uint32;
typedef unsigned char dlc_byte;

/// Element types, with DLPack's codes in the upper byte and the width in bits
/// in the lower one, so that a DLDataType converts without a table.
enum dlc_element_type {
  DLC_I8 = 0x0008, DLC_I16 = 0x0010, DLC_I32 = 0x0020, DLC_I64 = 0x0040,
  DLC_U8 = 0x0108, DLC_U16 = 0x0110, DLC_U32 = 0x0120, DLC_U64 = 0x0140,
  DLC_F16 = 0x0210, DLC_F32 = 0x0220, DLC_F64 = 0x0240,
  DLC_BF16 = 0x0410,
  DLC_BOOL = 0x0608 /* one byte an element, 0 or 1 */
};

/// A dimension known only at run time, such as the batch "N".
typedef struct dlc_symbol_info {
  const char *name;
  dlc_int64 minimum; /* smallest legal value, inclusive */
  dlc_int64 maximum; /* largest legal value, inclusive */
} dlc_symbol_info;

/// A tensor that an entry point takes or returns. `dims[i] >= 0` is a fixed
/// extent; `dims[i] == -(s + 1)` is symbol `s` of the entry point;
/// DLC_DIM_COMPUTED (outputs only) is what `output_shapes` computes.
typedef struct dlc_tensor_info {
  const char *name;
  dlc_uint32 element_type; /* dlc_element_type */
  dlc_uint32 rank;
  const dlc_int64 *dims;
} dlc_tensor_info;
#define DLC_DIM_COMPUTED (-9223372036854775807LL - 1)

struct dlc_call;

struct dlc_scratch;

/// One launch of a kernel, over the range [begin, end) of its outermost split
/// dimension. `arguments` is the launch's own (buffer addresses and symbol
/// values, on the caller's stack); `scratch` is the executing thread's.
/// Returns 0 or a dlc_status.
typedef dlc_int32 (*dlc_task)(const void *arguments, dlc_int64 begin, dlc_int64 end, struct dlc_scratch *scratch);

/// Runs `task` over [0, extent), in ranges that start at multiples of
/// `grain` (the last may be shorter), on the threads behind the call.
/// Returns the first status that is not 0.
typedef dlc_int32 (*dlc_parallel_for)(const struct dlc_call *call, dlc_task task, const void *arguments,
                                      dlc_int64 extent, dlc_int64 grain);

/// Scratch memory of one thread: what halide_malloc hands out, last in, first
/// out. `capacity` is dlc_model.scratch_bytes.
typedef struct dlc_scratch {
  dlc_byte *base; /* 64-byte aligned */
  dlc_uint64 used;
  dlc_uint64 capacity;
} dlc_scratch;

/// What the generated code of one run sees. Owned by the runtime; valid for
/// the call only.
typedef struct dlc_call {
  void *const *tensors;        /* inputs, then outputs: first element of each (byte offset applied) */
  const dlc_int64 *symbols;    /* one value a symbol of the entry point */
  dlc_byte *workspace;         /* 64-byte aligned, workspace_bytes(symbols) long */
  const dlc_byte *constants;   /* dlc_model.constants */
  dlc_byte *prepared;          /* written by `prepare`, read by all others; 64-byte aligned */
  dlc_scratch *scratch;        /* of the thread that makes the call */
  dlc_uint32 threads;          /* 1: never call parallel_for */
  dlc_uint32 reserved;
  dlc_parallel_for parallel_for;
  void *executor;              /* the runtime's own */
} dlc_call;

/// One function of a model.
typedef struct dlc_entry_point {
  const char *name; /* "run" */
  dlc_uint32 input_count, output_count, symbol_count, flags;
  const dlc_tensor_info *inputs;
  const dlc_tensor_info *outputs;
  const dlc_symbol_info *symbols;
  /// Bytes of workspace for these symbol values; never fails.
  dlc_uint64 (*workspace_bytes)(const dlc_int64 *symbols);
  /// Writes the extents of all outputs, one after another, to `dims`.
  void (*output_shapes)(const dlc_int64 *symbols, dlc_int64 *dims);
  /// Runs it. Returns 0 or a dlc_status.
  dlc_int32 (*execute)(const dlc_call *call);
} dlc_entry_point;

struct dlc_runtime_api;

/// The one symbol that a model library exports, as `dlc_model_NAME`.
typedef struct dlc_model {
  dlc_uint32 abi_version; /* DLC_ABI_VERSION */
  dlc_uint32 struct_bytes;
  const char *name;
  const char *compiler; /* "dlc 0.1.0" */
  const char *target;   /* "x86-64-v4", ... */
  dlc_uint32 entry_count;
  dlc_uint32 flags;
  const dlc_entry_point *entries;
  const dlc_byte *constants; /* packed weights in read-only memory; null if none or in `weights_file` */
  dlc_uint64 constant_bytes;
  const char *weights_file; /* sidecar next to the library, memory-mapped; null if embedded */
  dlc_uint64 weights_hash;  /* FNV-1a 64 of the sidecar, 0 if embedded */
  dlc_uint64 prepared_bytes;
  /// Fills call->prepared from call->constants, once; null if nothing is to prepare.
  dlc_int32 (*prepare)(const dlc_call *call);
  dlc_uint64 scratch_bytes; /* per thread */
  /// 1 if this CPU can run the kernels, 0 if it lacks an instruction set.
  dlc_int32 (*is_supported)(void);
  /// The runtime linked into this library (dlc/runtime.h calls through it).
  const struct dlc_runtime_api *runtime;
} dlc_model;

#ifdef __cplusplus
}
#endif
#endif /* DLC_ABI_H */
