// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-tune/ScheduleSearch.h"
#include "analysis/TargetInterface.h"
#include "backends/cpu/CpuBackend.h"
#include "ir/OpsProgram.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>

using namespace dlc;
using tune::ScheduleSearch;

namespace {

class ScheduleSearchTest : public testing::Test {
protected:
  ScheduleSearchTest() : context(mlir::MLIRContext::Threading::DISABLED) {
    mlir::DialectRegistry registry;
    registerCpuBackend(registry);
    context.appendDialectRegistry(registry);
    context.loadDialect<DlcDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(
        R"(dlc.kernel_func @k kind(contraction) {
           ^bb0(%a: tensor<24x40xf32>, %b: tensor<40x96xf32>):
             %c = dlc.matmul %a, %b : (tensor<24x40xf32>, tensor<40x96xf32>) -> tensor<24x96xf32>
             dlc.yield %c : tensor<24x96xf32>
           })",
        &context);
    subject.emplace(*module->getOps<KernelFuncOp>().begin());
    space = TargetInterface::get(&context).createSchedules(*subject, machine);
  }

  const Machine &machine = *findMachine("x86-64-v3");
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::optional<TileSubject> subject;
  std::unique_ptr<KernelSchedules> space;
};

TEST_F(ScheduleSearchTest, GivesLegalSchedulesOnceEach) {
  ScheduleSearch search(*space, machine.registers, 1);
  std::set<std::string> seen{tune::describePoint(space->getDefault())};
  while (std::optional<SchedulePoint> point = search.next()) {
    EXPECT_EQ(space->findProblem(*point), "");
    EXPECT_TRUE(seen.insert(tune::describePoint(*point)).second) << tune::describePoint(*point);
    EXPECT_EQ(point->split, space->getDefault().split);
    search.report(*point, 1.5);
    ASSERT_LT(seen.size(), 10000u);
  }
  EXPECT_GT(seen.size(), 20u);
  EXPECT_EQ(search.getBest(), space->getDefault());
  EXPECT_EQ(search.getBestRatio(), 1);
}

TEST_F(ScheduleSearchTest, DescendsToTheFastest) {
  // Time grows with the distance from a tile of 2 x 32, which is not the compiler's choice.
  auto getTime = [](const SchedulePoint &point) {
    if (point.algorithm != "gemm" || point.vector != 8)
      return std::numeric_limits<double>::infinity();
    double rows = std::log2(static_cast<double>(point.getSize("rows", 1)) / 2);
    double columns = std::log2(static_cast<double>(point.getSize("columns", 1)) / 32);
    return 1 + rows * rows + columns * columns;
  };
  double first = getTime(space->getDefault());
  ASSERT_GT(first, 1);
  ScheduleSearch search(*space, machine.registers, 7);
  while (std::optional<SchedulePoint> point = search.next())
    search.report(*point, getTime(*point) / first);
  EXPECT_EQ(search.getBest().getSize("rows", 0), 2);
  EXPECT_EQ(search.getBest().getSize("columns", 0), 32);
  EXPECT_DOUBLE_EQ(search.getBestRatio(), 1 / first);
}

TEST_F(ScheduleSearchTest, DoesNotRepeatWhatWasReportedBefore) {
  ScheduleSearch first(*space, machine.registers, 1);
  std::vector<SchedulePoint> known;
  for (int i = 0; i < 10; ++i)
    known.push_back(*first.next());
  ScheduleSearch second(*space, machine.registers, 1);
  for (const SchedulePoint &point : known)
    second.report(point, 1.2);
  while (std::optional<SchedulePoint> point = second.next())
    EXPECT_FALSE(llvm::is_contained(known, *point));
  EXPECT_EQ(second.getCount(), 10);
}

} // namespace
