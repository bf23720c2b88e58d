// SPDX-License-Identifier: Apache-2.0
#include "backends/link/WeightsFile.h"
#include "ir/ConstantData.h"
#include "ir/OpsProgram.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"
#include <cstring>

using namespace dlc;

namespace {
/// A block of two constants: a packed weight [3, 2] whose first dimension is blocked by 2, and a splat, at byte 64.
class WeightsFileTest : public testing::Test {
protected:
  WeightsFileTest() : builder(&context) {
    context.loadDialect<DlcDialect>();
    module = mlir::ModuleOp::create(builder.getUnknownLoc());
    builder.setInsertionPointToEnd(module->getBody());
    auto plain = mlir::RankedTensorType::get({3, 2}, builder.getF32Type());
    auto i64s = [&](llvm::ArrayRef<int64_t> values) { return builder.getDenseI64ArrayAttr(values); };
    auto layout = LayoutAttr::get(&context, i64s({0, 1}), {}, {}, i64s({0}), i64s({2}), 0);
    auto packed = mlir::RankedTensorType::get({3, 2}, builder.getF32Type(), layout);
    auto vector = mlir::RankedTensorType::get({4}, builder.getF32Type());
    weights =
        WeightsOp::create(builder, builder.getUnknownLoc(),
                          builder.getArrayAttr({makeConstantFromDoubles(plain, {1, 2, 3, 4, 5, 6}),
                                                mlir::DenseElementsAttr::get(vector, 7.0f)}),
                          builder.getTypeArrayAttr({packed, vector}), i64s({0, 64}), builder.getI64IntegerAttr(80));
    EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("dlc-weights", "bin", path));
  }
  ~WeightsFileTest() override { (void)llvm::sys::fs::remove(path); }

  static std::vector<float> floatsOf(llvm::StringRef bytes) {
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
    return values;
  }

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  mlir::OpBuilder builder;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  WeightsOp weights;
  llvm::SmallString<128> path;
  // Two blocks of two rows, each [column][row]; the last row of the second block is filled with zeros. Then up to
  // byte 64.
  const std::vector<float> expected = {1, 3, 2, 4, 5, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 7, 7, 7};
};
} // namespace

TEST_F(WeightsFileTest, ObjectHoldsTheBlockUnderItsSymbol) {
  for (llvm::StringRef name : {"x86-64-v3", "aarch64"}) {
    std::string error;
    Target target = *Target::parse(name, error);
    ASSERT_TRUE(mlir::succeeded(writeWeightsObject(weights, target, "dlc_weights_m", path, WeightsMemory::Keep)));
    auto object = llvm::object::ObjectFile::createObjectFile(path);
    ASSERT_TRUE(static_cast<bool>(object)) << llvm::toString(object.takeError());
    EXPECT_EQ(object->getBinary()->getArch(), target.triple.getArch());
    bool found = false;
    for (const llvm::object::SymbolRef &symbol : object->getBinary()->symbols()) {
      if (llvm::cantFail(symbol.getName()) != "dlc_weights_m")
        continue;
      found = true;
      EXPECT_TRUE(llvm::cantFail(symbol.getFlags()) & llvm::object::SymbolRef::SF_Hidden);
      llvm::object::SectionRef section = *llvm::cantFail(symbol.getSection());
      EXPECT_GE(section.getAlignment().value(), 64u);
      EXPECT_EQ(floatsOf(llvm::cantFail(section.getContents())), expected);
    }
    EXPECT_TRUE(found);
  }
}

TEST_F(WeightsFileTest, SidecarEndsInItsHash) {
  uint64_t hash = 0;
  ASSERT_TRUE(mlir::succeeded(writeWeightsSidecar(weights, path, WeightsMemory::Keep, hash)));
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  ASSERT_TRUE(static_cast<bool>(file));
  llvm::StringRef content = (*file)->getBuffer();
  ASSERT_EQ(content.size(), 80u + 16u);
  EXPECT_EQ(floatsOf(content.take_front(80)), expected);
  EXPECT_EQ(content.substr(80, 8), "DLCWGHT1");
  uint64_t stored, computed = 0xcbf29ce484222325u;
  std::memcpy(&stored, content.data() + 88, 8);
  for (char byte : content.take_front(80))
    computed = (computed ^ static_cast<unsigned char>(byte)) * 0x100000001b3u;
  EXPECT_EQ(stored, hash);
  EXPECT_EQ(stored, computed);
}

TEST_F(WeightsFileTest, AFolderThatIsMissingIsAnError) {
  std::string message;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) { message = diagnostic.str(); });
  uint64_t hash;
  EXPECT_TRUE(mlir::failed(writeWeightsSidecar(weights, "/nowhere/at/all", WeightsMemory::Keep, hash)));
  EXPECT_NE(message.find("cannot write '/nowhere/at/all'"), std::string::npos);
}
