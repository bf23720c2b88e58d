// SPDX-License-Identifier: Apache-2.0
#include "analysis/KernelTime.h"
#include "ir/OpsKernel.h"
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
    return *constantDim(predictNanoseconds(kernel, estimateCost(kernel, *shapes), weightBytes));
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

} // namespace
