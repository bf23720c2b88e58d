// SPDX-License-Identifier: Apache-2.0
/// \file
/// Variables of trainable models and of models with replaceable weights. A part of dlc/runtime.h.
#ifndef DLC_VARIABLES_H
#define DLC_VARIABLES_H

#include "dlc/context.h"

#ifdef __cplusplus
extern "C" {
#endif

/*===-- Variables ------------------------------------------------------------===*/

/* What training changes is in one block of model->variable_bytes bytes that
 * the caller owns: weights, what an optimizer keeps for them, counters. Where
 * each variable is in it is part of the description (dlc_find_variable). On the
 * CPU nothing holds a second copy, so the block may be copied as bytes at any
 * time between runs. A GPU has a copy, which runs read and write: see
 * dlc_variables_pull and dlc_variables_push. */

/// A block for the variables of `model`, all zero, which free() releases. Null, with an error, if there is no memory.
/// Any other memory aligned to 64 serves as well; large blocks are in huge pages here,
/// which makes runs a little faster.
static inline void *dlc_variables_allocate(const dlc_model *model, dlc_error *error) {
  return dlc_model_check(model, error) ? NULL : model->runtime->variables_allocate(model, error);
}

/// Lets runs of the context read and write the model's variables in `block`:
/// `bytes` (at least model->variable_bytes) bytes, aligned to 64, that stay the
/// caller's and must outlive their use. `init` initializes them. Contexts
/// may share a block as long as no run that writes it overlaps another run. A
/// null block unbinds the variables.
static inline dlc_int32 dlc_variables_bind(dlc_context *context, void *block, size_t bytes) {
  return context ? context->api->variables_bind(context, block, bytes) : DLC_ERROR_ARGUMENT;
}

/// Whether kernels of the model run on a GPU, where runs keep a copy of the variables.
static inline int dlc_has_device_code(const dlc_model *model) {
  for (dlc_uint32 i = 0; i < model->program_count; ++i)
    if (DLC_HAS(dlc_program, model->programs[i], device_code) && model->programs[i]->device_code)
      return 1;
  return 0;
}

/// Makes `block` hold what runs have written: to be called before the block is read, and before the last context that
/// has bound it is released or binds another one. dlc_variables_save calls it. On the CPU runs write the block itself,
/// and there is nothing to do. No run may use the block meanwhile.
static inline dlc_int32 dlc_variables_pull(const dlc_model *model, void *block, dlc_error *error) {
  dlc_int32 status = dlc_model_check(model, error);
  return status || !dlc_has_device_code(model) ? status
                                               : model->runtime->variables_save(model, block, NULL, NULL, 0, error);
}

/// Lets the next run read `block` anew: to be called after anything but a run has changed it, which has to begin with
/// dlc_variables_pull. dlc_variables_load calls it. On the CPU there is nothing to do. No run may use the block
/// meanwhile.
static inline dlc_int32 dlc_variables_push(const dlc_model *model, void *block, dlc_error *error) {
  dlc_int32 status = dlc_model_check(model, error);
  return status || !dlc_has_device_code(model) ? status
                                               : model->runtime->variables_load(model, block, NULL, NULL, error);
}

/// The variable called `name`, or null.
static inline const dlc_variable_info *dlc_find_variable(const dlc_model *model, const char *name) {
  for (dlc_uint32 i = 0; name && i < model->variable_count; ++i)
    if (!strcmp(model->variables[i].name, name))
      return &model->variables[i];
  return NULL;
}

/// Writes the variables in `block` to `path` as safetensors, with `count` strings
/// of metadata. The file is written atomically: it is written in the same folder, as
/// PATH.RANDOM.tmp (16 hexadecimal digits), synced to the disk and renamed, so a crash at any moment
/// leaves the old file or the new one. No run may write the block meanwhile.
static inline dlc_int32 dlc_variables_save(const dlc_model *model, const void *block, const char *path,
                                           const dlc_metadata *metadata, dlc_uint32 count, dlc_error *error) {
  dlc_int32 status = dlc_model_check(model, error);
  return status ? status : model->runtime->variables_save(model, block, path, metadata, count, error);
}

/// In a model with replaceable weights (`dlc --replaceable-weights`): recomputes, in `block`, what its entry points
/// read instead of the weights themselves, packed and transformed. To be called after anything has changed the
/// weights: `init`, or the caller (dlc_variables_load calls it). A run that needs it and finds that it was not called
/// is rejected. In other models there is nothing to do. No run may use the block meanwhile.
static inline dlc_int32 dlc_weights_prepare(const dlc_model *model, void *block, dlc_error *error) {
  dlc_int32 status = dlc_model_check(model, error);
  const dlc_entry_point *entry = status ? NULL : dlc_find_entry(model, "prepare_weights");
  if (status || !entry)
    return status;
  dlc_context *context;
  status = dlc_context_create(model, NULL, error, &context);
  if (status)
    return status;
  status = dlc_variables_bind(context, block, model->variable_bytes);
  if (!status)
    status = context->api->run(context, entry, NULL, 0, NULL, 0, NULL);
  if (status)
    dlc_report(error, status, "%s%s", dlc_context_message(context), "");
  else
    status = dlc_variables_pull(model, block, error);
  dlc_context_release(context);
  return status;
}

/// Reads variables from `path` into `block`. `options` may be null: then the
/// file must hold exactly the model's variables. Names, types, shapes and sizes
/// are all checked, and all bytes read, before the block is written, so that it
/// changes as a whole or not at all; the message says what differs. Into a model with replaceable weights, whatever
/// else a checkpoint of the trained model contains is ignored, and dlc_weights_prepare follows.
static inline dlc_int32 dlc_variables_load(const dlc_model *model, void *block, const char *path,
                                           const dlc_load_options *options, dlc_error *error) {
  dlc_int32 status = dlc_model_check(model, error);
  if (!status)
    status = model->runtime->variables_load(model, block, path, options, error);
  return status ? status : dlc_weights_prepare(model, block, error);
}

/// Copies the metadata `key` of the safetensors file `path` to `value`,
/// terminated; `bytes` becomes its size with the terminator, also when
/// `capacity` is too small for it (DLC_ERROR_TOO_SMALL; `value` may be null if it
/// is 0). A file without such metadata is not an error: `bytes` becomes 0. `model`
/// is any model: its runtime reads the file.
static inline dlc_int32 dlc_metadata_read(const dlc_model *model, const char *path, const char *key, char *value,
                                          size_t capacity, size_t *bytes, dlc_error *error) {
  dlc_int32 status = dlc_model_check(model, error);
  dlc_uint64 needed = 0;
  if (bytes)
    *bytes = 0;
  if (!status)
    status = model->runtime->metadata_read(path, key, value, capacity, &needed, error);
  if (bytes)
    *bytes = (size_t)needed;
  return status;
}

/// Bytes of one variable.
static inline size_t dlc_variable_size(const dlc_variable_info *variable) {
  size_t bytes = dlc_element_bytes(variable->element_type);
  for (dlc_uint32 d = 0; d < variable->rank; ++d)
    bytes *= (size_t)variable->dims[d];
  return bytes;
}

#ifdef __cplusplus
}
#endif
#endif /* DLC_VARIABLES_H */
