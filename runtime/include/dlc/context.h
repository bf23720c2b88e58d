// SPDX-License-Identifier: Apache-2.0
/// \file
/// Contexts, the state that they keep, runs, and pools of threads. A part of dlc/runtime.h.
#ifndef DLC_CONTEXT_H
#define DLC_CONTEXT_H

#include "dlc/library.h"

#ifdef __cplusplus
extern "C" {
#endif

/*===-- Contexts -------------------------------------------------------------===*/

/// Creates a context with one reference: the working memory of one run at a
/// time. The first of a model also prepares it; contexts share the result.
/// `options` may be null. Workspace whose size depends on the batch grows in
/// the first run that needs more, or in dlc_context_reserve; apart from that,
/// a run allocates nothing.
static inline dlc_int32 dlc_context_create(const dlc_model *model, const dlc_context_options *options, dlc_error *error,
                                           dlc_context **context) {
  if (context)
    *context = NULL;
  dlc_int32 status = dlc_model_check(model, error);
  return status ? status : model->runtime->context_create(model, options, error, context);
}

/// Adds a reference; null is fine.
static inline void dlc_context_retain(dlc_context *context) {
  if (context)
    context->api->context_retain(context);
}

/// Releases a reference; the last one frees the context. Null is fine.
static inline void dlc_context_release(dlc_context *context) {
  if (context)
    context->api->context_release(context);
}

/// Changes threads and executor as in dlc_context_options. On failure the
/// context keeps what it had.
static inline dlc_int32 dlc_context_set_threads(dlc_context *context, dlc_uint32 threads,
                                                const dlc_executor *executor) {
  return context ? context->api->context_set_threads(context, threads, executor) : DLC_ERROR_ARGUMENT;
}

/// Grows the workspace to what `entry` needs for these values of its symbols
/// (symbol_count of them), such as the largest batch to come.
static inline dlc_int32 dlc_context_reserve(dlc_context *context, const dlc_entry_point *entry,
                                            const dlc_int64 *symbols) {
  return context ? context->api->context_reserve(context, entry, symbols) : DLC_ERROR_ARGUMENT;
}

/// Bytes that the context holds: workspace, state, scratch, tables.
static inline dlc_uint64 dlc_context_bytes(const dlc_context *context) {
  return context ? context->api->context_bytes(context) : 0;
}

/// The program of the library that the context runs, and on which device: `*type` is DLC_DEVICE_CPU or DLC_DEVICE_CUDA,
/// `*id` the number of the GPU, 0 on the CPU. Both may be null.
static inline const dlc_program *dlc_context_program(const dlc_context *context, dlc_int32 *type, dlc_int32 *id) {
  dlc_int32 unused;
  if (context && DLC_HAS(dlc_runtime_api, context->api, context_program))
    return context->api->context_program(context, type ? type : &unused, id ? id : &unused);
  /* Libraries that are older than the function have one program. */
  const dlc_program *program = context ? context->model->programs[0] : NULL;
  if (type)
    *type = program && DLC_HAS(dlc_program, program, device_code) && program->device_code ? DLC_DEVICE_CUDA
                                                                                          : DLC_DEVICE_CPU;
  if (id)
    *id = 0;
  return program;
}

/// Allocates memory of the GPU that the context runs on, for tensors, aligned to 256 bytes; dlc_device_release frees
/// it. DLC_ERROR_DEVICE if the context runs on the CPU.
static inline dlc_int32 dlc_device_allocate(dlc_context *context, dlc_uint64 bytes, void **memory) {
  *memory = NULL;
  if (!context)
    return DLC_ERROR_ARGUMENT;
  if (!DLC_HAS(dlc_runtime_api, context->api, device_release) || !context->api->device_allocate)
    return DLC_ERROR_DEVICE;
  return context->api->device_allocate(context, bytes, memory);
}

/// Frees it when all that is at work on the GPU has ended. Null is fine.
static inline void dlc_device_release(dlc_context *context, void *memory) {
  if (context && memory)
    context->api->device_release(context, memory);
}

/// Copies `bytes` bytes from the host's memory to memory of the GPU that the context runs on, after all work that its
/// stream has been given, and waits.
static inline dlc_int32 dlc_device_write(dlc_context *context, void *memory, const void *from, dlc_uint64 bytes) {
  if (!context)
    return DLC_ERROR_ARGUMENT;
  if (!DLC_HAS(dlc_runtime_api, context->api, device_write) || !context->api->device_write)
    return DLC_ERROR_DEVICE;
  return context->api->device_write(context, memory, from, bytes);
}

/// The same from the GPU to the host's memory.
static inline dlc_int32 dlc_device_read(dlc_context *context, void *to, const void *memory, dlc_uint64 bytes) {
  if (!context)
    return DLC_ERROR_ARGUMENT;
  if (!DLC_HAS(dlc_runtime_api, context->api, device_read) || !context->api->device_read)
    return DLC_ERROR_DEVICE;
  return context->api->device_read(context, to, memory, bytes);
}

/// What went wrong in the last failed call on the context; valid until the
/// next one.
static inline const char *dlc_context_message(const dlc_context *context) {
  return context ? context->api->context_message(context) : "there is no context";
}

/*===-- State ----------------------------------------------------------------===*/

/* What a `stateful` model remembers from one run to the next is in the
 * context. It is zero at first; symbolic extents (the batch) get their values
 * from the first run, and a later run that needs others is rejected with
 * DLC_ERROR_STATE until the context is reset. A run that fails leaves the state
 * as it was. */

/// Clears all state: the next run is like the first one.
static inline dlc_int32 dlc_context_reset(dlc_context *context) {
  return context ? context->api->context_reset(context) : DLC_ERROR_ARGUMENT;
}

/// The state called `name` of any entry point, or null.
static inline const dlc_tensor_info *dlc_find_state(const dlc_model *model, const char *name) {
  for (dlc_uint32 i = 0; name && i < model->entry_count; ++i)
    for (dlc_uint32 j = 0; j < model->entries[i].state_count; ++j)
      if (!strcmp(model->entries[i].states[j].name, name))
        return &model->entries[i].states[j];
  return NULL;
}

/// Writes the extents of a state, as many as its rank. DLC_ERROR_STATE if
/// they depend on a first run that has not happened yet.
static inline dlc_int32 dlc_state_shape(dlc_context *context, const char *name, dlc_int64 *dims) {
  return context ? context->api->state_shape(context, name, dims) : DLC_ERROR_ARGUMENT;
}

/// Copies a state to `tensor`, which must have its type and shape.
static inline dlc_int32 dlc_state_read(dlc_context *context, const char *name, const dlc_tensor *tensor) {
  return context ? context->api->state_read(context, name, tensor) : DLC_ERROR_ARGUMENT;
}

/// Copies `tensor` to a state. If no run has determined symbolic extents
/// yet, those of `tensor` count.
static inline dlc_int32 dlc_state_write(dlc_context *context, const char *name, const dlc_tensor *tensor) {
  return context ? context->api->state_write(context, name, tensor) : DLC_ERROR_ARGUMENT;
}

/*===-- Runs -----------------------------------------------------------------===*/

/// A compact tensor in the CPU's memory. `shape` must outlive it.
static inline dlc_tensor dlc_tensor_of(void *data, dlc_uint32 element_type, dlc_int32 rank, dlc_int64 *shape) {
  dlc_tensor tensor;
  memset(&tensor, 0, sizeof tensor);
  tensor.data = data;
  tensor.device.type = DLC_DEVICE_CPU;
  tensor.ndim = rank;
  tensor.dtype.code = (dlc_byte)(element_type >> 8);
  tensor.dtype.bits = (dlc_byte)element_type;
  tensor.dtype.lanes = 1;
  tensor.shape = shape;
  return tensor;
}

/// The values that the shapes of `inputs` give to the entry's symbols; writes
/// symbol_count values, -1 for those that a run computes. Data of the tensors
/// is not read.
static inline dlc_int32 dlc_infer_symbols(dlc_context *context, const dlc_entry_point *entry, const dlc_tensor *inputs,
                                          dlc_uint32 input_count, dlc_int64 *symbols) {
  return context ? context->api->infer_symbols(context, entry, inputs, input_count, symbols) : DLC_ERROR_ARGUMENT;
}

/// The extents of all outputs for these symbols, one output after another;
/// writes as many values as the outputs' ranks add up to. Those of an output
/// with DLC_TENSOR_BOUNDED are upper bounds; one of DLC_TENSOR_UNBOUNDED that
/// depends on data is -1.
static inline dlc_int32 dlc_output_shapes(dlc_context *context, const dlc_entry_point *entry, const dlc_int64 *symbols,
                                          dlc_int64 *dims) {
  return context ? context->api->output_shapes(context, entry, symbols, dims) : DLC_ERROR_ARGUMENT;
}

/// In place of an output that the caller does not want: all zeros. The run needs
/// no buffer for it; the context provides memory, so that work for such an output
/// alone is done nonetheless.
static inline dlc_tensor dlc_no_tensor(void) {
  dlc_tensor tensor;
  memset(&tensor, 0, sizeof tensor);
  return tensor;
}

/// Runs `entry`, one of the context's model. Tensors come in the order of the
/// description and stay the caller's; they must be compact, row-major, in the CPU's
/// memory or on the GPU that the context runs on, aligned to their elements, of the declared type and shape (outputs:
/// what dlc_output_shapes says), and no output may overlap another tensor. Otherwise nothing is written and a status
/// says what is wrong. An output may be dlc_no_tensor(). The same inputs give the same bits on any number of
/// threads.
static inline dlc_int32 dlc_run(dlc_context *context, const dlc_entry_point *entry, const dlc_tensor *inputs,
                                dlc_uint32 input_count, const dlc_tensor *outputs, dlc_uint32 output_count) {
  return context ? context->api->run(context, entry, inputs, input_count, outputs, output_count, NULL)
                 : DLC_ERROR_ARGUMENT;
}

/// The extents that the last run of the context, a successful one of `entry`,
/// has given all outputs; writes as many values as dlc_output_shapes. They
/// differ from what that says where data decides an extent.
static inline dlc_int32 dlc_result_shapes(dlc_context *context, const dlc_entry_point *entry, dlc_int64 *dims) {
  if (!context)
    return DLC_ERROR_ARGUMENT;
  /* A library without the function has no such outputs, so nobody needs it there. */
  return DLC_HAS(dlc_runtime_api, context->api, result_shapes) ? context->api->result_shapes(context, entry, dims)
                                                               : DLC_ERROR_ABI;
}

/// The elements of output number `output` after the last run of the context, a
/// successful one of `entry`: compact, row-major. Those of an output with
/// DLC_TENSOR_UNBOUNDED are the context's, and stay until its next run; others
/// are in the caller's own memory. Null if there are none.
static inline const void *dlc_result_data(dlc_context *context, const dlc_entry_point *entry, dlc_uint32 output) {
  return context && DLC_HAS(dlc_runtime_api, context->api, result_data)
             ? context->api->result_data(context, entry, output)
             : NULL;
}

/// dlc_run for callers that know how long their buffers are: `capacities[i]` is
/// the number of bytes from the first element (byte_offset applied) of tensor
/// i, inputs first, and DLC_ERROR_TOO_SMALL the answer to one that is too short.
static inline dlc_int32 dlc_run_sized(dlc_context *context, const dlc_entry_point *entry, const dlc_tensor *inputs,
                                      dlc_uint32 input_count, const dlc_tensor *outputs, dlc_uint32 output_count,
                                      const dlc_uint64 *capacities) {
  return context ? context->api->run(context, entry, inputs, input_count, outputs, output_count, capacities)
                 : DLC_ERROR_ARGUMENT;
}

/// Stops the run that the context is in, and makes those that come fail, until
/// dlc_context_resume. May be called at any time from any thread, and from a
/// signal handler, while the context exists; it does not wait for the run. The
/// run returns DLC_ERROR_CANCELLED as soon as each of its threads has finished
/// the kernel, or the part of a kernel's range, that it is at; outputs aside,
/// nothing has changed. A run that has begun to change the model's variables
/// (a training step, from its first update on) completes instead. DLC_ERROR_ABI if
/// the library is older than this function.
static inline dlc_int32 dlc_context_cancel(dlc_context *context) {
  if (!context)
    return DLC_ERROR_ARGUMENT;
  return DLC_HAS(dlc_runtime_api, context->api, context_cancel) ? context->api->context_cancel(context, 1)
                                                                : DLC_ERROR_ABI;
}

/// Lets a cancelled context run again. DLC_ERROR_BUSY while the run that has
/// been cancelled is still going on. Does nothing to a context that is not
/// cancelled.
static inline dlc_int32 dlc_context_resume(dlc_context *context) {
  if (!context)
    return DLC_ERROR_ARGUMENT;
  return DLC_HAS(dlc_runtime_api, context->api, context_cancel) ? context->api->context_cancel(context, 0)
                                                                : DLC_ERROR_ABI;
}

/*===-- Pools ----------------------------------------------------------------===*/

/// Starts a pool with one reference, in the library of `model`, which must stay
/// open while the pool is used. Contexts of any model can share it: put
/// `&pool->executor` into their options. Idle threads spin for
/// spin_microseconds, then sleep. One context at a time uses the threads; a
/// second one meanwhile runs on its own thread alone. In a forked child the
/// pool starts threads of its own in the first run.
/// `options` may be null.
static inline dlc_int32 dlc_pool_create(const dlc_model *model, const dlc_pool_options *options, dlc_error *error,
                                        dlc_pool **pool) {
  if (pool)
    *pool = NULL;
  dlc_int32 status = dlc_model_check(model, error);
  return status ? status : model->runtime->pool_create(options, error, pool);
}

/// Adds a reference; null is fine.
static inline void dlc_pool_retain(dlc_pool *pool) {
  if (pool)
    pool->api->pool_retain(pool);
}

/// Releases a reference; the last one stops the threads. No context may
/// still use the pool. Null is fine.
static inline void dlc_pool_release(dlc_pool *pool) {
  if (pool)
    pool->api->pool_release(pool);
}

#ifdef __cplusplus
}
#endif
#endif /* DLC_CONTEXT_H */
