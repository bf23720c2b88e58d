// SPDX-License-Identifier: Apache-2.0
#include "passes/memory/KernelSymbols.h"
#include "ir/DlcDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"
#include <random>

using namespace mlir;

namespace {

class KernelSymbols : public testing::Test {
protected:
  KernelSymbols() {
    context.loadDialect<dlc::DlcDialect, func::FuncDialect>();
    module = parseSourceString<ModuleOp>(R"(
      func.func @run(%x: tensor<?x?xf32> {dlc.name = "x", dlc.dims = ["N", "M"]}) -> tensor<?x?xf32> {
        %0 = dlc.kernel "exp" kind( elementwise) (%x, %x : tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32> {
        ^bb0(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>):
          %1 = dlc.exp %a : tensor<?x?xf32> -> tensor<?x?xf32>
          dlc.yield %1 : tensor<?x?xf32>
        }
        return %0 : tensor<?x?xf32>
      })",
                                         &context);
    module->walk([&](dlc::KernelOp op) { kernel = op; });
  }

  /// Gives the kernel's inputs these extents of the symbols N and M, and returns the values of its new symbols.
  llvm::SmallVector<AffineExpr> replace(llvm::ArrayRef<AffineExpr> first, llvm::ArrayRef<AffineExpr> second) {
    Builder builder(&context);
    kernel.setInputDimsAttr(builder.getArrayAttr({AffineMapAttr::get(AffineMap::get(0, 2, first, &context)),
                                                  AffineMapAttr::get(AffineMap::get(0, 2, second, &context))}));
    kernel.setSymbolsAttr(builder.getStrArrayAttr({"N", "M"}));
    llvm::SmallVector<AffineExpr> values = dlc::replaceExtentsBySymbols(kernel);
    EXPECT_EQ(values.size(), kernel.getSymbolsAttr().size());
    return values;
  }

  llvm::ArrayRef<AffineExpr> getDims(unsigned input) {
    return llvm::cast<AffineMapAttr>(kernel.getInputDimsAttr()[input]).getValue().getResults();
  }

  /// An expression of at most `depth` operations, as shapes have them.
  AffineExpr makeExtent(std::mt19937 &random, int depth) {
    auto draw = [&](int count) { return static_cast<int>(random() % static_cast<unsigned>(count)); };
    if (depth == 0)
      return draw(2) ? n : m;
    AffineExpr part = makeExtent(random, depth - 1);
    switch (draw(6)) {
    case 0:
      return part + draw(4);
    case 1:
      return part * (1 + draw(8));
    case 2:
      return part.floorDiv(1 + draw(3));
    case 3:
      return part % (1 + draw(3));
    case 4:
      return part * makeExtent(random, depth - 1);
    default:
      return part + makeExtent(random, depth - 1);
    }
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  dlc::KernelOp kernel;
  AffineExpr n = getAffineSymbolExpr(0, &context), m = getAffineSymbolExpr(1, &context);
  AffineExpr first = n, second = m; ///< as symbols of the new extents
};

TEST_F(KernelSymbols, AnExtentOfItsOwnIsASymbol) {
  AffineExpr half = (n + 1).floorDiv(2);
  EXPECT_EQ(replace({half, m}, {half, half * m}), llvm::SmallVector<AffineExpr>({half, m}));
  EXPECT_EQ(getDims(0)[0], first);
  EXPECT_EQ(getDims(1)[1], first * second);
  EXPECT_EQ(llvm::cast<StringAttr>(kernel.getSymbolsAttr()[1]).getValue(), "M");
}

TEST_F(KernelSymbols, ExtentsMayDependOnTheSameSymbols) {
  AffineExpr half = (n + 1).floorDiv(2);
  EXPECT_EQ(replace({half, m}, {n, m}), llvm::SmallVector<AffineExpr>({half, m, n}));
  EXPECT_EQ(replace({n * n + m, n}, {n, m}), llvm::SmallVector<AffineExpr>({n * n + m, n, m}));
}

TEST_F(KernelSymbols, EqualNumbersOfElementsStayEqual) {
  EXPECT_EQ(replace({n, m}, {n * m, getAffineConstantExpr(1, &context)}), llvm::SmallVector<AffineExpr>({n, m}));
  EXPECT_EQ(getDims(1)[0], first * second);
}

TEST_F(KernelSymbols, AFactorThatFillsVectorsStays) {
  AffineExpr half = (n + 1).floorDiv(2);
  EXPECT_EQ(replace({half * 8, m * 2}, {half * 8, m * 2}), llvm::SmallVector<AffineExpr>({half, m * 2}));
  EXPECT_EQ(getDims(0)[0], first * 8);
  EXPECT_EQ(getDims(0)[1], second);
}

TEST_F(KernelSymbols, EverySizeStaysTheSame) {
  std::mt19937 random(3);
  int replaced = 0;
  for (int round = 0; round < 300; ++round) {
    llvm::SmallVector<AffineExpr> dims;
    for (int i = 0; i < 4; ++i)
      dims.push_back(i > 0 && random() % 3 == 0 ? dims.front() : makeExtent(random, static_cast<int>(random() % 4)));
    llvm::SmallVector<AffineExpr> values = replace({dims[0], dims[1]}, {dims[2], dims[3]});
    replaced += llvm::any_of(values, [](AffineExpr value) { return !llvm::isa<AffineSymbolExpr>(value); });
    for (int64_t size : {0, 1, 2, 3, 7, 31}) {
      llvm::SmallVector<AffineExpr> given{getAffineConstantExpr(size, &context),
                                          getAffineConstantExpr(random() % 40, &context)};
      llvm::SmallVector<AffineExpr> computed;
      for (AffineExpr value : values)
        computed.push_back(value.replaceSymbols(given));
      for (int i = 0; i < 4; ++i)
        EXPECT_EQ(getDims(i / 2)[i % 2].replaceSymbols(computed), dims[i].replaceSymbols(given));
    }
  }
  EXPECT_GT(replaced, 50);
}

} // namespace
