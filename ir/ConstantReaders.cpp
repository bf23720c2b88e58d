// SPDX-License-Identifier: Apache-2.0
#include "ir/ConstantReaders.h"
#include "llvm/ADT/DenseMap.h"

using namespace mlir;

namespace dlc {

ConstantReaders::ConstantReaders(ConstantTable &table, llvm::ArrayRef<Attribute> values) : lastRead(values.size()) {
  // From the last reader to the first: units that no later reader touches belong to this one.
  llvm::DenseMap<size_t, llvm::BitVector> touchedLater;
  for (size_t reader = values.size(); reader-- > 0;) {
    auto resource = llvm::dyn_cast<DenseResourceElementsAttr>(values[reader]);
    auto units = resource ? table.getUnits(resource) : std::nullopt;
    if (!units)
      continue;
    llvm::BitVector &touched = touchedLater[units->block];
    if (touched.empty())
      touched.resize(table.countUnits(units->block));
    for (int begin = touched.find_first_unset_in(units->begin, units->end); begin >= 0;) {
      int end = touched.find_first_in(begin, units->end);
      if (end < 0)
        end = static_cast<int>(units->end);
      lastRead[reader].push_back({units->block, static_cast<size_t>(begin), static_cast<size_t>(end)});
      touched.set(begin, end);
      begin = touched.find_first_unset_in(end, units->end);
    }
  }
}

} // namespace dlc
