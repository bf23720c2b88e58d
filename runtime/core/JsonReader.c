// SPDX-License-Identifier: Apache-2.0
#include "JsonReader.h"

JsonReader dlcJsonOpen(char *text, dlc_uint64 bytes) {
  JsonReader reader = {text, text + bytes, text, (const char *)0};
  return reader;
}

dlc_uint64 dlcJsonPosition(const JsonReader *reader) { return (dlc_uint64)(reader->next - reader->begin); }

static int fail(JsonReader *reader, const char *problem) {
  if (!reader->problem)
    reader->problem = problem;
  return 0;
}

static void skipBlanks(JsonReader *reader) {
  while (reader->next < reader->end &&
         (*reader->next == ' ' || *reader->next == '\t' || *reader->next == '\n' || *reader->next == '\r'))
    ++reader->next;
}

int dlcJsonAccept(JsonReader *reader, char c) {
  if (reader->problem)
    return 0;
  skipBlanks(reader);
  if (reader->next == reader->end || *reader->next != c)
    return 0;
  ++reader->next;
  return 1;
}

int dlcJsonExpect(JsonReader *reader, char c) {
  if (reader->problem)
    return 0;
  if (dlcJsonAccept(reader, c))
    return 1;
  switch (c) {
  case '{':
    return fail(reader, "a '{' is missing");
  case '}':
    return fail(reader, "a '}' or a comma is missing");
  case '[':
    return fail(reader, "a '[' is missing");
  case ']':
    return fail(reader, "a ']' or a comma is missing");
  case ':':
    return fail(reader, "a colon is missing");
  default:
    return fail(reader, "a comma is missing");
  }
}

/// The value of four hexadecimal digits, or -1.
static int readHex(JsonReader *reader) {
  if (reader->end - reader->next < 4)
    return -1;
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    char c = *reader->next++;
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
    if (digit < 0)
      return -1;
    value = value * 16 + digit;
  }
  return value;
}

/// Appends a code point as UTF-8; it takes no more bytes than its escape did.
static char *appendCodePoint(char *out, int code) {
  if (code < 0x80) {
    *out++ = (char)code;
  } else if (code < 0x800) {
    *out++ = (char)(0xc0 | code >> 6);
    *out++ = (char)(0x80 | (code & 63));
  } else if (code < 0x10000) {
    *out++ = (char)(0xe0 | code >> 12);
    *out++ = (char)(0x80 | (code >> 6 & 63));
    *out++ = (char)(0x80 | (code & 63));
  } else {
    *out++ = (char)(0xf0 | code >> 18);
    *out++ = (char)(0x80 | (code >> 12 & 63));
    *out++ = (char)(0x80 | (code >> 6 & 63));
    *out++ = (char)(0x80 | (code & 63));
  }
  return out;
}

/// Decodes the escape after a backslash; returns where the string continues, or
/// null.
static char *readEscape(JsonReader *reader, char *out) {
  if (reader->next == reader->end)
    return (char *)0;
  char c = *reader->next++;
  switch (c) {
  case '"':
  case '\\':
  case '/':
    *out++ = c;
    return out;
  case 'b':
    *out++ = '\b';
    return out;
  case 'f':
    *out++ = '\f';
    return out;
  case 'n':
    *out++ = '\n';
    return out;
  case 'r':
    *out++ = '\r';
    return out;
  case 't':
    *out++ = '\t';
    return out;
  case 'u':
    break;
  default:
    return (char *)0;
  }
  int code = readHex(reader);
  if (code >= 0xd800 && code < 0xdc00) {
    if (reader->end - reader->next < 2 || reader->next[0] != '\\' || reader->next[1] != 'u')
      return (char *)0;
    reader->next += 2;
    int low = readHex(reader);
    if (low < 0xdc00 || low > 0xdfff)
      return (char *)0;
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  } else if (code <= 0 || (code >= 0xdc00 && code <= 0xdfff)) {
    return (char *)0;
  }
  return appendCodePoint(out, code);
}

/// Bytes of the UTF-8 sequence at `text`, or 0 if it is none (RFC 3629).
static int sequenceLength(const unsigned char *text, long left) {
  unsigned char c = text[0];
  int length = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
  if (length > left)
    return 0;
  for (int i = 1; i < length; ++i)
    if ((text[i] & 0xc0) != 0x80)
      return 0;
  // Neither longer than needed, nor a surrogate, nor beyond the last plane.
  if ((c == 0xe0 && text[1] < 0xa0) || (c == 0xed && text[1] > 0x9f) || (c == 0xf0 && text[1] < 0x90) ||
      (c == 0xf4 && text[1] > 0x8f))
    return 0;
  return length;
}

int dlcIsUtf8(const char *text) {
  while (*text) {
    // The terminator ends a sequence that is cut off before anything behind it is looked at.
    int length = sequenceLength((const unsigned char *)text, 4);
    if (!length)
      return 0;
    text += length;
  }
  return 1;
}

const char *dlcJsonText(JsonReader *reader) {
  if (reader->problem)
    return "";
  if (!dlcJsonAccept(reader, '"')) {
    fail(reader, "a quoted string is missing");
    return "";
  }
  char *begin = reader->next, *out = begin;
  while (reader->next < reader->end) {
    unsigned char c = (unsigned char)*reader->next;
    if (c == '"') {
      ++reader->next;
      *out = 0;
      return begin;
    }
    if (c == '\\') {
      ++reader->next;
      out = readEscape(reader, out);
      if (!out) {
        fail(reader, "a string has an escape that JSON does not know");
        return "";
      }
      continue;
    }
    int length = c < ' ' ? 0 : sequenceLength((const unsigned char *)reader->next, reader->end - reader->next);
    if (!length) {
      fail(reader, "a string has a byte that is not UTF-8 or is a control character");
      return "";
    }
    for (int i = 0; i < length; ++i)
      *out++ = *reader->next++;
  }
  fail(reader, "a string does not end");
  return "";
}

dlc_uint64 dlcJsonUnsigned(JsonReader *reader) {
  if (reader->problem)
    return 0;
  skipBlanks(reader);
  dlc_uint64 value = 0;
  char *begin = reader->next;
  for (; reader->next < reader->end && *reader->next >= '0' && *reader->next <= '9'; ++reader->next)
    if (dlcMultiplyOverflows(value, 10, &value) || dlcAddOverflows(value, (dlc_uint64)(*reader->next - '0'), &value))
      return (dlc_uint64)fail(reader, "a number does not fit 64 bits");
  if (reader->next == begin || (*begin == '0' && reader->next - begin > 1))
    return (dlc_uint64)fail(reader, "an integer is missing");
  if (reader->next < reader->end && (*reader->next == '.' || *reader->next == 'e' || *reader->next == 'E'))
    return (dlc_uint64)fail(reader, "a number is not an integer");
  return value;
}

int dlcJsonClose(JsonReader *reader) {
  if (reader->problem)
    return 0;
  skipBlanks(reader);
  return reader->next == reader->end ? 1 : fail(reader, "something follows the end");
}
