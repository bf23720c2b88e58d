// SPDX-License-Identifier: Apache-2.0
#include "data/NpyFile.h"
#include "test/fuzz/MemoryFile.h"
#include <cstring>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  dlc::fuzz::MemoryFile file(data, size);
  for (dlc_uint32 wanted : {DLC_F32, DLC_BF16}) {
    try {
      dlc::data::Array array = dlc::data::readNpy(file.getPath(), wanted);
      // What is written is what is read again.
      dlc::fuzz::MemoryFile copy(nullptr, 0);
      dlc::data::writeNpy(copy.getPath(), array);
      dlc::data::Array again = dlc::data::readNpy(copy.getPath(), wanted);
      if (again.describe() != array.describe() || again.bytes() != array.bytes() ||
          (array.bytes() && std::memcmp(again.data(), array.data(), array.bytes()) != 0))
        std::abort();
    } catch (const dlc::data::Failure &) {
      // what the user is told
    }
  }
  return 0;
}
