// SPDX-License-Identifier: Apache-2.0
#include "ir/SharedMemory.h"
#include "ir/DlcDialect.h"
#include "mlir/Parser/Parser.h"
#include <gtest/gtest.h>

using namespace mlir;

namespace {

TEST(SharedMemoryTest, aliasesShareMemory) {
  MLIRContext context;
  context.loadDialect<dlc::DlcDialect, func::FuncDialect>();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(R"(
    func.func @run(%x: tensor<4xf32>, %like: tensor<2x2xf32>) -> (tensor<4xf32>, tensor<2x2xf32>) {
      %y = dlc.relu %x : tensor<4xf32> -> tensor<4xf32>
      %1 = dlc.reshape %x {shape = array<i64: 4, 1>} : (tensor<4xf32>) -> tensor<4x1xf32>
      %2 = dlc.reshape_like %1, %like : (tensor<4x1xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
      %z = dlc.relu %2 : tensor<2x2xf32> -> tensor<2x2xf32>
      return %y, %z : tensor<4xf32>, tensor<2x2xf32>
    })",
                                                             &context);
  ASSERT_TRUE(module);
  func::FuncOp function = *module->getOps<func::FuncOp>().begin();
  auto op = [&](unsigned number) -> Operation & { return *std::next(function.getBody().front().begin(), number); };
  Value x = function.getArgument(0), like = function.getArgument(1);
  EXPECT_EQ(dlc::getMemory(op(2).getResult(0)), x);
  EXPECT_EQ(dlc::getMemory(op(3).getResult(0)), op(3).getResult(0));
  EXPECT_EQ(dlc::getReaders(x).size(), 4u);
  EXPECT_TRUE(dlc::isReadAfter(x, &op(2)));
  EXPECT_FALSE(dlc::isReadAfter(x, &op(3)));
  // Whoever is asked for extents only is not read through the result.
  EXPECT_FALSE(dlc::isReadAfter(like, &op(2)));
  // All at once says the same.
  Block &block = function.getBody().front();
  dlc::LastReaders readers(block);
  llvm::SmallVector<Value> values(block.getArguments());
  for (Operation &each : block)
    llvm::append_range(values, each.getResults());
  for (Value value : values)
    for (Operation &each : block)
      EXPECT_EQ(readers.isReadAfter(value, &each), dlc::isReadAfter(value, &each));
}

} // namespace
