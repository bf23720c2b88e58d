// SPDX-License-Identifier: Apache-2.0
#include "analysis/KernelCost.h"
#include "analysis/MachineCost.h"
#include "ir/OpsProgram.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FormatVariadic.h"
#include <gtest/gtest.h>

using namespace dlc;

namespace {

class KernelCostTest : public testing::Test {
protected:
  KernelCostTest() : context(mlir::MLIRContext::Threading::DISABLED) { context.loadDialect<DlcDialect>(); }

  KernelFuncOp parse(const std::string &text) {
    modules.push_back(mlir::parseSourceString<mlir::ModuleOp>(text, &context));
    EXPECT_TRUE(modules.back()) << text;
    return *modules.back()->getOps<KernelFuncOp>().begin();
  }
  KernelFuncOp parseProduct(int64_t rows, int64_t depth, int64_t columns, const char *attributes = "") {
    return parse(llvm::formatv("dlc.kernel_func @k kind(contraction) {3} {{\n"
                               "^bb0(%a: tensor<{0}x{1}xf32>, %b: tensor<{1}x{2}xf32>):\n"
                               "%c = dlc.matmul %a, %b : (tensor<{0}x{1}xf32>, tensor<{1}x{2}xf32>) -> "
                               "tensor<{0}x{2}xf32>\ndlc.yield %c : tensor<{0}x{2}xf32>\n}",
                               rows, depth, columns, attributes)
                     .str());
  }
  KernelFuncOp parseUnary(llvm::StringRef op, int64_t elements) {
    return parse(llvm::formatv("dlc.kernel_func @k kind(elementwise) {{\n^bb0(%a: tensor<{1}xf32>):\n"
                               "%b = dlc.{0} %a : tensor<{1}xf32> -> tensor<{1}xf32>\n"
                               "dlc.yield %b : tensor<{1}xf32>\n}",
                               op, elements)
                     .str());
  }

  /// The work by both ways of counting, which must agree where all extents are known.
  static KernelWork count(KernelFuncOp kernel) {
    auto shapes = KernelShapes::analyze(kernel);
    KernelCost cost = estimateCost(kernel, *shapes);
    KernelWork work = estimateWork(kernel.getBody().front(), [](mlir::Value value) {
      return llvm::cast<mlir::RankedTensorType>(value.getType());
    });
    EXPECT_EQ(static_cast<double>(*constantDim(cost.operations)), work.operations);
    EXPECT_EQ(static_cast<double>(*constantDim(cost.bytes)), work.bytes);
    return work;
  }
  static int64_t estimate(KernelFuncOp kernel) {
    auto shapes = KernelShapes::analyze(kernel);
    return *constantDim(estimateNanoseconds(kernel, estimateCost(kernel, *shapes)));
  }

  mlir::MLIRContext context;
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> modules;
};

TEST_F(KernelCostTest, CountsProductsAndBytes) {
  for (auto [rows, depth, columns] :
       {std::tuple(0, 5, 7), std::tuple(3, 0, 2), std::tuple(1, 1, 1), std::tuple(13, 17, 31)}) {
    KernelWork work = count(parseProduct(rows, depth, columns));
    EXPECT_EQ(work.operations, 2.0 * rows * depth * columns);
    EXPECT_EQ(work.bytes, 4.0 * (rows * depth + depth * columns + rows * columns));
  }
}

TEST_F(KernelCostTest, GrowsWithEveryExtent) {
  int64_t last = -1;
  for (int64_t extent : {0, 1, 31, 127, 1021}) {
    int64_t nanoseconds = estimate(parseProduct(extent, 64, 67));
    EXPECT_GE(nanoseconds, last);
    EXPECT_EQ(nanoseconds, estimate(parseProduct(67, 64, extent)));
    last = nanoseconds;
  }
  EXPECT_GT(last, 0);
}

TEST_F(KernelCostTest, FunctionsCostMoreThanSums) {
  double relu = count(parseUnary("relu", 1009)).operations, tanh = count(parseUnary("tanh", 1009)).operations,
         sin = count(parseUnary("sin", 1009)).operations;
  EXPECT_LT(relu, tanh);
  EXPECT_LT(tanh, sin);
  // A function of libm is worth a second thread long before its bytes are.
  EXPECT_GE(estimate(parseUnary("sin", 10007)), parallelThresholdNanoseconds);
  EXPECT_LT(estimate(parseUnary("relu", 10007)), parallelThresholdNanoseconds);
}

TEST_F(KernelCostTest, ReductionsWorkOnWhatTheyRead) {
  KernelWork work = count(parse("dlc.kernel_func @k kind(reduction) {\n^bb0(%a: tensor<7x11xf32>):\n"
                                "%b = dlc.reduce sum %a {axes = array<i64: 0, 1>} : tensor<7x11xf32> -> tensor<f32>\n"
                                "dlc.yield %b : tensor<f32>\n}"));
  EXPECT_EQ(work.operations, 5.0 * 7 * 11);
  EXPECT_EQ(work.bytes, 4.0 * (7 * 11 + 1));
}

TEST_F(KernelCostTest, TheFastestVersionCounts) {
  auto withSchedules = [&](const char *schedules) {
    return estimate(parseProduct(256, 256, 256, (std::string("attributes {schedules = [") + schedules + "]}").c_str()));
  };
  const char *v2 = "#dlc.schedule<algorithm = \"gemm\", isa = \"x86-64-v2\", vector = 4>",
             *v4 = "#dlc.schedule<algorithm = \"gemm\", isa = \"x86-64-v4\", vector = 16>";
  int64_t slow = withSchedules(v2), fast = withSchedules(v4);
  EXPECT_GT(slow, fast);
  EXPECT_EQ(withSchedules((std::string(v2) + ", " + v4).c_str()), fast);
  EXPECT_EQ(estimate(parseProduct(256, 256, 256)), fast);
}

} // namespace
