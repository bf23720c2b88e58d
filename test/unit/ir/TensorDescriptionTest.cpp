// SPDX-License-Identifier: Apache-2.0
#include "ir/TensorDescription.h"
#include "ir/DlcDialect.h"
#include "mlir/Parser/Parser.h"
#include <gtest/gtest.h>

using namespace mlir;

namespace {

class TensorDescriptionTest : public ::testing::Test {
protected:
  TensorDescriptionTest() { context.loadDialect<dlc::DlcDialect, func::FuncDialect>(); }

  func::FuncOp parse(llvm::StringRef text) {
    module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module);
    return *module->getOps<func::FuncOp>().begin();
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};

TEST_F(TensorDescriptionTest, inputsHaveTheNamesOfTheModel) {
  func::FuncOp function = parse(R"(
    func.func private @f(%x: tensor<?x8xf32> {dlc.dims = ["N", 8]}, %b: tensor<ui8>, %y: tensor<?x0xi64>) {
      return
    })");
  EXPECT_EQ(dlc::describeTensor(function.getArgument(0)), "f32[N, 8]");
  EXPECT_EQ(dlc::describeShape(function.getArgument(0)), "[N, 8]");
  EXPECT_EQ(dlc::describeTensor(function.getArgument(1)), "u8[]");
  EXPECT_EQ(dlc::describeTensor(function.getArgument(2)), "i64[?, 0]");
}

TEST_F(TensorDescriptionTest, resultsFollowFromTheInputs) {
  func::FuncOp function = parse(R"(
    func.func private @f(%x: tensor<?x?xf32> {dlc.dims = ["N", "T"]}, %y: tensor<?x?xf32>) {
      %0 = dlc.concat %x, %x {axis = 0} : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
      %1 = dlc.reshape %0 {shape = array<i64: -1>} : (tensor<?x?xf32>) -> tensor<?xf32>
      %2 = dlc.relu %y : tensor<?x?xf32> -> tensor<?x?xf32>
      return
    })");
  auto results = llvm::map_to_vector(function.getOps(), [](Operation &op) { return &op; });
  EXPECT_EQ(dlc::describeTensor(results[0]->getResult(0)), "f32[N * 2, T]");
  EXPECT_EQ(dlc::describeTensor(results[1]->getResult(0)), "f32[N * T * 2]");
  EXPECT_EQ(dlc::describeTensor(results[2]->getResult(0)), "f32[?, ?]");
}

TEST_F(TensorDescriptionTest, typesAloneHaveNoNames) {
  Builder builder(&context);
  EXPECT_EQ(dlc::describeType(RankedTensorType::get({ShapedType::kDynamic, 3}, builder.getF64Type())), "f64[?, 3]");
  EXPECT_EQ(dlc::describeType(builder.getI1Type()), "i1");
  EXPECT_EQ(dlc::describeType(builder.getBF16Type()), "bf16");
}

} // namespace
