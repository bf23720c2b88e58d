// SPDX-License-Identifier: Apache-2.0
/// \file
/// When the memory of constants can be released.
#ifndef DLC_IR_CONSTANTREADERS_H
#define DLC_IR_CONSTANTREADERS_H

#include "ir/ConstantTable.h"

namespace dlc {

/// The last reader of each unit of memory, if constants are read one after the other. Units are shared: by views of
/// the same bytes, and by neighbours in a file that meet within a page.
class ConstantReaders {
public:
  /// `values` are read in this order and not again afterwards; values without a resource have no memory to release.
  ConstantReaders(ConstantTable &table, llvm::ArrayRef<mlir::Attribute> values);

  /// The units that nobody reads after reader number `reader`.
  llvm::ArrayRef<ConstantTable::UnitRange> getLastRead(size_t reader) const { return lastRead[reader]; }

private:
  std::vector<llvm::SmallVector<ConstantTable::UnitRange, 1>> lastRead;
};

} // namespace dlc

#endif // DLC_IR_CONSTANTREADERS_H
