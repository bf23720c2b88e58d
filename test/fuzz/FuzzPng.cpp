// SPDX-License-Identifier: Apache-2.0
/// \file
/// Images, PNG and JPEG, as rows of three shapes.
#include "data/ImageFolder.h"
#include "test/fuzz/MemoryFile.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  dlc::fuzz::MemoryFile file(data, size);
  for (const std::vector<dlc_int64> &shape : std::vector<std::vector<dlc_int64>>{{1, 5, 7}, {3, 8, 8}, {6, 2, 4}}) {
    dlc::data::Target target;
    target.name = "image";
    target.shape = shape;
    std::vector<unsigned char> row(target.bytes());
    try {
      dlc::data::ImageColumn({file.getPath()}, target).read(0, row.data());
    } catch (const dlc::data::Failure &) {
      // what the user is told
    }
  }
  return 0;
}
