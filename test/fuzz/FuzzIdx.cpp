// SPDX-License-Identifier: Apache-2.0
#include "test/fuzz/MemoryFile.h"
#include "tools/dlc-run/train/IdxFile.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  dlc::fuzz::MemoryFile file(data, size);
  bool isIdx = dlcrun::isIdx(file.getPath());
  try {
    dlcrun::Array array = dlcrun::readIdx(file.getPath());
    if (!isIdx)
      std::abort();
    if (array.count())
      array.at(array.count() - 1);
  } catch (const dlcrun::Failure &) {
    // what the user is told
  }
  return 0;
}
