// SPDX-License-Identifier: Apache-2.0
#include "ir/ConstantTable.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/Process.h"
#include <cstring>
#include <sys/mman.h>

using namespace mlir;

namespace dlc {

/// Alignment of allocations, so that loops over their elements may use vectors.
static constexpr size_t allocationAlignment = 64;

size_t ConstantTable::addBlock(llvm::ArrayRef<char> bytes, std::shared_ptr<const void> owner, bool isMapped) {
  size_t unitBytes = isMapped ? llvm::sys::Process::getPageSizeEstimate() : std::max<size_t>(bytes.size(), 1);
  assert((!isMapped || reinterpret_cast<uintptr_t>(bytes.data()) % unitBytes == 0) &&
         "a mapping begins at a page boundary");
  unsigned units = static_cast<unsigned>(llvm::divideCeil(bytes.size(), unitBytes));
  byAddress[bytes.data()] = blocks.size();
  blocks.push_back({bytes, std::move(owner), unitBytes, llvm::BitVector(units), isMapped});
  return blocks.size() - 1;
}

llvm::ArrayRef<char> ConstantTable::addFile(std::unique_ptr<llvm::MemoryBuffer> contents) {
  std::lock_guard lock(mutex);
  std::shared_ptr<llvm::MemoryBuffer> owner = std::move(contents);
  llvm::ArrayRef<char> bytes(owner->getBufferStart(), owner->getBufferSize());
  addBlock(bytes, owner, owner->getBufferKind() == llvm::MemoryBuffer::MemoryBuffer_MMap);
  return bytes;
}

void ConstantTable::addMemory(llvm::ArrayRef<char> bytes, std::shared_ptr<const void> owner) {
  std::lock_guard lock(mutex);
  addBlock(bytes, std::move(owner), /*isMapped=*/false);
}

llvm::MutableArrayRef<char> ConstantTable::allocate(size_t bytes) {
  auto *memory = static_cast<char *>(llvm::allocate_buffer(bytes, allocationAlignment));
  std::memset(memory, 0, bytes);
  std::shared_ptr<const void> owner(memory, [bytes](const void *begin) {
    llvm::deallocate_buffer(const_cast<void *>(begin), bytes, allocationAlignment);
  });
  addMemory(llvm::ArrayRef<char>(memory, bytes), std::move(owner));
  return {memory, bytes};
}

ConstantTable::View ConstantTable::makeView(llvm::ArrayRef<char> bytes) const {
  auto next = byAddress.upper_bound(bytes.data());
  assert(next != byAddress.begin() && "the bytes of a constant are in a block of the table");
  size_t number = std::prev(next)->second;
  const Block &block = blocks[number];
  assert(bytes.begin() >= block.bytes.begin() && bytes.end() <= block.bytes.end() &&
         "the bytes of a constant are in a block of the table");
  size_t first = bytes.data() - block.bytes.data();
  return {bytes, {number, first / block.unitBytes, llvm::divideCeil(first + bytes.size(), block.unitBytes)}};
}

DenseResourceElementsAttr ConstantTable::createView(RankedTensorType type, llvm::ArrayRef<char> bytes,
                                                    llvm::StringRef name) {
  // A mapped file has its elements at any address, so printed IR must not claim an alignment.
  size_t alignment = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  if (reinterpret_cast<uintptr_t>(bytes.data()) % alignment != 0)
    alignment = 1;
  std::lock_guard lock(mutex);
  View view = makeView(bytes);
  auto value =
      DenseResourceElementsAttr::get(type, name, UnmanagedAsmResourceBlob::allocateWithAlign(bytes, alignment));
  views[value.getRawHandle().getKey()] = view;
  return value;
}

const ConstantTable::View *ConstantTable::find(DenseResourceElementsAttr value) {
  DenseResourceElementsHandle handle = value.getRawHandle();
  if (auto known = views.find(handle.getKey()); known != views.end())
    return &known->second;
  AsmResourceBlob *blob = handle.getBlob();
  if (!blob || blob->getData().empty())
    return nullptr;
  llvm::ArrayRef<char> bytes = blob->getData();
  size_t alignment = blob->getDataAlignment();
  auto owner = std::make_shared<AsmResourceBlob>(std::move(*blob));
  // The moved-from object still refers to the bytes.
  *blob = UnmanagedAsmResourceBlob::allocateWithAlign(bytes, alignment);
  addBlock(bytes, std::move(owner), /*isMapped=*/false);
  return &(views[handle.getKey()] = makeView(bytes));
}

std::optional<llvm::ArrayRef<char>> ConstantTable::read(DenseResourceElementsAttr value) {
  std::lock_guard lock(mutex);
  const View *view = find(value);
  if (!view)
    return std::nullopt;
  const Block &block = blocks[view->units.block];
  bool isReleased = block.released.find_first_in(view->units.begin, view->units.end) >= 0;
  assert(!isReleased && "a constant is read after its memory has been released");
  return isReleased ? std::nullopt : std::optional(view->bytes);
}

std::optional<ConstantTable::UnitRange> ConstantTable::getUnits(DenseResourceElementsAttr value) {
  std::lock_guard lock(mutex);
  const View *view = find(value);
  return view ? std::optional(view->units) : std::nullopt;
}

void ConstantTable::drop(Block &block) {
  block.released.set();
  if (block.owner)
    byAddress.erase(block.bytes.data());
  block.owner.reset();
}

void ConstantTable::release(UnitRange units) {
  std::lock_guard lock(mutex);
  Block &block = blocks[units.block];
  assert(block.released.find_first_in(units.begin, units.end) < 0 && "memory is released once");
  if (!block.isMapped)
    return drop(block);
  block.released.set(units.begin, units.end);
  // A hint: if the system ignores it, memory is kept a little longer.
  char *begin = const_cast<char *>(block.bytes.data()) + units.begin * block.unitBytes;
  madvise(begin, (units.end - units.begin) * block.unitBytes, MADV_DONTNEED);
}

void ConstantTable::releaseAll() {
  std::lock_guard lock(mutex);
  for (Block &block : blocks)
    drop(block);
}

} // namespace dlc
