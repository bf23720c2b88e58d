// SPDX-License-Identifier: Apache-2.0
#include "Checkpoint.h"

#include "JsonReader.h"
#include "Options.h"
#include "Safetensors.h"
#include "Stamp.h"
#include "Text.h"

#define PATH_BYTES 4096
/// O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
#define NEW_FILE 02000301

static int isSameText(const char *a, const char *b) {
  while (*a && *a == *b) {
    ++a;
    ++b;
  }
  return *a == *b;
}

static int startsWith(const char *text, const char *prefix) {
  while (*prefix && *text == *prefix) {
    ++text;
    ++prefix;
  }
  return !*prefix;
}

static dlc_uint64 bytesOf(const dlc_variable_info *variable) {
  dlc_uint64 bytes = (variable->element_type & 0xff) / 8;
  for (dlc_uint32 d = 0; d < variable->rank; ++d)
    bytes *= (dlc_uint64)variable->dims[d];
  return bytes;
}

/// Whether a checkpoint holds the variable: what is derived is not worth its room.
static int isKept(const dlc_variable_info *variable) {
  return variable->kind != DLC_VARIABLE_DERIVED && variable->kind != DLC_VARIABLE_STAMP;
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

/// Collects small pieces; without a file it only counts them.
typedef struct Output {
  int file; // -1: count
  dlc_uint64 count;
  size_t used;
  int isFailed; // errno says why
  char buffer[4096];
} Output;

static void writeAll(Output *output, const void *memory, dlc_uint64 bytes) {
  for (dlc_uint64 done = 0; done < bytes && !output->isFailed;) {
    dlc_uint64 part = bytes - done < (1u << 30) ? bytes - done : 1u << 30;
    long put = write(output->file, (const char *)memory + done, part);
    if (put < 0 && *__errno_location() == DLC_EINTR)
      continue;
    if (put <= 0)
      output->isFailed = 1;
    else
      done += (dlc_uint64)put;
  }
}

static void flush(Output *output) {
  if (output->file >= 0)
    writeAll(output, output->buffer, output->used);
  output->used = 0;
}

static void putByte(Output *output, char c) {
  ++output->count;
  if (output->file < 0)
    return;
  if (output->used == sizeof output->buffer)
    flush(output);
  output->buffer[output->used++] = c;
}

static void put(Output *output, const char *text) {
  while (*text)
    putByte(output, *text++);
}

static void putQuoted(Output *output, const char *text) {
  putByte(output, '"');
  for (; *text; ++text) {
    unsigned char c = (unsigned char)*text;
    if (c < ' ') {
      put(output, "\\u00");
      putByte(output, (char)('0' + (c >> 4)));
      putByte(output, "0123456789abcdef"[c & 15]);
      continue;
    }
    if (c == '"' || c == '\\')
      putByte(output, '\\');
    putByte(output, (char)c);
  }
  putByte(output, '"');
}

static void putNumber(Output *output, dlc_uint64 value) {
  char text[24];
  dlcFormat(text, sizeof text, "%u", value);
  put(output, text);
}

static const dlc_uint32 widths[] = {64, 32, 16, 8};

/// The header: metadata, then the variables, the widest elements first, so
/// that each is aligned in the file.
static void putHeader(Output *output, const dlc_model *model, const dlc_metadata *metadata, dlc_uint32 count) {
  putByte(output, '{');
  if (count)
    put(output, "\"__metadata__\":{");
  for (dlc_uint32 i = 0; i < count; ++i) {
    putQuoted(output, metadata[i].key);
    putByte(output, ':');
    putQuoted(output, metadata[i].value);
    put(output, i + 1 < count ? "," : "},");
  }
  dlc_uint64 place = 0;
  for (int w = 0, isFirst = 1; w < 4; ++w)
    for (dlc_uint32 i = 0; i < model->variable_count; ++i) {
      const dlc_variable_info *variable = &model->variables[i];
      if ((variable->element_type & 0xff) != widths[w] || !isKept(variable))
        continue;
      if (!isFirst)
        putByte(output, ',');
      isFirst = 0;
      putQuoted(output, variable->name);
      put(output, ":{\"dtype\":");
      putQuoted(output, dlcSafetensorsTypeName(variable->element_type));
      put(output, ",\"shape\":[");
      for (dlc_uint32 d = 0; d < variable->rank; ++d) {
        if (d)
          putByte(output, ',');
        putNumber(output, (dlc_uint64)variable->dims[d]);
      }
      put(output, "],\"data_offsets\":[");
      putNumber(output, place);
      putByte(output, ',');
      place += bytesOf(variable);
      putNumber(output, place);
      put(output, "]}");
    }
  putByte(output, '}');
  while (output->count % 8)
    putByte(output, ' ');
}

/// Writes everything to `file`; returns whether it is on the disk.
static int writeFile(int file, const dlc_model *model, const dlc_byte *block, const dlc_metadata *metadata,
                     dlc_uint32 count) {
  Output output;
  output.file = -1;
  output.count = output.used = 0;
  output.isFailed = 0;
  putHeader(&output, model, metadata, count);
  dlc_uint64 headerBytes = output.count;
  output.file = file;
  output.count = 0;
  for (int i = 0; i < 8; ++i)
    putByte(&output, (char)(headerBytes >> (8 * i)));
  output.count = 0;
  putHeader(&output, model, metadata, count);
  flush(&output);
  for (int w = 0; w < 4; ++w)
    for (dlc_uint32 i = 0; i < model->variable_count; ++i)
      if ((model->variables[i].element_type & 0xff) == widths[w] && isKept(&model->variables[i]))
        writeAll(&output, block + model->variables[i].offset, bytesOf(&model->variables[i]));
  return !output.isFailed && !fsync(file);
}

/// The folder of `path`, for its own fsync: a rename is on the disk only then.
static int syncFolder(char *path, size_t length) {
  while (length && path[length - 1] != '/')
    --length;
  if (!length)
    path[length++] = '.';
  path[length] = 0;
  int folder = open(path, DLC_OPEN_TO_READ);
  if (folder < 0)
    return 0;
  int isDone = !fsync(folder) || *__errno_location() == /*EINVAL, where folders cannot be synced=*/22;
  close(folder);
  return isDone;
}

/// A number that nobody can guess, so that nobody can have put a file of its
/// name in a folder that others may write to.
static dlc_uint64 drawNumber(void) {
  dlc_uint64 number;
  if (syscall(DLC_SYS_GETRANDOM, &number, sizeof number, DLC_GRND_NONBLOCK) == (long)sizeof number)
    return number;
  // Early in a machine's life, or under a filter of system calls: one that other processes hardly draw.
  static dlc_uint64 draws;
  number = dlcNow() ^ (dlc_uint64)getpid() << 40 ^ (dlc_uint64)&number;
  return (number + __atomic_add_fetch(&draws, 1, __ATOMIC_RELAXED)) * 0x9e3779b97f4a7c15u;
}

/// Creates a file that is not there yet beside `path`, and writes its name,
/// PATH.0123456789abcdef.tmp, to `temporary`. Returns -1 if that fails.
static int createTemporary(const char *path, char *temporary, size_t size) {
  int file = -1;
  for (int attempt = 0; file < 0 && attempt < 100; ++attempt) {
    char digits[17];
    dlc_uint64 number = drawNumber();
    for (int i = 0; i < 16; ++i, number >>= 4)
      digits[i] = "0123456789abcdef"[number & 15];
    digits[16] = 0;
    dlcFormat(temporary, size, "%s.%s.tmp", path, digits);
    file = open(temporary, NEW_FILE, 0666);
    if (file < 0 && *__errno_location() != DLC_EEXIST)
      break;
  }
  return file;
}

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
  int file = createTemporary(path, temporary, sizeof temporary);
  if (file < 0)
    return dlcFail(error, DLC_ERROR_FILE, "cannot write '%s': %s", path, dlcSystemReason());
  int isWritten = writeFile(file, model, block, metadata, count);
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
  if (!syncFolder(temporary, length))
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
  if (!isKept(variable))
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
    if (isSameText(file->tensors[i].name, name)) {
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

static void findStrangers(const dlc_model *model, const SafetensorsFile *file, Differences *differences) {
  for (dlc_uint64 i = 0; i < file->tensorCount; ++i) {
    dlc_uint32 v = 0;
    while (v < model->variable_count && !isSameText(model->variables[v].name, file->tensors[i].name))
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
    dlc_uint64 place = 0;
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
        status = dlcSafetensorsRead(file, path, tensor, staged + place, error);
      else if (step == 2)
        memcpy(block + variable->offset, staged + place, tensor->bytes);
      place += tensor->bytes;
    }
    bytes = place;
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
  // A part of a checkpoint may come from a larger model, and the one that learned has slots and counters, too.
  if (!options.flags && !options.prefix && !stamp)
    findStrangers(model, &file, &differences);
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
    if (isSameText(file.metadata[i].key, key))
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
