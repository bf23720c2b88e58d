/* SPDX-License-Identifier: Apache-2.0 */
/// \file
/// Custom ops: C functions that compute ops of a model. A function that is
/// linked into the library with `dlc --op NAME=SYMBOL --link FILE.o` is
///
///     int32_t SYMBOL(const dlc_op_call *call);
///
/// It reads call->inputs, writes all elements of call->outputs and returns 0.
/// Any other value ends the run, which then fails with DLC_ERROR_KERNEL and a
/// message that has the op's name, the value, and the text that the function
/// has given to call->fail. Functions throw no exceptions, keep no pointer of
/// the call, and may be called by several threads at the same time if the
/// model runs in several contexts.
///
/// Standalone: C99 or C++11, and nothing but <stdint.h> and dlc/abi.h.
#ifndef DLC_CUSTOM_OP_H
#define DLC_CUSTOM_OP_H

#include "dlc/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/// An operand or a result: compact and row-major, in memory that is aligned to
/// 64 bytes unless it is the caller's own.
typedef struct dlc_op_tensor {
  void *data;              /* element 0; of an input: to be read only */
  dlc_uint32 element_type; /* dlc_element_type */
  dlc_uint32 rank;
  const dlc_int64 *shape;   /* `rank` extents, each of which may be 0 */
  const dlc_int64 *strides; /* in elements: the last one is 1 */
} dlc_op_tensor;

enum dlc_op_attribute_kind {
  DLC_OP_INTEGERS = 1, /* int64_t */
  DLC_OP_REALS = 2,    /* double */
  DLC_OP_STRINGS = 3   /* const char *, each with a terminator */
};

/// An attribute of the node: a number or a string (`is_list` is 0 and `count`
/// 1), or a list of them.
typedef struct dlc_op_attribute {
  const char *name;
  dlc_uint32 kind; /* dlc_op_attribute_kind */
  dlc_uint32 is_list;
  dlc_uint64 count;
  const void *values; /* as many int64_t, double or const char * */
} dlc_op_attribute;

struct dlc_op_call;

/// A part of the work: indices begin to end - 1. Returns 0, or what the whole
/// is to fail with. Parts run on several threads at the same time.
typedef dlc_int32 (*dlc_op_task)(const struct dlc_op_call *call, void *data, dlc_int64 begin, dlc_int64 end);

/// One call of a function. New fields are added at the end: DLC_HAS says
/// whether the library has a field.
typedef struct dlc_op_call {
  dlc_uint32 struct_bytes; /* sizeof(dlc_op_call) of the dlc that compiled the model */
  dlc_uint32 input_count, output_count, attribute_count;
  const dlc_op_tensor *inputs;
  const dlc_op_tensor *outputs;
  const dlc_op_attribute *attributes;
  const char *op;    /* what the model calls the op */
  const char *layer; /* and the node; may be "" */

  /// Scratch memory, 64-byte aligned, until the function returns; null if there
  /// is none. Not to be called in tasks.
  void *(*allocate)(const struct dlc_op_call *call, dlc_uint64 bytes);
  /// Runs `task` for [0, extent) on the threads of the model's context, in
  /// parts that begin at multiples of `grain` (>= 1) and may differ from run to
  /// run. Returns 0 or the status of a task that failed. Within a task, and
  /// where the context has one thread, it runs all of it on the calling one. A
  /// grain should be worth some microseconds of work.
  dlc_int32 (*parallel_for)(const struct dlc_op_call *call, dlc_op_task task, void *data, dlc_int64 extent,
                            dlc_int64 grain);
  /// Notes `text` (cut off at some hundred bytes) for the message of the run
  /// and returns `status`, to be returned in turn. The first text counts. Also
  /// in tasks.
  dlc_int32 (*fail)(const struct dlc_op_call *call, dlc_int32 status, const char *text);

  dlc_uint32 threads; /* of the context: 1 if parallel_for gains nothing */
  dlc_uint32 reserved;
  void *owner; /* the runtime's own */
} dlc_op_call;

/// The function of an op.
typedef dlc_int32 (*dlc_op_function)(const dlc_op_call *call);

/*===-- Reading attributes ---------------------------------------------------===*/

/// The attribute `name` of the given kind; null if the node has none.
static inline const dlc_op_attribute *dlc_op_find(const dlc_op_call *call, const char *name, dlc_uint32 kind) {
  dlc_uint32 i;
  for (i = 0; i < call->attribute_count; ++i) {
    const dlc_op_attribute *attribute = &call->attributes[i];
    const char *a = attribute->name, *b = name;
    while (*a && *a == *b) {
      ++a;
      ++b;
    }
    if (*a == *b && attribute->kind == kind)
      return attribute;
  }
#ifdef __cplusplus
  return nullptr;
#else
  return (const dlc_op_attribute *)0;
#endif
}

/// The first or only integer of an attribute, or `otherwise`.
static inline dlc_int64 dlc_op_integer(const dlc_op_call *call, const char *name, dlc_int64 otherwise) {
  const dlc_op_attribute *attribute = dlc_op_find(call, name, DLC_OP_INTEGERS);
  return attribute && attribute->count ? *(const dlc_int64 *)attribute->values : otherwise;
}

/// The first or only number of an attribute, be it written as an integer or
/// not, or `otherwise`.
static inline double dlc_op_real(const dlc_op_call *call, const char *name, double otherwise) {
  const dlc_op_attribute *attribute = dlc_op_find(call, name, DLC_OP_REALS);
  if (attribute && attribute->count)
    return *(const double *)attribute->values;
  attribute = dlc_op_find(call, name, DLC_OP_INTEGERS);
  return attribute && attribute->count ? (double)*(const dlc_int64 *)attribute->values : otherwise;
}

/// The first or only string of an attribute, or `otherwise`.
static inline const char *dlc_op_string(const dlc_op_call *call, const char *name, const char *otherwise) {
  const dlc_op_attribute *attribute = dlc_op_find(call, name, DLC_OP_STRINGS);
  return attribute && attribute->count ? *(const char *const *)attribute->values : otherwise;
}

/// The number of elements of a tensor.
static inline dlc_int64 dlc_op_elements(const dlc_op_tensor *tensor) {
  dlc_int64 count = 1;
  dlc_uint32 i;
  for (i = 0; i < tensor->rank; ++i)
    count *= tensor->shape[i];
  return count;
}

#ifdef __cplusplus
}
#endif

#endif /* DLC_CUSTOM_OP_H */
