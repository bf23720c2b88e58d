// SPDX-License-Identifier: Apache-2.0
#include "ir/Names.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringSet.h"
#include <gtest/gtest.h>

namespace {

TEST(UniqueNamesTest, NumbersWhatIsTaken) {
  dlc::UniqueNames names;
  llvm::StringSet<> taken;
  llvm::StringMap<unsigned> asked;
  auto make = [&](llvm::StringRef name) {
    std::string unique = names.make(name, [&](llvm::StringRef tried) {
      ++asked[tried];
      return taken.contains(tried);
    });
    EXPECT_TRUE(taken.insert(unique).second) << unique;
    return unique;
  };
  EXPECT_EQ(make("a"), "a");
  EXPECT_EQ(make("a"), "a.1");
  // A name that somebody else has taken is left out, and one that has a number of its own gets another.
  taken.insert("a.2");
  EXPECT_EQ(make("a"), "a.3");
  EXPECT_EQ(make("a.1"), "a.1.1");
  EXPECT_EQ(make(""), "");
  EXPECT_EQ(make(""), ".1");
  for (int i = 4; i < 1000; ++i)
    EXPECT_EQ(make("a"), "a." + std::to_string(i));
  // Numbers in use are not tried again: the time is that of the names.
  EXPECT_EQ(asked["a.2"], 1u);
}

TEST(SymbolNameTest, IsNoSymbolOfTheModule) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  mlir::Location location = mlir::UnknownLoc::get(&context);
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::ModuleOp::create(location);
  auto add = [&](llvm::StringRef name) {
    mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(module->getBody());
    mlir::ModuleOp::create(builder, location, name);
  };
  EXPECT_EQ(dlc::makeSymbolName(*module, "step"), "step");
  add("step");
  EXPECT_EQ(dlc::makeSymbolName(*module, "step"), "step.2");
  add("step.2");
  add("step.4");
  EXPECT_EQ(dlc::makeSymbolName(*module, "step"), "step.3");
}

} // namespace
