// SPDX-License-Identifier: Apache-2.0
#include "CheckpointWriter.h"

#include "Safetensors.h"
#include "Text.h"

dlc_uint64 dlcVariableBytes(const dlc_variable_info *variable) {
  dlc_uint64 bytes = (variable->element_type & 0xff) / 8;
  for (dlc_uint32 d = 0; d < variable->rank; ++d)
    bytes *= (dlc_uint64)variable->dims[d];
  return bytes;
}

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
  dlc_uint64 offset = 0;
  for (int w = 0, isFirst = 1; w < 4; ++w)
    for (dlc_uint32 i = 0; i < model->variable_count; ++i) {
      const dlc_variable_info *variable = &model->variables[i];
      if ((variable->element_type & 0xff) != widths[w] || !dlcIsInCheckpoint(variable))
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
      putNumber(output, offset);
      putByte(output, ',');
      offset += dlcVariableBytes(variable);
      putNumber(output, offset);
      put(output, "]}");
    }
  putByte(output, '}');
  while (output->count % 8)
    putByte(output, ' ');
}

int dlcCheckpointWrite(int file, const dlc_model *model, const dlc_byte *block, const dlc_metadata *metadata,
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
      if ((model->variables[i].element_type & 0xff) == widths[w] && dlcIsInCheckpoint(&model->variables[i]))
        writeAll(&output, block + model->variables[i].offset, dlcVariableBytes(&model->variables[i]));
  return !output.isFailed && !fsync(file);
}
