// SPDX-License-Identifier: Apache-2.0
/// \file
/// Files that replace others as a whole: created beside them, and renamed once they are on the disk.
#ifndef DLC_CORE_TEMPORARYFILE_H
#define DLC_CORE_TEMPORARYFILE_H

#include "Base.h"

/// Creates a file that is not there yet beside `path`, and writes its name,
/// PATH.0123456789abcdef.tmp, to `temporary`. Returns -1 if that fails.
int dlcTemporaryCreate(const char *path, char *temporary, size_t size);

/// Syncs the folder of `path`, whose first `length` bytes are overwritten: a rename is on the disk only then. Returns
/// whether it is.
int dlcSyncFolder(char *path, size_t length);

#endif // DLC_CORE_TEMPORARYFILE_H
