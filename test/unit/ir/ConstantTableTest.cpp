// SPDX-License-Identifier: Apache-2.0
#include "ir/ConstantTable.h"
#include "ir/ConstantData.h"
#include "ir/ConstantReaders.h"
#include "ir/DlcDialect.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/FileSystem.h"
#include "gtest/gtest.h"
#include <cstring>

using namespace dlc;

namespace {
class ConstantTableTest : public testing::Test {
protected:
  mlir::RankedTensorType bytesType(int64_t count) { return mlir::RankedTensorType::get({count}, builder.getI8Type()); }
  mlir::DenseResourceElementsAttr view(llvm::ArrayRef<char> bytes) {
    return table.createView(bytesType(static_cast<int64_t>(bytes.size())), bytes, "w");
  }
  /// A mapped file of `size` bytes, byte i of which is i modulo 251.
  llvm::ArrayRef<char> mapFile(size_t size) {
    llvm::SmallString<128> path;
    int file;
    EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("dlc-constants", "bin", file, path));
    {
      llvm::raw_fd_ostream stream(file, /*shouldClose=*/true);
      for (size_t i = 0; i < size; ++i)
        stream << static_cast<char>(i % 251);
    }
    auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
    (void)llvm::sys::fs::remove(path);
    EXPECT_EQ((*buffer)->getBufferKind(), llvm::MemoryBuffer::MemoryBuffer_MMap);
    return table.addFile(std::move(*buffer));
  }

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  ConstantTable &table = ConstantTable::get(&context);
  mlir::Builder builder{&context};
};
} // namespace

TEST_F(ConstantTableTest, AnAllocationLivesAsLongAsItsLastReader) {
  auto owner = std::make_shared<std::vector<char>>(4096, 7);
  std::weak_ptr<std::vector<char>> alive = owner;
  llvm::ArrayRef<char> bytes = *owner;
  table.addMemory(bytes, std::move(owner));
  mlir::Attribute whole = view(bytes), part = view(bytes.slice(100, 2000));
  // A slice between two uses of the whole, and one after them.
  ConstantReaders readers(table, {part, whole, part, builder.getUnitAttr()});
  EXPECT_TRUE(readers.getLastRead(0).empty());
  EXPECT_TRUE(readers.getLastRead(1).empty());
  EXPECT_TRUE(readers.getLastRead(3).empty());
  ASSERT_EQ(readers.getLastRead(2).size(), 1u);
  EXPECT_FALSE(alive.expired());
  table.release(readers.getLastRead(2).front());
  EXPECT_TRUE(alive.expired());
}

TEST_F(ConstantTableTest, PagesOfAFileGoWithTheirLastReader) {
  constexpr size_t page = 4096;
  llvm::ArrayRef<char> bytes = mapFile(16 * page);
  // Neighbours that meet in page 3, and the first one once more.
  auto first = view(bytes.take_front(3 * page + 10)), second = view(bytes.slice(3 * page + 10, 5 * page));
  ConstantReaders readers(table, {first, second, first});
  EXPECT_TRUE(readers.getLastRead(0).empty());
  ASSERT_EQ(readers.getLastRead(1).size(), 1u);
  EXPECT_EQ(readers.getLastRead(1)[0].begin, 4u);
  EXPECT_EQ(readers.getLastRead(1)[0].end, 9u);
  ASSERT_EQ(readers.getLastRead(2).size(), 1u);
  EXPECT_EQ(readers.getLastRead(2)[0].begin, 0u);
  EXPECT_EQ(readers.getLastRead(2)[0].end, 4u);
  table.release(readers.getLastRead(1)[0]);
  // What was not given back still reads as it was.
  std::optional<llvm::ArrayRef<char>> left = table.read(first);
  ASSERT_TRUE(left.has_value());
  for (size_t i = 0; i < left->size(); ++i)
    ASSERT_EQ((*left)[i], static_cast<char>(i % 251)) << i;
}

#if GTEST_HAS_DEATH_TEST && !defined(NDEBUG)
TEST_F(ConstantTableTest, ReadingWhatWasGivenBackIsAnAssertion) {
  llvm::MutableArrayRef<char> bytes = table.allocate(2048);
  auto value = view(bytes);
  EXPECT_TRUE(ConstantData::get(value).has_value());
  table.releaseAll();
  EXPECT_DEATH(ConstantData::get(value), "read after its memory has been released");
}
#endif

TEST_F(ConstantTableTest, ReshapesAndSlicesShareMemory) {
  std::vector<char> bytes(4096);
  for (size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>(i);
  auto type = mlir::RankedTensorType::get({64, 64}, builder.getI8Type());
  mlir::ElementsAttr whole = makeConstant(type, bytes);
  mlir::ElementsAttr reshaped = reshapeConstant(whole, bytesType(4096)),
                     slice = sliceConstant(whole, bytesType(2000), 5);
  const char *memory = ConstantData::get(whole)->getBytes().data();
  EXPECT_EQ(ConstantData::get(reshaped)->getBytes().data(), memory);
  EXPECT_EQ(ConstantData::get(slice)->getBytes().data(), memory + 5);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % 64, 0u);
}

TEST_F(ConstantTableTest, AResourceFromTextBelongsToTheTable) {
  std::vector<char> bytes(2048, 3);
  bool isFreed = false;
  mlir::AsmResourceBlob blob(
      llvm::ArrayRef<char>(bytes), 1, [&](void *, size_t, size_t) { isFreed = true; },
      /*dataIsMutable=*/false);
  auto value = mlir::DenseResourceElementsAttr::get(bytesType(2048), "text", std::move(blob));
  EXPECT_EQ(ConstantData::get(value)->getBytes(), llvm::ArrayRef<char>(bytes));
  EXPECT_FALSE(isFreed);
  table.releaseAll();
  EXPECT_TRUE(isFreed);
}
