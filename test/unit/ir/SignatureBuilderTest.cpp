// SPDX-License-Identifier: Apache-2.0
#include "ir/SignatureBuilder.h"
#include "mlir/IR/Builders.h"
#include "mlir/Parser/Parser.h"
#include <gtest/gtest.h>

using namespace mlir;

namespace {

class SignatureBuilderTest : public ::testing::Test {
protected:
  SignatureBuilderTest() : builder(&context) { context.loadDialect<func::FuncDialect>(); }

  void parse(llvm::StringRef text) {
    module = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(module);
    function = *module->getOps<func::FuncOp>().begin();
  }

  DictionaryAttr named(llvm::StringRef name) {
    return builder.getDictionaryAttr(builder.getNamedAttr("test.name", builder.getStringAttr(name)));
  }

  MLIRContext context;
  Builder builder;
  OwningOpRef<ModuleOp> module;
  func::FuncOp function;
};

TEST_F(SignatureBuilderTest, changesAreMadeTogether) {
  parse(R"(func.func @f(%x: f32 {test.name = "x"}, %y: i32) -> f32 { return %x : f32 })");
  dlc::SignatureBuilder signature(function);
  BlockArgument z = signature.addArgument(builder.getF64Type(), builder.getUnknownLoc(), named("z")),
                first = signature.insertArgument(0, builder.getI1Type(), builder.getUnknownLoc());
  EXPECT_EQ(z.getArgNumber(), 3u);
  EXPECT_EQ(first.getArgNumber(), 0u);
  signature.setArgAttr(2, "test.name", builder.getStringAttr("y"));
  signature.setArgAttr(1, "test.more", builder.getUnitAttr());
  signature.addResult(builder.getF64Type(), named("z"));
  signature.setResultAttr(0, "test.name", builder.getStringAttr("r"));
  signature.finish();
  function.getBody().front().getTerminator()->insertOperands(1, z);
  EXPECT_TRUE(succeeded(module->verify()));
  EXPECT_EQ(function.getFunctionType(), builder.getFunctionType({builder.getI1Type(), builder.getF32Type(),
                                                                 builder.getI32Type(), builder.getF64Type()},
                                                                {builder.getF32Type(), builder.getF64Type()}));
  auto argument = [&](unsigned number, llvm::StringRef name) { return function.getArgAttr(number, name); };
  EXPECT_FALSE(argument(0, "test.name"));
  EXPECT_EQ(argument(1, "test.name"), builder.getStringAttr("x"));
  EXPECT_TRUE(argument(1, "test.more"));
  EXPECT_EQ(argument(2, "test.name"), builder.getStringAttr("y"));
  EXPECT_EQ(argument(3, "test.name"), builder.getStringAttr("z"));
  EXPECT_EQ(function.getResultAttr(0, "test.name"), builder.getStringAttr("r"));
  EXPECT_EQ(function.getResultAttr(1, "test.name"), builder.getStringAttr("z"));
}

TEST_F(SignatureBuilderTest, noAttributesStayNone) {
  parse("func.func @f() { return }");
  dlc::SignatureBuilder signature(function);
  signature.addArgument(builder.getF32Type(), builder.getUnknownLoc());
  signature.finish();
  EXPECT_FALSE(function.getAllArgAttrs());
  EXPECT_FALSE(function.getAllResultAttrs());
  EXPECT_EQ(function.getNumArguments(), 1u);
}

} // namespace
