// SPDX-License-Identifier: Apache-2.0
#include "analysis/MemoryPlan.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include <gtest/gtest.h>

using namespace dlc;

namespace {

class MemoryPlanTest : public testing::Test {
protected:
  MemoryPlanTest() : context(mlir::MLIRContext::Threading::DISABLED) {
    context.loadDialect<DlcDialect, mlir::func::FuncDialect>();
  }

  mlir::func::FuncOp parse(const std::string &text) {
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(module) << text;
    return *module->getOps<mlir::func::FuncOp>().begin();
  }

  std::string print() {
    std::string text;
    llvm::raw_string_ostream stream(text);
    module->print(stream);
    return text;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// A cache of four rows, of which a run replaces one, and a kernel of a constant.
const char *const cache = R"(
func.func @step(%keys: tensor<4x8xf32> {dlc.state = "keys"}, %new: tensor<1x8xf32>, %at: tensor<i64>)
    -> (tensor<4x8xf32> {dlc.state = "keys"}, tensor<1x8xf32>) {
  %c = dlc.constant dense<1.0> : tensor<1x8xf32> : tensor<1x8xf32>
  %p = dlc.kernel "pack" kind(elementwise) (%c : tensor<1x8xf32>) -> tensor<1x8xf32> {
  ^bb0(%a: tensor<1x8xf32>):
    %b = dlc.exp %a : tensor<1x8xf32> -> tensor<1x8xf32>
    dlc.yield %b : tensor<1x8xf32>
  }
  %k = dlc.kernel "write" kind(movement) (%keys, %new, %at : tensor<4x8xf32>, tensor<1x8xf32>, tensor<i64>) -> tensor<4x8xf32> {
  ^bb0(%a: tensor<4x8xf32>, %b: tensor<1x8xf32>, %i: tensor<i64>):
    %u = dlc.update_slice %a, %b, %i {axis = 0 : i64} : (tensor<4x8xf32>, tensor<1x8xf32>, tensor<i64>) -> tensor<4x8xf32>
    dlc.yield %u : tensor<4x8xf32>
  }
  %s = dlc.kernel "sum" kind(elementwise) (%new, %p : tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32> {
  ^bb0(%a: tensor<1x8xf32>, %b: tensor<1x8xf32>):
    %t = dlc.add %a, %b : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
    dlc.yield %t : tensor<1x8xf32>
  }
  return %k, %s : tensor<4x8xf32>, tensor<1x8xf32>
})";

TEST_F(MemoryPlanTest, PlanningChangesNothing) {
  mlir::func::FuncOp function = parse(cache);
  std::string before = print();
  mlir::FailureOr<MemoryPlan> plan = MemoryPlan::make(function, /*shareMemory=*/true);
  ASSERT_TRUE(mlir::succeeded(plan));
  EXPECT_EQ(plan->getUpdatesInPlace().size(), 1U);
  ASSERT_EQ(plan->getStatesInPlace().size(), 1U);
  EXPECT_EQ(plan->getStatesInPlace()[0], function.getArgument(0));
  EXPECT_EQ(print(), before);
}

TEST_F(MemoryPlanTest, AKernelOfConstantsIsPrepacked) {
  mlir::func::FuncOp function = parse(cache);
  mlir::FailureOr<MemoryPlan> plan = MemoryPlan::make(function, /*shareMemory=*/true);
  ASSERT_TRUE(mlir::succeeded(plan));
  EXPECT_EQ(plan->getConstants().size(), 1U);
  EXPECT_EQ(plan->getPrepackedBytes(), 64);
  // What `write` and `sum` compute is the caller's.
  EXPECT_TRUE(plan->getBuffers().empty());
}

TEST_F(MemoryPlanTest, WithoutSharingNothingHappensInPlace) {
  mlir::FailureOr<MemoryPlan> plan = MemoryPlan::make(parse(cache), /*shareMemory=*/false);
  ASSERT_TRUE(mlir::succeeded(plan));
  EXPECT_TRUE(plan->getUpdatesInPlace().empty());
  EXPECT_TRUE(plan->getStatesInPlace().empty());
}

} // namespace
