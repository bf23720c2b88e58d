// SPDX-License-Identifier: Apache-2.0
#include "data/CsvFile.h"
#include "test/fuzz/MemoryFile.h"
#include <cmath>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  dlc::fuzz::MemoryFile file(data, size);
  for (const dlc::data::CsvOptions &options : {dlc::data::CsvOptions{}, dlc::data::CsvOptions{true, "1", {"2"}, ';'},
                                               dlc::data::CsvOptions{false, "", {}, '\t'}}) {
    try {
      dlc::data::CsvTable table = dlc::data::readCsv(file.getPath(), options);
      size_t rows = table.lines.size();
      if (!rows || table.features.count() != rows * table.columns.size() ||
          table.labels.size() != (options.hasLabel ? rows : 0))
        std::abort();
      for (size_t i = 0; i < table.features.count(); ++i)
        if (!std::isfinite(table.features.at(i)))
          std::abort();
    } catch (const dlc::data::Failure &) {
      // what the user is told
    }
  }
  return 0;
}
