// SPDX-License-Identifier: Apache-2.0
// The schedules of kernels of each kind, on awkward shapes: defaults are legal, what is enumerated is what is legal,
// and what is not legal has a reason.
#include "analysis/TargetInterface.h"
#include "backends/cpu/CpuBackend.h"
#include "ir/OpsProgram.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"
#include <set>

using namespace dlc;

namespace {

class KernelSchedulesTest : public testing::Test {
protected:
  KernelSchedulesTest() : context(mlir::MLIRContext::Threading::DISABLED) {
    mlir::DialectRegistry registry;
    registerCpuBackend(registry);
    context.appendDialectRegistry(registry);
    context.loadDialect<DlcDialect>();
  }

  std::unique_ptr<KernelSchedules> createSchedules(const TileSubject &subject, const Machine &machine) {
    return TargetInterface::get(&context).createSchedules(subject, machine);
  }

  /// The kernel whose body is `text`, as `dlc.kernel_func` has it.
  KernelFuncOp parse(llvm::StringRef kind, const std::string &text) {
    std::string module = ("dlc.kernel_func @k kind(" + kind + ") {\n" + text + "\n}").str();
    modules.push_back(mlir::parseSourceString<mlir::ModuleOp>(module, &context));
    EXPECT_TRUE(modules.back()) << module;
    return *modules.back()->getOps<KernelFuncOp>().begin();
  }
  KernelFuncOp parseProduct(int64_t rows, int64_t depth, int64_t columns, llvm::StringRef layout = "") {
    return parse("contraction", llvm::formatv("^bb0(%a: tensor<{0}x{1}xf32>, %b: tensor<{1}x{2}xf32{3}>):\n"
                                              "%c = dlc.matmul %a, %b : (tensor<{0}x{1}xf32>, tensor<{1}x{2}xf32{3}>) "
                                              "-> tensor<{0}x{2}xf32>\n"
                                              "dlc.yield %c : tensor<{0}x{2}xf32>",
                                              rows, depth, columns, layout)
                                    .str());
  }
  KernelFuncOp parseConvolution(int64_t inputs, int64_t channels, int64_t height, int64_t width) {
    return parse(
        "convolution",
        llvm::formatv(
            "^bb0(%x: tensor<1x{0}x{2}x{3}xf32, #dlc.layout<order = [0, 2, 3, 1]>>, %w: tensor<{1}x{0}x1x1xf32, "
            "#dlc.layout<order = [0, 2, 3, 1], inner_dims = [0], inner_tiles = [32]>>):\n"
            "%y = dlc.conv %x, %w {{strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = "
            "array<i64: 1, 1>} : (tensor<1x{0}x{2}x{3}xf32, #dlc.layout<order = [0, 2, 3, 1]>>, "
            "tensor<{1}x{0}x1x1xf32, #dlc.layout<order = [0, 2, 3, 1], inner_dims = [0], inner_tiles = [32]>>) "
            "-> tensor<1x{1}x{2}x{3}xf32, #dlc.layout<order = [0, 2, 3, 1]>>\n"
            "dlc.yield %y : tensor<1x{1}x{2}x{3}xf32, #dlc.layout<order = [0, 2, 3, 1]>>",
            inputs, channels, height, width)
            .str());
  }
  KernelFuncOp parseElementwise(int64_t rows, int64_t columns) {
    return parse("elementwise", llvm::formatv("^bb0(%a: tensor<{0}x{1}xf32>):\n"
                                              "%b = dlc.relu %a : tensor<{0}x{1}xf32> -> tensor<{0}x{1}xf32>\n"
                                              "dlc.yield %b : tensor<{0}x{1}xf32>",
                                              rows, columns)
                                    .str());
  }
  KernelFuncOp parseReduction(int64_t rows, int64_t columns, int64_t axis) {
    int64_t left = axis == 0 ? columns : rows;
    return parse("reduction", llvm::formatv("^bb0(%a: tensor<{0}x{1}xf32>):\n"
                                            "%b = dlc.reduce sum %a {{axes = array<i64: {2}>} : tensor<{0}x{1}xf32> -> "
                                            "tensor<{3}xf32>\n"
                                            "dlc.yield %b : tensor<{3}xf32>",
                                            rows, columns, axis, left)
                                  .str());
  }
  KernelFuncOp parseSoftmax(int64_t rows, int64_t columns) {
    return parse("normalization", llvm::formatv("^bb0(%a: tensor<{0}x{1}xf32>):\n"
                                                "%b = dlc.softmax %a {{axes = array<i64: 1>} : tensor<{0}x{1}xf32> -> "
                                                "tensor<{0}x{1}xf32>\n"
                                                "dlc.yield %b : tensor<{0}x{1}xf32>",
                                                rows, columns)
                                      .str());
  }

  /// Kernels of several kinds with extents 0, 1, primes, and tails of tiles and blocks.
  llvm::SmallVector<KernelFuncOp> parseKernels() {
    llvm::SmallVector<KernelFuncOp> kernels;
    for (auto [rows, depth, columns] : {std::tuple(0, 3, 5), std::tuple(1, 1, 1), std::tuple(7, 0, 13),
                                        std::tuple(5, 17, 31), std::tuple(33, 64, 63), std::tuple(6, 32, 64)})
      for (llvm::StringRef layout : {"", ", #dlc.layout<order = [1, 0], inner_dims = [1], inner_tiles = [32]>"})
        kernels.push_back(parseProduct(rows, depth, columns, layout));
    for (auto [inputs, channels, height, width] :
         {std::tuple(1, 1, 1, 1), std::tuple(3, 13, 7, 5), std::tuple(16, 33, 2, 29), std::tuple(8, 64, 14, 14)})
      kernels.push_back(parseConvolution(inputs, channels, height, width));
    for (auto [rows, columns] : {std::pair(0, 4), std::pair(1, 1), std::pair(13, 7), std::pair(4099, 1031)}) {
      kernels.push_back(parseElementwise(rows, columns));
      kernels.push_back(parseSoftmax(rows, columns));
      kernels.push_back(parseReduction(rows, columns, 0));
      kernels.push_back(parseReduction(rows, columns, 1));
    }
    return kernels;
  }

  mlir::MLIRContext context;
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> modules;
};

std::string print(const SchedulePoint &point) {
  std::string text = point.algorithm + " vector " + std::to_string(point.vector) + " split " +
                     std::to_string(point.split) + " grain " + std::to_string(point.grain);
  for (const auto &[name, size] : point.sizes)
    text += " " + name + " " + std::to_string(size);
  return text;
}

} // namespace

TEST_F(KernelSchedulesTest, DefaultsAreLegal) {
  for (KernelFuncOp kernel : parseKernels())
    for (const Machine &machine : getMachines()) {
      TileSubject subject(kernel);
      auto schedules = createSchedules(subject, machine);
      EXPECT_EQ(schedules->findProblem(schedules->getDefault()), "")
          << machine.name.str() << ": " << print(schedules->getDefault());
    }
}

TEST_F(KernelSchedulesTest, EnumeratedPointsAreLegalAndDiffer) {
  constexpr size_t most = 500;
  for (KernelFuncOp kernel : parseKernels())
    for (llvm::StringRef name : {"x86-64-v2", "x86-64-v4"}) {
      TileSubject subject(kernel);
      auto schedules = createSchedules(subject, *findMachine(name));
      std::set<std::string> seen;
      schedules->enumerate([&](const SchedulePoint &point) {
        EXPECT_EQ(schedules->findProblem(point), "") << print(point);
        EXPECT_TRUE(seen.insert(print(point)).second) << print(point);
        return seen.size() < most;
      });
      // At least one element after the other, in one thread.
      EXPECT_GE(seen.size(), 1U);
      EXPECT_LE(seen.size(), most);
    }
}

// Everything that a point can say, in a box that is larger than the space but for the largest tiles.
TEST_F(KernelSchedulesTest, EnumeratedPointsAreAllLegalOnes) {
  constexpr int64_t mostColumns = 16, mostRows = 5;
  for (auto [rows, depth, columns] : {std::tuple(3, 5, 12), std::tuple(2, 7, 13), std::tuple(0, 4, 8)}) {
    KernelFuncOp kernel = parseProduct(rows, depth, columns);
    TileSubject subject(kernel);
    auto schedules = createSchedules(subject, *findMachine("x86-64-v2"));
    std::set<std::string> enumerated, legal;
    schedules->enumerate([&](const SchedulePoint &point) {
      if (point.algorithm == "gemm" && point.getSize("columns", 0) <= mostColumns &&
          point.getSize("rows", 0) <= mostRows)
        enumerated.insert(print(point));
      return true;
    });
    for (int64_t vector : {-1, 0, 1, 2, 3, 4, 8})
      for (int64_t tileColumns = -1; tileColumns <= mostColumns; ++tileColumns)
        for (int64_t tileRows = -1; tileRows <= mostRows; ++tileRows)
          for (int64_t stage = -1; stage <= 2; ++stage)
            for (int64_t loop = -2; loop <= 2; ++loop)
              for (int64_t split = -2; split <= 2; ++split) {
                SchedulePoint point{
                    "gemm",
                    vector,
                    split,
                    split == 1 ? std::max<int64_t>(tileColumns, 1) : 1,
                    {{"columns", tileColumns}, {"rows", tileRows}, {"stage_columns", stage}, {"columns_loop", loop}}};
                int64_t extent = split < 0 || split > 1 ? 0 : split == 0 ? rows : columns;
                do {
                  if (schedules->findProblem(point).empty())
                    legal.insert(print(point));
                  point.grain *= 2;
                } while (point.grain <= extent);
              }
    EXPECT_EQ(enumerated.size(), legal.size());
    EXPECT_TRUE(enumerated == legal);
    EXPECT_FALSE(legal.empty());
  }
}

TEST_F(KernelSchedulesTest, TheDefaultIsAmongThem) {
  for (KernelFuncOp kernel : {parseProduct(5, 17, 31), parseProduct(6, 32, 64), parseElementwise(13, 7),
                              parseReduction(4099, 1031, 0), parseSoftmax(13, 7)}) {
    TileSubject subject(kernel);
    auto schedules = createSchedules(subject, *findMachine("x86-64-v3"));
    const SchedulePoint &chosen = schedules->getDefault();
    bool isFound = false;
    schedules->enumerate([&](const SchedulePoint &point) {
      // Sizes that the default leaves out are what their absence means, and of ranges only some are enumerated.
      isFound =
          point.algorithm == chosen.algorithm && point.vector == chosen.vector && point.split == chosen.split &&
          llvm::all_of(chosen.sizes, [&](const auto &size) { return point.getSize(size.first, -9) == size.second; });
      return !isFound;
    });
    EXPECT_TRUE(isFound) << print(chosen);
  }
}

TEST_F(KernelSchedulesTest, PointsAndAttributesAreTheSame) {
  for (KernelFuncOp kernel : parseKernels()) {
    TileSubject subject(kernel);
    SchedulePoint chosen = createSchedules(subject, *findMachine("aarch64"))->getDefault();
    ScheduleAttr attribute = chosen.toAttribute(&context, "aarch64");
    EXPECT_EQ(attribute.getIsa(), "aarch64");
    EXPECT_TRUE(SchedulePoint::fromAttribute(attribute) == chosen) << print(chosen);
  }
}

TEST_F(KernelSchedulesTest, ReasonsSayWhatIsWrong) {
  KernelFuncOp kernel = parseProduct(6, 32, 64);
  TileSubject subject(kernel);
  auto schedules = createSchedules(subject, *findMachine("x86-64-v3"));
  SchedulePoint point{"gemm", 8, -1, 1, {{"columns", 16}, {"rows", 3}}};
  EXPECT_EQ(schedules->findProblem(point), "");
  auto expect = [&](auto change, const char *reason) {
    SchedulePoint changed = point;
    change(changed);
    EXPECT_EQ(schedules->findProblem(changed), reason);
  };
  expect([](SchedulePoint &p) { p.algorithm = "magic"; },
         "it has no algorithm \"magic\"; it has 'blocked', 'gemm', 'plain', 'naive'");
  expect([](SchedulePoint &p) { p.vector = 3; }, "vectors of 'gemm' have 3 lanes; it must be a power of two up to 8");
  expect([](SchedulePoint &p) { p.vector = INT64_MIN; },
         "vectors of 'gemm' have -9223372036854775808 lanes; it must be a power of two up to 8");
  expect([](SchedulePoint &p) { p.sizes["rows"] = 0; }, "parameter \"rows\" of 'gemm' is 0; it must be from 1 to 64");
  expect([](SchedulePoint &p) { p.sizes["columns"] = 12; },
         "parameter \"columns\" of 'gemm' is 12; it must be a multiple of 8 from 8 to 512");
  expect([](SchedulePoint &p) { p.sizes.erase("rows"); }, "'gemm' needs the parameter \"rows\", from 1 to 64");
  expect([](SchedulePoint &p) { p.sizes["rows"] = 64; },
         "a tile of columns x rows takes 128 vector registers; the most is 64");
  expect([](SchedulePoint &p) { p.split = 2; },
         "'gemm' cannot split dimension 2 of the result; it can split 0, 1, or none (-1)");
  expect(
      [](SchedulePoint &p) {
        p.split = 1;
        p.grain = 24;
      },
      "ranges of dimension 1 begin at multiples of 24; it must be a multiple of 16, at least 16");
}

TEST(ScheduleParameterTest, ValuesAreThoseAllowed) {
  for (int64_t least : {-1, 0, 1, 4, 8})
    for (int64_t most : {1, 7, 64, 100})
      for (int64_t multipleOf : {1, 4, 8})
        for (int64_t divides : {0, 1, 13, 48, 96})
          for (int64_t block : {0, 16, 32})
            for (int64_t whole : {-1, 0, 5, 24}) {
              // Negative values count nothing, so they are multiples of nothing.
              if (least < 1 && (multipleOf > 1 || divides != 0 || block != 0))
                continue;
              ScheduleParameter parameter{"p", least, most, multipleOf, divides, false, block, whole};
              llvm::SmallVector<int64_t> expected;
              for (int64_t value = -3; value <= 128; ++value)
                if (parameter.allows(value))
                  expected.push_back(value);
              EXPECT_EQ(parameter.getValues(), expected) << parameter.describe();
            }
}
