// SPDX-License-Identifier: Apache-2.0
/// \file
/// Reads the JSON in the header of a safetensors file, piece by piece and in
/// position. Strict: RFC 8259 alone, valid UTF-8, no zero bytes in strings. It never
/// looks outside the bytes it was given, whatever they hold.
#ifndef DLC_CORE_JSONREADER_H
#define DLC_CORE_JSONREADER_H

#include "Base.h"

typedef struct JsonReader {
  char *next; // strings are decoded in place
  char *end;
  const char *begin;
  const char *problem; // what was wrong first; null while all is well
} JsonReader;

JsonReader dlcJsonOpen(char *text, dlc_uint64 bytes);

/// Bytes before the position that is read next.
dlc_uint64 dlcJsonPosition(const JsonReader *reader);

/// Whether `c` comes next, blanks aside; takes it then.
int dlcJsonAccept(JsonReader *reader, char c);

/// Takes `c`; anything else is a problem. Returns whether all is well.
int dlcJsonExpect(JsonReader *reader, char c);

/// Takes a string; returns it decoded and terminated, in the memory of the
/// reader. An empty string after a problem.
const char *dlcJsonText(JsonReader *reader);

/// Takes an integer that is not negative; 0 after a problem.
dlc_uint64 dlcJsonUnsigned(JsonReader *reader);

/// Nothing but blanks may be left. Returns whether all is well.
int dlcJsonClose(JsonReader *reader);

/// Whether a string is valid UTF-8.
int dlcIsUtf8(const char *text);

#endif // DLC_CORE_JSONREADER_H
