// SPDX-License-Identifier: Apache-2.0
#include "Safetensors.h"

#include "JsonReader.h"
#include "Text.h"

/// The format's own limit.
#define MAX_HEADER_BYTES 100000000u
#define SHORTEST_TENSOR (sizeof "\"\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,0]}" - 1)
#define SHORTEST_TEXT (sizeof "\"\":\"\"" - 1)

static const struct {
  const char *name;
  dlc_uint32 type;
} typeNames[] = {
    {"BOOL", DLC_BOOL}, {"U8", DLC_U8},     {"I8", DLC_I8},   {"U16", DLC_U16},          {"I16", DLC_I16},
    {"F16", DLC_F16},   {"BF16", DLC_BF16}, {"U32", DLC_U32}, {"I32", DLC_I32},          {"F32", DLC_F32},
    {"U64", DLC_U64},   {"I64", DLC_I64},   {"F64", DLC_F64}, {"F8_E4M3", DLC_F8E4M3FN}, {"F8_E5M2", DLC_F8E5M2}};

const char *dlcSafetensorsTypeName(dlc_uint32 elementType) {
  for (unsigned i = 0; i < sizeof typeNames / sizeof *typeNames; ++i)
    if (typeNames[i].type == elementType)
      return typeNames[i].name;
  return (const char *)0;
}

const char *dlcSystemReason(void) { return strerror(*__errno_location()); }

static void setProblem(JsonReader *reader, const char *problem) {
  if (!reader->problem)
    reader->problem = problem;
}

static dlc_uint32 findType(const char *name) {
  for (unsigned i = 0; i < sizeof typeNames / sizeof *typeNames; ++i)
    if (dlcIsSameText(typeNames[i].name, name))
      return typeNames[i].type;
  return 0;
}

static void readShape(JsonReader *reader, SafetensorsTensor *tensor) {
  tensor->rank = 0;
  if (!dlcJsonExpect(reader, '[') || dlcJsonAccept(reader, ']'))
    return;
  do {
    dlc_uint64 extent = dlcJsonUnsigned(reader);
    if (tensor->rank == DLC_SAFETENSORS_RANK)
      setProblem(reader, "a tensor has more dimensions than any model");
    else if (extent > (dlc_uint64)INT64_MAX)
      setProblem(reader, "an extent does not fit 63 bits");
    else
      tensor->dims[tensor->rank++] = (dlc_int64)extent;
  } while (dlcJsonAccept(reader, ','));
  dlcJsonExpect(reader, ']');
}

static void readOffsets(JsonReader *reader, SafetensorsTensor *tensor) {
  dlcJsonExpect(reader, '[');
  tensor->begin = dlcJsonUnsigned(reader);
  dlcJsonExpect(reader, ',');
  dlc_uint64 end = dlcJsonUnsigned(reader);
  dlcJsonExpect(reader, ']');
  if (end < tensor->begin)
    setProblem(reader, "a tensor ends before it begins");
  else
    tensor->bytes = end - tensor->begin;
}

static void readTensor(JsonReader *reader, SafetensorsTensor *tensor, dlc_uint64 dataBytes) {
  enum { HasType = 1, HasShape = 2, HasOffsets = 4 };
  int seen = 0;
  dlcJsonExpect(reader, '{');
  do {
    const char *key = dlcJsonText(reader);
    dlcJsonExpect(reader, ':');
    int field = dlcIsSameText(key, "dtype")          ? HasType
                : dlcIsSameText(key, "shape")        ? HasShape
                : dlcIsSameText(key, "data_offsets") ? HasOffsets
                                                     : 0;
    if (!field || seen & field)
      setProblem(reader, "a tensor has a key that is unknown, or has it twice");
    seen |= field;
    if (field == HasType) {
      tensor->elementType = findType(dlcJsonText(reader));
      if (!tensor->elementType)
        setProblem(reader, "a tensor has an element type that models do not support");
    } else if (field == HasShape) {
      readShape(reader, tensor);
    } else if (field == HasOffsets) {
      readOffsets(reader, tensor);
    }
  } while (dlcJsonAccept(reader, ','));
  dlcJsonExpect(reader, '}');
  if (seen != (HasType | HasShape | HasOffsets))
    setProblem(reader, "a tensor lacks its type, shape or offsets");
  if (reader->problem)
    return;
  dlc_uint64 bytes = (tensor->elementType & 0xff) / 8;
  int isTooLarge = 0;
  for (dlc_uint32 d = 0; d < tensor->rank; ++d)
    isTooLarge |= dlcMultiplyOverflows(bytes, (dlc_uint64)tensor->dims[d], &bytes);
  if (isTooLarge || bytes != tensor->bytes)
    setProblem(reader, "a tensor's offsets do not match the size of its shape");
  else if (tensor->begin > dataBytes || tensor->bytes > dataBytes - tensor->begin)
    setProblem(reader, "a tensor is past the end: the file is truncated");
}

/// Moves the tensor `root` of a heap of `count` down to its position: the one that
/// begins last in the file comes first.
static void siftDown(SafetensorsTensor *heap, dlc_uint64 root, dlc_uint64 count) {
  for (dlc_uint64 child; (child = 2 * root + 1) < count; root = child) {
    child += child + 1 < count && heap[child].begin < heap[child + 1].begin;
    if (heap[child].begin <= heap[root].begin)
      return;
    SafetensorsTensor swapped = heap[root];
    heap[root] = heap[child];
    heap[child] = swapped;
  }
}

/// Whether each tensor begins where the one before it ends, in the order of the
/// file, and the last one ends with it. Sorts them if they are listed in another.
static int areContiguous(SafetensorsFile *file, dlc_uint64 dataBytes) {
  SafetensorsTensor *tensors = file->tensors;
  dlc_uint64 count = file->tensorCount, offset = 0, sorted = 1;
  while (sorted < count && tensors[sorted - 1].begin <= tensors[sorted].begin)
    ++sorted;
  if (sorted < count) {
    for (dlc_uint64 i = count / 2; i-- > 0;)
      siftDown(tensors, i, count);
    for (dlc_uint64 i = count; i-- > 1;) {
      SafetensorsTensor last = tensors[0];
      tensors[0] = tensors[i];
      tensors[i] = last;
      siftDown(tensors, 0, i);
    }
  }
  for (dlc_uint64 i = 0; i < count; ++i) {
    // One without elements may be anywhere.
    if (tensors[i].bytes && tensors[i].begin != offset)
      return 0;
    offset += tensors[i].bytes;
  }
  return offset == dataBytes;
}

/// Fills the tables of `file`, which have room for as many entries as the
/// header can hold.
static void readHeader(JsonReader *reader, SafetensorsFile *file, dlc_uint64 dataBytes) {
  if (!dlcJsonExpect(reader, '{'))
    return;
  if (!dlcJsonAccept(reader, '}')) {
    do {
      const char *name = dlcJsonText(reader);
      dlcJsonExpect(reader, ':');
      if (dlcIsSameText(name, "__metadata__")) {
        if (dlcJsonExpect(reader, '{') && !dlcJsonAccept(reader, '}')) {
          do {
            SafetensorsText *entry = &file->metadata[file->metadataCount];
            entry->key = dlcJsonText(reader);
            dlcJsonExpect(reader, ':');
            entry->value = dlcJsonText(reader);
            if (!reader->problem)
              ++file->metadataCount;
          } while (dlcJsonAccept(reader, ','));
          dlcJsonExpect(reader, '}');
        }
      } else if (!reader->problem) {
        SafetensorsTensor *tensor = &file->tensors[file->tensorCount];
        tensor->name = name;
        readTensor(reader, tensor, dataBytes);
        if (!reader->problem)
          ++file->tensorCount;
      }
    } while (dlcJsonAccept(reader, ','));
    dlcJsonExpect(reader, '}');
  }
  dlcJsonClose(reader);
  if (!reader->problem && !areContiguous(file, dataBytes))
    setProblem(reader, "its tensors overlap, or do not make up the whole file");
}

static dlc_int32 readBytes(int file, const char *path, void *memory, dlc_uint64 bytes, dlc_uint64 offset,
                           dlc_error *error) {
  for (dlc_uint64 done = 0; done < bytes;) {
    dlc_uint64 part = bytes - done < (1u << 30) ? bytes - done : 1u << 30;
    long got = pread(file, (char *)memory + done, part, (long)(offset + done));
    if (got < 0 && *__errno_location() == DLC_EINTR)
      continue;
    if (got <= 0)
      return dlcFail(error, DLC_ERROR_FILE, "cannot read '%s': %s", path,
                     got ? dlcSystemReason() : "it ends too early");
    done += (dlc_uint64)got;
  }
  return DLC_OK;
}

void dlcSafetensorsClose(SafetensorsFile *file) {
  if (file->file >= 0)
    close(file->file);
  free(file->header);
  free(file->tensors);
  free(file->metadata);
}

/// Memory for `count` elements of `bytes` bytes, all zero; null if there is none.
static void *allocateTable(dlc_uint64 count, dlc_uint64 bytes) {
  dlc_uint64 total;
  void *memory;
  if (dlcMultiplyOverflows(count + 1, bytes, &total) || posix_memalign(&memory, DLC_CACHE_LINE, total))
    return (void *)0;
  memset(memory, 0, total);
  return memory;
}

dlc_int32 dlcSafetensorsOpen(const char *path, dlc_error *error, SafetensorsFile *result) {
  memset(result, 0, sizeof *result);
  result->file = open(path, DLC_OPEN_TO_READ);
  if (result->file < 0)
    return dlcFail(error, DLC_ERROR_NOT_FOUND, "cannot open '%s': %s", path, dlcSystemReason());
  long size = lseek(result->file, 0, DLC_SEEK_END);
  dlc_byte prefix[8];
  dlc_uint64 headerBytes = 0;
  dlc_int32 status = DLC_OK;
  if (size < 8)
    status = dlcFail(error, DLC_ERROR_FILE, "'%s' is not a safetensors file: it is too short", path);
  if (!status)
    status = readBytes(result->file, path, prefix, sizeof prefix, 0, error);
  for (int i = 0; !status && i < 8; ++i)
    headerBytes |= (dlc_uint64)prefix[i] << (8 * i);
  if (!status && (headerBytes > (dlc_uint64)size - 8 || headerBytes > MAX_HEADER_BYTES))
    status = dlcFail(error, DLC_ERROR_FILE,
                     "'%s' is not a complete safetensors file: its header would have %u bytes, and the file has %d",
                     path, headerBytes, (dlc_int64)size);
  if (!status) {
    result->header = allocateTable(headerBytes, 1);
    if (!result->header)
      status = dlcFail(error, DLC_ERROR_OUT_OF_MEMORY, "no memory for the header of '%s'", path);
  }
  if (!status)
    status = readBytes(result->file, path, result->header, headerBytes, 8, error);
  if (!status) {
    // The shortest tensor and the shortest metadata bound what a header of braces alone takes.
    dlc_uint64 braces = 0, colons = 0, mostTensors = headerBytes / SHORTEST_TENSOR,
               mostTexts = headerBytes / SHORTEST_TEXT;
    for (dlc_uint64 i = 0; i < headerBytes; ++i) {
      braces += result->header[i] == '{';
      colons += result->header[i] == ':';
    }
    result->tensors = allocateTable(braces < mostTensors ? braces : mostTensors, sizeof(SafetensorsTensor));
    result->metadata = allocateTable(colons < mostTexts ? colons : mostTexts, sizeof(SafetensorsText));
    if (!result->tensors || !result->metadata)
      status = dlcFail(error, DLC_ERROR_OUT_OF_MEMORY, "no memory for the header of '%s'", path);
  }
  if (!status) {
    result->dataBegin = 8 + headerBytes;
    JsonReader reader = dlcJsonOpen(result->header, headerBytes);
    readHeader(&reader, result, (dlc_uint64)size - result->dataBegin);
    if (reader.problem)
      status = dlcFail(error, DLC_ERROR_FILE, "'%s' is not a complete safetensors file: %s (near byte %u)", path,
                       reader.problem, 8 + dlcJsonPosition(&reader));
  }
  if (status) {
    dlcSafetensorsClose(result);
    memset(result, 0, sizeof *result);
    result->file = -1;
  }
  return status;
}

dlc_int32 dlcSafetensorsRead(const SafetensorsFile *file, const char *path, const SafetensorsTensor *tensor,
                             void *memory, dlc_error *error) {
  return readBytes(file->file, path, memory, tensor->bytes, file->dataBegin + tensor->begin, error);
}
