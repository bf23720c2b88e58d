// SPDX-License-Identifier: Apache-2.0
/// \file
/// Model libraries: opening them, finding entry points, preparing. A part of dlc/runtime.h.
#ifndef DLC_LIBRARY_H
#define DLC_LIBRARY_H

#include "dlc/element_types.h"
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

/*===-- Statuses -------------------------------------------------------------===*/

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
                                      "no variables",
                                      "no such GPU",
                                      "GPU or driver too old",
                                      "GPU lost",
                                      "cancelled"};
  return status >= 0 && (size_t)status < sizeof texts / sizeof *texts ? texts[status] : "unknown status";
}

/// Fills `error` (may be null) and returns `status`. For the functions below.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static inline dlc_int32 dlc_report(dlc_error *error, dlc_int32 status, const char *format, const char *what,
                                   const char *why) {
  if (error) {
    error->status = status;
    snprintf(error->message, sizeof error->message, format, what, why);
  }
  return status;
}
#pragma GCC diagnostic pop

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

/// What the data was that the model has learned from (dlc_model.data_description), or null.
static inline const char *dlc_data_description(const dlc_model *model) {
  return DLC_HAS(dlc_model, model, data_description) ? model->data_description : NULL;
}

/// The layers of the model (dlc_model.layers), or null.
static inline const char *dlc_layers(const dlc_model *model) {
  return DLC_HAS(dlc_model, model, layers) ? model->layers : NULL;
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

#ifdef __cplusplus
}
#endif
#endif /* DLC_LIBRARY_H */
