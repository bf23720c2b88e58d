/* SPDX-License-Identifier: Apache-2.0 */
/// \file
/// The C interface to models that dlc compiled, for C11 and C++17: open a
/// library (or name a linked-in model), create a context, run. Header-only; every
/// model contains its own runtime, which these functions reach through the
/// model's description. Link with -ldl where libc is older than glibc 2.34.
///
///   dlc_error error;
///   dlc_library *library;
///   dlc_context *context;
///   if (dlc_library_open("./digits.so", NULL, &error, &library) ||
///       dlc_context_create(library->model, NULL, &error, &context))
///     return fprintf(stderr, "%s\n", error.message), 1;
///   int64_t image_shape[] = {1, 1, 8, 8}, probability_shape[] = {1, 10};
///   dlc_tensor image = dlc_tensor_of(pixels, DLC_F32, 4, image_shape);
///   dlc_tensor probability = dlc_tensor_of(result, DLC_F32, 2, probability_shape);
///   if (dlc_run(context, &library->model->entries[0], &image, 1, &probability, 1))
///     return fprintf(stderr, "%s\n", dlc_context_message(context)), 1;
///   dlc_context_release(context);
///   dlc_library_close(library);
///
/// Functions that can fail return a dlc_status; results come through the last
/// parameter, which is null after a failure. `error` may be null. No call
/// aborts, throws, or writes outside what it was given. Objects may be used
/// from any thread; a context runs in one thread at a time (a second one gets
/// DLC_ERROR_BUSY), different contexts run concurrently. Objects that are passed
/// together must belong together: an entry point is one of the context's own
/// model (context->model), of the same loaded library; otherwise the answer is
/// DLC_ERROR_ARGUMENT.
///
/// A program may fork at any time, and use in the child what it had before:
/// libraries, contexts, pools. The child's pools start threads of their own in
/// the first run that needs them. What other threads of the parent were doing at
/// that moment is cut off: the preparation of a model is repeated by whoever
/// needs it, and a context that was in a call has lost its state, as after
/// dlc_context_reset (variables that a training step was writing are as far as it
/// had come). Functions of the program's own that the runtime calls (allocator,
/// executor, log) must not return in a child that they have forked.
#ifndef DLC_RUNTIME_H
#define DLC_RUNTIME_H

#include "dlc/library_file.h"
#include "dlc/runtime_api.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/*===-- Statuses and element types ------------------------------------------===*/

/// A short description of a status, such as "wrong shape".
static inline const char *dlc_status_text(dlc_int32 status) {
  static const char *const texts[] = {"success",
                                      "invalid argument",
                                      "other ABI version",
                                      "not found",
                                      "invalid file",
                                      "unsupported CPU",
                                      "out of memory",
                                      "size overflow",
                                      "context in use by another thread",
                                      "wrong number of tensors",
                                      "wrong element type",
                                      "wrong number of dimensions",
                                      "wrong shape",
                                      "symbolic dimension out of bounds or inconsistent",
                                      "strides are not compact",
                                      "wrong device",
                                      "no data",
                                      "misaligned data",
                                      "buffer too small",
                                      "overlapping buffers",
                                      "kernel failed",
                                      "index out of bounds",
                                      "state does not fit",
                                      "no variables"};
  return status >= 0 && (size_t)status < sizeof texts / sizeof *texts ? texts[status] : "unknown status";
}

/// "f32", "bool", ...; "unknown" for what dlc_element_type does not list.
static inline const char *dlc_element_name(dlc_uint32 element_type) {
  switch (element_type) {
  case DLC_I8:
    return "i8";
  case DLC_I16:
    return "i16";
  case DLC_I32:
    return "i32";
  case DLC_I64:
    return "i64";
  case DLC_U8:
    return "u8";
  case DLC_U16:
    return "u16";
  case DLC_U32:
    return "u32";
  case DLC_U64:
    return "u64";
  case DLC_F16:
    return "f16";
  case DLC_F32:
    return "f32";
  case DLC_F64:
    return "f64";
  case DLC_BF16:
    return "bf16";
  case DLC_BOOL:
    return "bool";
  default:
    return "unknown";
  }
}

/// Bytes of one element.
static inline size_t dlc_element_bytes(dlc_uint32 element_type) { return (element_type & 0xff) / 8; }

/// Fills `error` (may be null) and returns `status`. For the functions below.
static inline dlc_int32 dlc_report(dlc_error *error, dlc_int32 status, const char *format, const char *what,
                                   const char *why) {
  if (error) {
    error->status = status;
    snprintf(error->message, sizeof error->message, format, what, why);
  }
  return status;
}

/*===-- Models ---------------------------------------------------------------===*/

/// An opened model library. `model` points into it.
typedef struct dlc_library {
  const dlc_model *model;
  void *handle;
} dlc_library;

/// Whether this header can talk to `model`; opening a library and creating a context check
/// it, so only code that reads the description of a linked-in model needs it.
static inline dlc_int32 dlc_model_check(const dlc_model *model, dlc_error *error) {
  if (!model)
    return dlc_report(error, DLC_ERROR_ARGUMENT, "there is no model%s%s", "", "");
  int is_known = model->abi_version == DLC_ABI_VERSION && DLC_HAS(dlc_model, model, runtime) && model->runtime &&
                 model->runtime->abi_version == DLC_ABI_VERSION;
  if (is_known && model->needs & ~(dlc_uint64)DLC_MODEL_NEEDS_KNOWN)
    return dlc_report(error, DLC_ERROR_ABI,
                      "model '%s' was compiled by %s, and uses features that this program's headers lack: compile "
                      "the program with the headers of that dlc",
                      model->name, model->compiler);
  if (!is_known) {
    if (error) {
      error->status = DLC_ERROR_ABI;
      snprintf(error->message, sizeof error->message,
               "the model uses ABI version %u, this program %u: compile the model with the dlc whose headers the "
               "program uses",
               (unsigned)model->abi_version, (unsigned)DLC_ABI_VERSION);
    }
    return DLC_ERROR_ABI;
  }
  return DLC_OK;
}

/// The program of `model` that a context on this machine uses: its target,
/// the features that it requires, the sizes of its constants. Null, with an
/// error, if none of them runs here.
static inline const dlc_program *dlc_choose_program(const dlc_model *model, dlc_error *error) {
  return dlc_model_check(model, error) ? NULL : model->runtime->choose_program(model, error);
}

/// Bytes of workspace that a run of `entry`, one of the model's, needs for
/// these values of its symbols; all ones if they do not fit 64 bits.
static inline dlc_uint64 dlc_workspace_bytes(const dlc_model *model, const dlc_entry_point *entry,
                                             const dlc_int64 *symbols) {
  const dlc_program *program = dlc_choose_program(model, NULL);
  const dlc_entry_code *code = program ? &program->entries[entry - model->entries] : NULL;
  return code && code->workspace_bytes ? code->workspace_bytes(symbols) : 0;
}

/// Calls visit(argument, name) for every model that an opened library exports.
static inline void dlc_visit_models(void *handle, void (*visit)(void *argument, const char *name), void *argument) {
  /* In glibc and musl the handle is the library's entry in the linker's map. */
  const struct link_map *map = (const struct link_map *)handle;
  const char *strings = NULL;
  const ElfW(Sym) *symbols = NULL;
  const uint32_t *hash = NULL;
  for (const ElfW(Dyn) *entry = map->l_ld; entry && entry->d_tag != DT_NULL; ++entry) {
    uintptr_t address = entry->d_un.d_ptr;
    if (address < map->l_addr) /* not every linker relocates these */
      address += map->l_addr;
    if (entry->d_tag == DT_STRTAB)
      strings = (const char *)address;
    else if (entry->d_tag == DT_SYMTAB)
      symbols = (const ElfW(Sym) *)address;
    else if (entry->d_tag == DT_GNU_HASH)
      hash = (const uint32_t *)address;
  }
  if (!strings || !symbols || !hash)
    return;
  /* bucket count, first hashed symbol, words of the Bloom filter, its shift;
   * the filter, the buckets, then a word per symbol whose bit 0 ends a chain. */
  const uint32_t *buckets = hash + 4 + hash[2] * (sizeof(ElfW(Addr)) / 4), *chains = buckets + hash[0];
  for (uint32_t bucket = 0; bucket < hash[0]; ++bucket) {
    uint32_t symbol = buckets[bucket];
    if (symbol < hash[1])
      continue;
    for (;; ++symbol) {
      const char *name = strings + symbols[symbol].st_name;
      if (!strncmp(name, "dlc_model_", 10) && symbols[symbol].st_shndx != SHN_UNDEF)
        visit(argument, name + 10);
      if (chains[symbol - hash[1]] & 1)
        break;
    }
  }
}

/// What dlc_library_open collects while it looks for the only model.
struct dlc_found_models {
  const char *first;
  unsigned count;
};

static inline void dlc_count_model(void *argument, const char *name) {
  struct dlc_found_models *found = (struct dlc_found_models *)argument;
  if (!found->count++)
    found->first = name;
}

/// Unloads a library; null is fine. All its contexts and pools must have been
/// released. Threads of the library's pool have ended when it returns.
static inline void dlc_library_close(dlc_library *library) {
  if (library) {
    dlclose(library->handle);
    free(library);
  }
}

/// Loads the library at `path` and finds its model: the one called `name`, or
/// the only one if `name` is null. The caller closes it. A library that was
/// recompiled (written under its name, as dlc does, not into the old file)
/// is opened in its current version, even if an older one is still open. One that is
/// truncated, or for another architecture, is DLC_ERROR_FILE.
static inline dlc_int32 dlc_library_open(const char *path, const char *name, dlc_error *error, dlc_library **library) {
  if (!library)
    return dlc_report(error, DLC_ERROR_ARGUMENT, "dlc_library_open: the parameter for the library is null%s%s", "", "");
  *library = NULL;
  if (!path)
    return dlc_report(error, DLC_ERROR_ARGUMENT, "dlc_library_open: no path%s%s", "", "");
  dlc_library *opened = (dlc_library *)malloc(sizeof(dlc_library));
  if (!opened)
    return dlc_report(error, DLC_ERROR_OUT_OF_MEMORY, "no memory to open '%s'%s", path, "");
  char problem[128];
  int is_bad = dlc_check_library_file(path, problem, sizeof problem);
  opened->handle = is_bad ? NULL : dlc_load_file(path);
  if (!opened->handle) {
    const char *why = is_bad ? problem : dlerror();
    free(opened);
    return dlc_report(error, is_bad ? DLC_ERROR_FILE : DLC_ERROR_NOT_FOUND, "cannot load '%s': %s", path,
                      why ? why : "too many versions of it are open");
  }
  struct dlc_found_models found = {name, 1};
  if (!name) {
    found.count = 0;
    dlc_visit_models(opened->handle, dlc_count_model, &found);
  }
  char symbol[512];
  snprintf(symbol, sizeof symbol, "dlc_model_%s", found.count ? found.first : "");
  opened->model = found.count == 1 ? (const dlc_model *)dlsym(opened->handle, symbol) : NULL;
  dlc_int32 status = DLC_OK;
  if (found.count > 1)
    status = dlc_report(error, DLC_ERROR_NOT_FOUND, "'%s' holds several models ('%s' and others): say which", path,
                        found.first);
  else if (!opened->model)
    status = name ? dlc_report(error, DLC_ERROR_NOT_FOUND, "'%s' holds no model called '%s'", path, name)
                  : dlc_report(error, DLC_ERROR_NOT_FOUND, "'%s' is not a library made by dlc%s", path, "");
  else
    status = dlc_model_check(opened->model, error);
  if (status) {
    dlc_library_close(opened);
    return status;
  }
  *library = opened;
  return DLC_OK;
}

/// The entry point called `name` ("run", ...), or null.
static inline const dlc_entry_point *dlc_find_entry(const dlc_model *model, const char *name) {
  for (dlc_uint32 i = 0; name && i < model->entry_count; ++i)
    if (!strcmp(model->entries[i].name, name))
      return &model->entries[i];
  return NULL;
}

/// The default entry point, if a program names none: "run", else the one that
/// predicts ("predict"), else the only one. Null if that leaves a choice; never
/// one that gives variables new values because it happens to come first.
static inline const dlc_entry_point *dlc_default_entry(const dlc_model *model) {
  const dlc_entry_point *entry = dlc_find_entry(model, "run");
  if (!entry)
    entry = dlc_find_entry(model, "predict");
  return entry || model->entry_count != 1 ? entry : model->entries;
}

/// The index of the tensor called `name` among `count`, or -1.
static inline dlc_int32 dlc_find_tensor(const dlc_tensor_info *tensors, dlc_uint32 count, const char *name) {
  for (dlc_uint32 i = 0; name && i < count; ++i)
    if (!strcmp(tensors[i].name, name))
      return (dlc_int32)i;
  return -1;
}

/// Does now, on options->threads threads, what the first context would do
/// (maps a weight file, prepacks weights), and keeps the result until
/// dlc_unprepare even if no context exists in between. Calls nest.
static inline dlc_int32 dlc_prepare(const dlc_model *model, const dlc_context_options *options, dlc_error *error) {
  dlc_int32 status = dlc_model_check(model, error);
  return status ? status : model->runtime->prepare(model, options, error);
}

/// Undoes one dlc_prepare; nothing if there was none.
static inline void dlc_unprepare(const dlc_model *model) { model->runtime->unprepare(model); }

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

/*===-- Variables ------------------------------------------------------------===*/

/* What training changes is in one block of model->variable_bytes bytes that
 * the caller owns: weights, what an optimizer keeps for them, counters. Where
 * each variable is in it is part of the description (dlc_find_variable). Nothing
 * holds a second copy, so the block may be copied as bytes at any time between
 * runs. */

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
/// symbol_count values. Data of the tensors is not read.
static inline dlc_int32 dlc_infer_symbols(dlc_context *context, const dlc_entry_point *entry, const dlc_tensor *inputs,
                                          dlc_uint32 input_count, dlc_int64 *symbols) {
  return context ? context->api->infer_symbols(context, entry, inputs, input_count, symbols) : DLC_ERROR_ARGUMENT;
}

/// The extents of all outputs for these symbols, one output after another;
/// writes as many values as the outputs' ranks add up to.
static inline dlc_int32 dlc_output_shapes(dlc_context *context, const dlc_entry_point *entry, const dlc_int64 *symbols,
                                          dlc_int64 *dims) {
  return context ? context->api->output_shapes(context, entry, symbols, dims) : DLC_ERROR_ARGUMENT;
}

/// Runs `entry`, one of the context's model. Tensors come in the order of the
/// description and stay the caller's; they must be compact, row-major, on the
/// CPU, aligned to their elements, of the declared type and shape, and no
/// output may overlap another tensor. Otherwise nothing is written and a status
/// says what is wrong. The same inputs give the same bits on any number of
/// threads.
static inline dlc_int32 dlc_run(dlc_context *context, const dlc_entry_point *entry, const dlc_tensor *inputs,
                                dlc_uint32 input_count, const dlc_tensor *outputs, dlc_uint32 output_count) {
  return context ? context->api->run(context, entry, inputs, input_count, outputs, output_count, NULL)
                 : DLC_ERROR_ARGUMENT;
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
#endif /* DLC_RUNTIME_H */
