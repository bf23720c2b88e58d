// SPDX-License-Identifier: Apache-2.0
#include "analysis/KernelTime.h"
#include "analysis/ArenaPlanner.h"
#include "ir/OpsProgram.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FormatVariadic.h"
#include <gtest/gtest.h>

using namespace dlc;

namespace {

class KernelTimeTest : public testing::Test {
protected:
  KernelTimeTest() : context(mlir::MLIRContext::Threading::DISABLED) { context.loadDialect<DlcDialect>(); }

  KernelFuncOp parseProduct(int64_t rows, int64_t depth, int64_t columns, const char *schedule = "") {
    modules.push_back(mlir::parseSourceString<mlir::ModuleOp>(
        llvm::formatv("dlc.kernel_func @k kind(contraction) {3} {{\n"
                      "^bb0(%a: tensor<{0}x{1}xf32>, %b: tensor<{1}x{2}xf32>):\n"
                      "%c = dlc.matmul %a, %b : (tensor<{0}x{1}xf32>, tensor<{1}x{2}xf32>) -> "
                      "tensor<{0}x{2}xf32>\ndlc.yield %c : tensor<{0}x{2}xf32>\n}",
                      rows, depth, columns,
                      *schedule ? std::string("attributes {schedules = [#dlc.schedule<") + schedule + ">]}" : "")
            .str(),
        &context));
    EXPECT_TRUE(modules.back());
    return *modules.back()->getOps<KernelFuncOp>().begin();
  }
  static int64_t predict(KernelFuncOp kernel, int64_t weightBytes = 0) {
    auto shapes = KernelShapes::analyze(kernel);
    return *constantDim(predictNanoseconds(kernel, estimateScheduledCost(kernel, *shapes), weightBytes));
  }

  mlir::MLIRContext context;
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> modules;
};

TEST_F(KernelTimeTest, LargeProductsTakeTheirOperations) {
  const MachineRates &rates = *findMachineRates("znver4");
  double operations = 2.0 * 512 * 768 * 1024;
  auto nanoseconds = static_cast<double>(predict(parseProduct(512, 768, 1024)));
  EXPECT_GT(nanoseconds, operations / rates.operationsPerNanosecond);
  EXPECT_LT(nanoseconds, 1.5 * operations / rates.operationsPerNanosecond);
}

TEST_F(KernelTimeTest, GrowWithEveryExtent) {
  int64_t last = -1;
  for (int64_t extent : {0, 1, 31, 127, 1021}) {
    int64_t nanoseconds = predict(parseProduct(extent, 64, 67));
    EXPECT_GE(nanoseconds, last);
    last = nanoseconds;
  }
  EXPECT_GT(last, 0);
}

TEST_F(KernelTimeTest, OneRowStreamsWeightsFromWhereTheyAre) {
  const MachineRates &rates = *findMachineRates("znver4");
  KernelFuncOp kernel = parseProduct(1, 256, 512);
  double bytes = 4.0 * (256 + 256 * 512 + 512);
  EXPECT_NEAR(predict(kernel), bytes / rates.caches[1].bytesPerNanosecond, 2);
  // Those of the rest of the model have displaced them.
  EXPECT_NEAR(predict(kernel, 100 << 20), bytes / rates.memoryBytesPerNanosecond, 2);
}

TEST_F(KernelTimeTest, AlgorithmsAndVectorsCount) {
  int64_t full = predict(parseProduct(256, 256, 256, "algorithm = \"gemm\", isa = \"x86-64-v3\", vector = 8")),
          scalar = predict(parseProduct(256, 256, 256, "algorithm = \"naive\", isa = \"x86-64-v3\", vector = 1")),
          old = predict(parseProduct(256, 256, 256, "algorithm = \"gemm\", isa = \"x86-64-v2\", vector = 4"));
  EXPECT_GT(scalar, 6 * full);
  EXPECT_GT(old, 3 * full);
}

TEST_F(KernelTimeTest, WinogradTakesItsOwnOperations) {
  const MachineRates &rates = *findMachineRates("znver4");
  // The last tiles of 30 columns are partly used.
  auto parse = [&](int64_t m, llvm::StringRef height, int64_t channels, const char *attributes = "") {
    modules.push_back(mlir::parseSourceString<mlir::ModuleOp>(
        llvm::formatv("#w = #dlc.layout<order = [0, 2, 3, 1], inner_dims = [0], inner_tiles = [32], winograd = {0}>\n"
                      "dlc.kernel_func @k kind(convolution) {3} {{\n"
                      "^bb0(%x: tensor<1x{2}x{1}x30xf32>, %w: tensor<{2}x{2}x3x3xf32, #w>):\n"
                      "%c = dlc.conv %x, %w {{strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = "
                      "array<i64: 1, 1>, groups = 1 : i64} : (tensor<1x{2}x{1}x30xf32>, tensor<{2}x{2}x3x3xf32, #w>) "
                      "-> tensor<1x{2}x{1}x30xf32>\ndlc.yield %c : tensor<1x{2}x{1}x30xf32>\n}",
                      m, height, channels, attributes)
            .str(),
        &context));
    EXPECT_TRUE(modules.back());
    return *modules.back()->getOps<KernelFuncOp>().begin();
  };
  for (int64_t m : {2, 4}) {
    KernelFuncOp kernel = parse(m, "30", 256);
    auto shapes = KernelShapes::analyze(kernel);
    int64_t tiles = ((30 + m - 1) / m) * ((30 + m - 1) / m), values = (m + 2) * (m + 2);
    ScheduledCost cost = estimateScheduledCost(kernel, *shapes);
    EXPECT_EQ(constantDim(cost.operations), 2 * tiles * values * 256 * 256);
    EXPECT_EQ(constantDim(cost.bytes), 4 * (values * 256 * 256 + int64_t{2} * 30 * 30 * 256));
    EXPECT_EQ(constantDim(cost.passedBytes), int64_t{8} * tiles * values * (256 + 256));
    auto nanoseconds = static_cast<double>(predict(kernel));
    EXPECT_GT(nanoseconds, static_cast<double>(*constantDim(cost.operations)) / rates.operationsPerNanosecond);
    EXPECT_LT(nanoseconds, static_cast<double>(*constantDim(estimateCost(kernel, *shapes).operations)) /
                               rates.operationsPerNanosecond);
  }
  // An open height is a formula that agrees at every height.
  KernelFuncOp open = parse(4, "?", 64,
                            "attributes {symbols = [\"H\"], input_dims = [affine_map<()[s0] -> (1, 64, s0, 30)>, "
                            "affine_map<()[s0] -> (64, 64, 3, 3)>]}");
  auto openShapes = KernelShapes::analyze(open);
  mlir::AffineExpr formula = predictNanoseconds(open, estimateScheduledCost(open, *openShapes), 0);
  int64_t last = 0;
  for (int64_t height : {1, 4, 5, 8, 61}) {
    auto nanoseconds = static_cast<double>(evaluate(formula, height));
    int64_t rows = (height + 3) / 4;
    double tiles = 8.0 * static_cast<double>(rows);
    EXPECT_GT(nanoseconds, 2 * tiles * 36 * 64 * 64 / rates.operationsPerNanosecond) << height;
    EXPECT_LT(nanoseconds, 3 * tiles * 36 * 64 * 64 / rates.operationsPerNanosecond + 10000) << height;
    EXPECT_GE(evaluate(formula, height), last);
    last = evaluate(formula, height);
  }
  // A small image waits for its weights.
  EXPECT_GE(predict(parse(4, "1", 512), 100 << 20),
            static_cast<int64_t>(4.0 * 36 * 512 * 512 / rates.memoryBytesPerNanosecond));
}

TEST(MachineRates, RowsMakeSense) {
  for (const MachineRates &rates : getMachineRates()) {
    EXPECT_EQ(findMachineRates(rates.name), &rates);
    EXPECT_GT(rates.operationsPerNanosecond, 0);
    double last = rates.caches[0].bytesPerNanosecond;
    for (const CacheRate &cache : rates.caches) {
      EXPECT_LE(cache.bytesPerNanosecond, last) << rates.name;
      EXPECT_EQ(rates.getBandwidth(static_cast<double>(cache.bytes)), cache.bytesPerNanosecond);
      last = cache.bytesPerNanosecond;
    }
    EXPECT_LT(rates.memoryBytesPerNanosecond, last) << rates.name;
    EXPECT_EQ(rates.getBandwidth(1e12), rates.memoryBytesPerNanosecond);
  }
  EXPECT_EQ(findMachineRates("i386"), nullptr);
  for (const Machine &machine : getMachines())
    EXPECT_FALSE(getTypicalRates(machine).name.empty());
}

TEST(MachineRates, EveryProcessorHasSome) {
  auto choose = [](llvm::StringRef name, llvm::StringRef machine) {
    return chooseMachineRates(name, *findMachine(machine)).name;
  };
  EXPECT_EQ(choose("znver4", "x86-64-v4"), "znver4");
  EXPECT_EQ(choose("emeraldrapids", "x86-64-v4"), "sapphirerapids");
  EXPECT_EQ(choose("znver2", "x86-64-v3"), "haswell");
  EXPECT_EQ(choose("generic", "x86-64-v4"), "znver4");
  EXPECT_EQ(choose("", "x86-64-v2"), "nehalem");
  EXPECT_EQ(choose("generic", "aarch64"), "neoverse-n1");
}

} // namespace
