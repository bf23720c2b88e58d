// SPDX-License-Identifier: Apache-2.0
#include "TemporaryFile.h"

#include "Text.h"

/// O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
#define NEW_FILE 02000301

int dlcSyncFolder(char *path, size_t length) {
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

int dlcTemporaryCreate(const char *path, char *temporary, size_t size) {
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
