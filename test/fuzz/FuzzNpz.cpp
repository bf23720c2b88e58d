// SPDX-License-Identifier: Apache-2.0
#include "data/NpzFile.h"
#include "test/fuzz/MemoryFile.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  dlc::fuzz::MemoryFile file(data, size);
  try {
    std::vector<std::string> names = dlc::data::listNpz(file.getPath());
    names.resize(std::min<size_t>(names.size(), 4));
    for (const std::string &name : names) {
      try {
        dlc::data::Array array = dlc::data::readNpz(file.getPath(), name);
        if (array.count())
          array.at(array.count() - 1);
      } catch (const dlc::data::Failure &) {
        // what the user is told
      }
    }
  } catch (const dlc::data::Failure &) {
    // what the user is told
  }
  return 0;
}
