// SPDX-License-Identifier: Apache-2.0
#include "test/fuzz/MemoryFile.h"
#include "tools/dlc-run/train/NpzFile.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  dlc::fuzz::MemoryFile file(data, size);
  try {
    std::vector<std::string> names = dlcrun::listNpz(file.getPath());
    names.resize(std::min<size_t>(names.size(), 4));
    for (const std::string &name : names) {
      try {
        dlcrun::Array array = dlcrun::readNpz(file.getPath(), name);
        if (array.count())
          array.at(array.count() - 1);
      } catch (const dlcrun::Failure &) {
        // what the user is told
      }
    }
  } catch (const dlcrun::Failure &) {
    // what the user is told
  }
  return 0;
}
