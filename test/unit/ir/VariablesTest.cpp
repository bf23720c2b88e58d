// SPDX-License-Identifier: Apache-2.0
#include "ir/Variables.h"
#include "ir/DlcDialect.h"
#include "mlir/Parser/Parser.h"
#include <gtest/gtest.h>

using namespace mlir;

namespace {

class VariablesTest : public ::testing::Test {
protected:
  VariablesTest() { context.loadDialect<dlc::DlcDialect, func::FuncDialect>(); }

  void parse(llvm::StringRef text) {
    module = parseSourceString<ModuleOp>(text, &context);
    ASSERT_TRUE(module);
    auto functions = module->getOps<func::FuncOp>();
    if (!functions.empty())
      function = *functions.begin();
  }

  Value newWeight() { return function.getBody().front().front().getResult(0); }
  StringAttr name(llvm::StringRef text) { return StringAttr::get(&context, text); }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  func::FuncOp function;
};

constexpr llvm::StringLiteral bound = R"(
  func.func @step(%x: tensor<4xf32>, %w: tensor<4xf32> {dlc.variable = "w"}, %b: tensor<4xf32> {dlc.variable = "b"})
      -> (tensor<4xf32>, tensor<4xf32> {dlc.variable = "w"}, tensor<4xf32> {dlc.variable = "m"}) {
    %new = dlc.sub %w, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    return %b, %new, %x : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
  })";

TEST_F(VariablesTest, argumentsAreOldValuesAndResultsNewOnes) {
  parse(bound);
  EXPECT_FALSE(dlc::getVariableOfArgument(function, 0));
  EXPECT_EQ(dlc::getVariableOfArgument(function, 1), name("w"));
  EXPECT_EQ(dlc::getVariableOfArgument(function.getArgument(2)), name("b"));
  EXPECT_FALSE(dlc::getVariableOfArgument(newWeight()));
  EXPECT_FALSE(dlc::getVariableOfResult(function, 0));
  EXPECT_EQ(dlc::getVariableOfResult(function, 1), name("w"));
  EXPECT_EQ(dlc::getVariableOfResult(newWeight()), name("w"));
  EXPECT_EQ(dlc::getVariableOfResult(function.getArgument(0)), name("m"));
  EXPECT_FALSE(dlc::getVariableOfResult(function.getArgument(2)));
}

TEST_F(VariablesTest, aFunctionMayReadOrChangeAlone) {
  parse(bound);
  EXPECT_EQ(dlc::getOldValue(function, name("w")), function.getArgument(1));
  EXPECT_FALSE(dlc::getOldValue(function, name("m")));
  EXPECT_FALSE(dlc::getOldValue(function, StringAttr()));
  EXPECT_TRUE(dlc::changesVariable(function, name("m")));
  EXPECT_FALSE(dlc::changesVariable(function, name("b")));
  EXPECT_FALSE(dlc::changesVariable(function, StringAttr()));
}

TEST_F(VariablesTest, theIndexSaysTheSame) {
  parse(bound);
  dlc::VariableIndex variables(function);
  for (StringAttr variable : {name("w"), name("b"), name("m"), name("other"), StringAttr()}) {
    EXPECT_EQ(variables.getOldValue(variable), dlc::getOldValue(function, variable));
    EXPECT_EQ(variables.changes(variable), dlc::changesVariable(function, variable));
  }
}

TEST_F(VariablesTest, parametersChangeWhereSomethingIsAssigned) {
  parse(bound);
  EXPECT_TRUE(dlc::changesParameters(*module));
  parse(R"(
    dlc.parameter @w : tensor<4xf32> = dense<1.0> : tensor<4xf32>
    func.func @step(%x: tensor<4xf32>) {
      dlc.assign @w, %x : tensor<4xf32>
      return
    })");
  EXPECT_TRUE(dlc::changesParameters(*module));
  parse(R"(
    dlc.parameter @w : tensor<4xf32> = dense<1.0> : tensor<4xf32>
    func.func @run() -> tensor<4xf32> {
      %w = dlc.load_parameter @w : tensor<4xf32>
      return %w : tensor<4xf32>
    })");
  EXPECT_FALSE(dlc::changesParameters(*module));
}

} // namespace
