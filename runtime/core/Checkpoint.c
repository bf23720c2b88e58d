// SPDX-License-Identifier: Apache-2.0
#include "Checkpoint.h"

#include "CheckpointWriter.h"
#include "JsonReader.h"
#include "Options.h"
#include "Safetensors.h"
#include "Stamp.h"
#include "TemporaryFile.h"
#include "Text.h"

#define PATH_BYTES 4096

static int startsWith(const char *text, const char *prefix) {
  while (*prefix && *text == *prefix) {
    ++text;
    ++prefix;
  }
  return !*prefix;
}

static dlc_int32 checkModel(const dlc_model *model, const void *block, const char *path, dlc_error *error) {
  if (!model || !block || !path)
    return dlcFail(error, DLC_ERROR_ARGUMENT, "no %s for the checkpoint", !model ? "model" : !block ? "block" : "path");
  if (!model->variable_count)
    return dlcFail(error, DLC_ERROR_VARIABLES,
                   "model '%s' has no variables: compile it with --train or --replaceable-weights", model->name);
  return DLC_OK;
}

/*===-- Saving ---------------------------------------------------------------===*/

dlc_int32 dlcVariablesSave(const dlc_model *model, const void *block, const char *path, const dlc_metadata *metadata,
                           dlc_uint32 count, dlc_error *error) {
  dlc_int32 status = checkModel(model, block, path, error);
  if (status)
    return status;
  for (dlc_uint32 i = 0; i < count; ++i)
    if (!metadata || !metadata[i].key || !metadata[i].value || !dlcIsUtf8(metadata[i].key) ||
        !dlcIsUtf8(metadata[i].value))
      return dlcFail(error, DLC_ERROR_ARGUMENT, "metadata %u is not a pair of strings in UTF-8", (dlc_uint64)i);
  char temporary[PATH_BYTES];
  size_t length = 0;
  while (path[length])
    ++length;
  if (length + 24 > sizeof temporary)
    return dlcFail(error, DLC_ERROR_FILE, "the path '%s' is too long", path);
  int file = dlcTemporaryCreate(path, temporary, sizeof temporary);
  if (file < 0)
    return dlcFail(error, DLC_ERROR_FILE, "cannot write '%s': %s", path, dlcSystemReason());
  int isWritten = dlcCheckpointWrite(file, model, block, metadata, count);
  int reason = *__errno_location();
  if (close(file) && isWritten) {
    isWritten = 0;
    reason = *__errno_location();
  }
  if (isWritten && rename(temporary, path)) {
    isWritten = 0;
    reason = *__errno_location();
  }
  if (!isWritten) {
    unlink(temporary);
    return dlcFail(error, DLC_ERROR_FILE, "cannot write '%s': %s; what was there before is unchanged", path,
                   strerror(reason));
  }
  memcpy(temporary, path, length);
  if (!dlcSyncFolder(temporary, length))
    return dlcFail(error, DLC_ERROR_FILE, "'%s' is written, but may be lost in a power failure: %s", path,
                   dlcSystemReason());
  return DLC_OK;
}

/*===-- Loading --------------------------------------------------------------===*/

/// What differs between a checkpoint and the model: the first thing in words,
/// the others as a number.
typedef struct Differences {
  dlc_uint64 count;
  char first[400];
} Differences;

static void describe(char *text, size_t size, dlc_uint32 type, const dlc_int64 *dims, dlc_uint32 rank) {
  char shape[DLC_SHAPE_TEXT];
  dlcFormatShape(shape, sizeof shape, dims, rank);
  dlcFormat(text, size, "%s%s", dlcTypeName(type), shape);
}

static int isWanted(const dlc_variable_info *variable, const dlc_load_options *options) {
  if (!dlcIsInCheckpoint(variable))
    return 0;
  if (options->flags & DLC_LOAD_WEIGHTS_ONLY && variable->kind != DLC_VARIABLE_WEIGHT &&
      variable->kind != DLC_VARIABLE_BUFFER)
    return 0;
  return !options->prefix || startsWith(variable->name, options->prefix);
}

/// The only tensor called `name`, or null.
static const SafetensorsTensor *findTensor(const SafetensorsFile *file, const char *name, int *isTwice) {
  const SafetensorsTensor *found = (const SafetensorsTensor *)0;
  for (dlc_uint64 i = 0; i < file->tensorCount; ++i)
    if (dlcIsSameText(file->tensors[i].name, name)) {
      *isTwice |= found != (const SafetensorsTensor *)0;
      found = &file->tensors[i];
    }
  return found;
}

static void compare(const dlc_model *model, const dlc_variable_info *variable, const SafetensorsFile *file,
                    const dlc_load_options *options, Differences *differences) {
  char wanted[DLC_SHAPE_TEXT + 8], given[DLC_SHAPE_TEXT + 8], message[sizeof differences->first];
  int isTwice = 0;
  const SafetensorsTensor *tensor = findTensor(file, variable->name, &isTwice);
  if (!tensor && options->flags & DLC_LOAD_PARTIAL)
    return;
  describe(wanted, sizeof wanted, variable->element_type, variable->dims, variable->rank);
  int isSame = tensor && !isTwice && tensor->elementType == variable->element_type && tensor->rank == variable->rank;
  for (dlc_uint32 d = 0; isSame && d < variable->rank; ++d)
    isSame = tensor->dims[d] == variable->dims[d];
  if (isSame)
    return;
  if (!tensor) {
    dlcFormat(message, sizeof message, "it lacks '%s', which is %s in model '%s'", variable->name, wanted, model->name);
  } else if (isTwice) {
    dlcFormat(message, sizeof message, "it holds '%s' twice", variable->name);
  } else {
    describe(given, sizeof given, tensor->elementType, tensor->dims, tensor->rank);
    dlcFormat(message, sizeof message, "'%s' is %s there and %s in model '%s'", variable->name, given, wanted,
              model->name);
  }
  if (!differences->count++)
    memcpy(differences->first, message, sizeof message);
}

static void findUnexpected(const dlc_model *model, const SafetensorsFile *file, Differences *differences) {
  for (dlc_uint64 i = 0; i < file->tensorCount; ++i) {
    dlc_uint32 v = 0;
    while (v < model->variable_count && !dlcIsSameText(model->variables[v].name, file->tensors[i].name))
      ++v;
    if (v == model->variable_count && !differences->count++)
      dlcFormat(differences->first, sizeof differences->first, "it holds '%s', which model '%s' does not have",
                file->tensors[i].name, model->name);
  }
}

/// Reads what is wanted of a file that fits. All of it is read before the block
/// is touched: a disk that fails, or a file that is cut short meanwhile, must
/// not leave weights of two checkpoints.
static dlc_int32 readVariables(const dlc_model *model, dlc_byte *block, dlc_int64 *stamp, const char *path,
                               const dlc_load_options *options, const SafetensorsFile *file, dlc_error *error) {
  dlc_byte *staged = (dlc_byte *)0;
  dlc_uint64 bytes = 0;
  dlc_int32 status = DLC_OK;
  // First the size of it all, then the reading, then the copying.
  for (int step = 0; step < 3 && !status; ++step) {
    dlc_uint64 offset = 0;
    if (step == 1) {
      staged = dlcAllocateFromLibc(bytes ? bytes : 1);
      if (!staged)
        status = dlcFail(error, DLC_ERROR_OUT_OF_MEMORY, "no memory for the %u bytes of '%s'", bytes, path);
    }
    if (step == 2 && stamp)
      *stamp = 0;
    for (dlc_uint32 i = 0; !status && i < model->variable_count; ++i) {
      int isTwice = 0;
      const dlc_variable_info *variable = &model->variables[i];
      const SafetensorsTensor *tensor =
          isWanted(variable, options) ? findTensor(file, variable->name, &isTwice) : (const SafetensorsTensor *)0;
      if (!tensor)
        continue;
      if (step == 1)
        status = dlcSafetensorsRead(file, path, tensor, staged + offset, error);
      else if (step == 2)
        memcpy(block + variable->offset, staged + offset, tensor->bytes);
      offset += tensor->bytes;
    }
    bytes = offset;
  }
  free(staged);
  return status;
}

dlc_int32 dlcVariablesLoad(const dlc_model *model, void *block, const char *path, const dlc_load_options *given,
                           dlc_error *error) {
  dlc_load_options options;
  dlc_int32 status = checkModel(model, block, path, error);
  if (status)
    return status;
  if (dlcReadOptions(&options, sizeof options, DLC_LEAST_LOAD_OPTIONS, given))
    return dlcFail(error, DLC_ERROR_ABI,
                   "dlc_load_options.struct_bytes is less than %u, or they set a field that this runtime lacks",
                   (dlc_uint64)DLC_LEAST_LOAD_OPTIONS);
  SafetensorsFile file;
  status = dlcSafetensorsOpen(path, error, &file);
  if (status)
    return status;
  Differences differences = {0};
  dlc_uint64 wanted = 0;
  for (dlc_uint32 i = 0; i < model->variable_count; ++i)
    if (isWanted(&model->variables[i], &options)) {
      ++wanted;
      compare(model, &model->variables[i], &file, &options, &differences);
    }
  dlc_int64 *stamp = dlcVariablesStamp(model, block);
  // A part of a checkpoint may come from a larger model, and the one that was trained has slots and counters, too.
  if (!options.flags && !options.prefix && !stamp)
    findUnexpected(model, &file, &differences);
  if (!wanted)
    status = dlcFail(error, DLC_ERROR_NOT_FOUND, "model '%s' has no variable whose name starts with '%s'", model->name,
                     options.prefix ? options.prefix : "");
  else if (differences.count > 1)
    status = dlcFail(error, DLC_ERROR_FILE, "'%s' is not a checkpoint of this model: %s (and %u more differences)",
                     path, differences.first, differences.count - 1);
  else if (differences.count)
    status = dlcFail(error, DLC_ERROR_FILE, "'%s' is not a checkpoint of this model: %s", path, differences.first);
  if (!status)
    status = readVariables(model, block, stamp, path, &options, &file, error);
  dlcSafetensorsClose(&file);
  return status;
}

dlc_int32 dlcMetadataRead(const char *path, const char *key, char *value, dlc_uint64 capacity, dlc_uint64 *bytes,
                          dlc_error *error) {
  if (!path || !key || (!value && capacity) || !bytes)
    return dlcFail(error, DLC_ERROR_ARGUMENT, "no path, key or buffer for the metadata");
  *bytes = 0;
  SafetensorsFile file;
  dlc_int32 status = dlcSafetensorsOpen(path, error, &file);
  if (status)
    return status;
  const char *found = (const char *)0;
  for (dlc_uint64 i = 0; i < file.metadataCount; ++i)
    if (dlcIsSameText(file.metadata[i].key, key))
      found = file.metadata[i].value;
  if (found) {
    dlc_uint64 length = 0;
    while (found[length++])
      ;
    *bytes = length;
    if (capacity < length)
      status = dlcFail(error, DLC_ERROR_TOO_SMALL, "metadata '%s' takes %u bytes, and there is room for %u", key,
                       length, capacity);
    else
      memcpy(value, found, length);
  }
  dlcSafetensorsClose(&file);
  return status;
}
