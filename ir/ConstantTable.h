// SPDX-License-Identifier: Apache-2.0
/// \file
/// Who owns the bytes of constants.
#ifndef DLC_IR_CONSTANTTABLE_H
#define DLC_IR_CONSTANTTABLE_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectInterface.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace dlc {

/// Owns the memory of a compilation's large constants, in blocks: mapped files and allocations.
///
/// MLIR keeps attributes as long as their context, so the attribute of a constant owns nothing. It is a
/// `dense_resource` whose key names a view, a range of bytes of one block; a weight, its slices and its reshapes are
/// views that overlap. Memory is released in units, pages of a file or whole allocations, by the code that knows
/// that nobody reads them any more (see ConstantReaders.h). There is one table per context.
class ConstantTable : public mlir::DialectInterface::Base<ConstantTable> {
public:
  explicit ConstantTable(mlir::Dialect *dialect) : Base(dialect) {}

  /// The table of `context`, into which it loads the dlc dialect.
  static ConstantTable &get(mlir::MLIRContext *context);

  /// Units `begin` to `end` of a block, by its position in the table.
  struct UnitRange {
    size_t block, begin, end;
  };

  /// Takes over the contents of a file and returns them. Mapped files are released by the page.
  llvm::ArrayRef<char> addFile(std::unique_ptr<llvm::MemoryBuffer> contents);
  /// Takes over `bytes`, which live as long as `owner` does.
  void addMemory(llvm::ArrayRef<char> bytes, std::shared_ptr<const void> owner);
  /// Zeros, aligned to 64 bytes.
  llvm::MutableArrayRef<char> allocate(size_t bytes);

  /// A constant of `type` whose row-major elements are `bytes`, which are in a block of this table at any alignment.
  /// `name` is the beginning of its key.
  mlir::DenseResourceElementsAttr createView(mlir::RankedTensorType type, llvm::ArrayRef<char> bytes,
                                             llvm::StringRef name);

  /// The bytes of `value`. A resource parsed from IR becomes a block of this table. None if there is no data;
  /// data that has been released must not be requested.
  std::optional<llvm::ArrayRef<char>> read(mlir::DenseResourceElementsAttr value);
  /// The units that `value` touches; none if it has no data.
  std::optional<UnitRange> getUnits(mlir::DenseResourceElementsAttr value);
  /// The number of units of block `block`.
  size_t countUnits(size_t block) const { return blocks[block].released.size(); }

  /// Releases units which nobody reads any more and which have not been released before.
  void release(UnitRange units);
  /// Releases everything that is left: no constant is read any more.
  void releaseAll();

private:
  struct Block {
    llvm::ArrayRef<char> bytes;
    std::shared_ptr<const void> owner;
    size_t unitBytes;         ///< a page of a mapped file, or the whole block
    llvm::BitVector released; ///< by unit
    bool isMapped;
  };
  struct View {
    llvm::ArrayRef<char> bytes;
    UnitRange units;
  };

  size_t addBlock(llvm::ArrayRef<char> bytes, std::shared_ptr<const void> owner, bool isMapped);
  View makeView(llvm::ArrayRef<char> bytes) const;
  const View *find(mlir::DenseResourceElementsAttr value);
  void drop(Block &block);

  mutable std::mutex mutex;
  std::deque<Block> blocks;
  std::map<const char *, size_t> byAddress; ///< blocks that still exist, by their first address
  llvm::StringMap<View> views;              ///< by the key of the resource
};

} // namespace dlc

#endif // DLC_IR_CONSTANTTABLE_H
