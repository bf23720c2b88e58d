// SPDX-License-Identifier: Apache-2.0
#include "data/IdxFile.h"
#include "test/fuzz/MemoryFile.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  dlc::fuzz::MemoryFile file(data, size);
  bool isIdx = dlc::data::isIdx(file.getPath());
  try {
    dlc::data::Array array = dlc::data::readIdx(file.getPath());
    if (!isIdx)
      std::abort();
    if (array.count())
      array.at(array.count() - 1);
  } catch (const dlc::data::Failure &) {
    // what the user is told
  }
  return 0;
}
