// SPDX-License-Identifier: Apache-2.0
/// \file
/// Files of named tensors: https://huggingface.co/docs/safetensors. Eight bytes
/// with the length of a JSON header, the header, then the tensors' bytes.
#ifndef DLC_CORE_SAFETENSORS_H
#define DLC_CORE_SAFETENSORS_H

#include "Base.h"

/// Deeper tensors are rejected; no model has any.
#define DLC_SAFETENSORS_RANK 16

typedef struct SafetensorsTensor {
  const char *name; // in the header's memory
  dlc_uint32 elementType;
  dlc_uint32 rank;
  dlc_int64 dims[DLC_SAFETENSORS_RANK];
  dlc_uint64 begin, bytes; // from the end of the header
} SafetensorsTensor;

typedef struct SafetensorsText {
  const char *key, *value;
} SafetensorsText;

/// An opened file whose header has been read and checked.
typedef struct SafetensorsFile {
  int file;
  char *header;
  dlc_uint64 dataBegin; // where tensors start in the file
  SafetensorsTensor *tensors;
  SafetensorsText *metadata;
  dlc_uint64 tensorCount, metadataCount;
} SafetensorsFile;

/// Opens `path` and checks all of its header: types, shapes, sizes, and that
/// the tensors make up the rest of the file. On failure nothing is held.
dlc_int32 dlcSafetensorsOpen(const char *path, dlc_error *error, SafetensorsFile *result);

/// Reads a tensor's bytes to `memory`.
dlc_int32 dlcSafetensorsRead(const SafetensorsFile *file, const char *path, const SafetensorsTensor *tensor,
                             void *memory, dlc_error *error);

void dlcSafetensorsClose(SafetensorsFile *file);

/// "F32", ...; null for what the format does not know.
const char *dlcSafetensorsTypeName(dlc_uint32 elementType);

/// The system's words for what the last call said in errno.
const char *dlcSystemReason(void);

#endif // DLC_CORE_SAFETENSORS_H
