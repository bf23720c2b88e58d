// SPDX-License-Identifier: Apache-2.0
#include "Text.h"

#include "dlc/element_types.h"

typedef struct Writer {
  char *next;
  char *last; // where the terminator goes at the latest
} Writer;

static void writeText(Writer *writer, const char *text) {
  for (text = text ? text : "?"; *text && writer->next < writer->last; ++text)
    *writer->next++ = *text;
}

static void writeUnsigned(Writer *writer, dlc_uint64 value) {
  char digits[21];
  char *digit = digits + sizeof digits - 1;
  *digit = 0;
  do {
    *--digit = (char)('0' + value % 10);
    value /= 10;
  } while (value);
  writeText(writer, digit);
}

static void writeSigned(Writer *writer, dlc_int64 value) {
  if (value < 0)
    writeText(writer, "-");
  // The negation is done unsigned, where that of the smallest value is defined.
  writeUnsigned(writer, value < 0 ? 0 - (dlc_uint64)value : (dlc_uint64)value);
}

void dlcFormatList(char *buffer, size_t size, const char *format, __builtin_va_list arguments) {
  Writer writer = {buffer, buffer + size - 1};
  for (; *format && writer.next < writer.last; ++format) {
    if (*format != '%') {
      *writer.next++ = *format;
      continue;
    }
    switch (*++format) {
    case 's':
      writeText(&writer, __builtin_va_arg(arguments, const char *));
      break;
    case 'd':
      writeSigned(&writer, __builtin_va_arg(arguments, dlc_int64));
      break;
    case 'u':
      writeUnsigned(&writer, __builtin_va_arg(arguments, dlc_uint64));
      break;
    default:
      *writer.next++ = *format;
      break;
    }
  }
  *writer.next = 0;
}

void dlcFormat(char *buffer, size_t size, const char *format, ...) {
  __builtin_va_list arguments;
  __builtin_va_start(arguments, format);
  dlcFormatList(buffer, size, format, arguments);
  __builtin_va_end(arguments);
}

void dlcFormatShape(char *buffer, size_t size, const dlc_int64 *shape, dlc_uint32 rank) {
  Writer writer = {buffer, buffer + size - 1};
  writeText(&writer, "[");
  for (dlc_uint32 i = 0; i < rank; ++i) {
    if (i)
      writeText(&writer, ", ");
    writeSigned(&writer, shape[i]);
  }
  writeText(&writer, "]");
  *writer.next = 0;
}

void dlcFormatDims(char *buffer, size_t size, const dlc_tensor_info *info, const dlc_symbol_info *symbols) {
  Writer writer = {buffer, buffer + size - 1};
  writeText(&writer, "[");
  for (dlc_uint32 i = 0; i < info->rank; ++i) {
    dlc_int64 dim = info->dims[i];
    if (i)
      writeText(&writer, ", ");
    if (dim >= 0)
      writeSigned(&writer, dim);
    else
      writeText(&writer, dim == DLC_DIM_COMPUTED ? "?" : symbols[-(dim + 1)].name);
  }
  writeText(&writer, "]");
  *writer.next = 0;
}

const char *dlcTypeName(dlc_uint32 elementType) { return dlc_element_name(elementType); }

int dlcIsSameText(const char *a, const char *b) {
  while (*a && *a == *b) {
    ++a;
    ++b;
  }
  return *a == *b;
}

dlc_int32 dlcFail(dlc_error *error, dlc_int32 status, const char *format, ...) {
  if (error) {
    __builtin_va_list arguments;
    __builtin_va_start(arguments, format);
    dlcFormatList(error->message, sizeof error->message, format, arguments);
    __builtin_va_end(arguments);
    error->status = status;
  }
  return status;
}
