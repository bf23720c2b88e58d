// SPDX-License-Identifier: Apache-2.0
#include "formats/onnx/GraphWriter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;

namespace {

TEST(GraphWriter, NodesOfOtherDomains) {
  MLIRContext context;
  context.loadDialect<dlc::DlcDialect, func::FuncDialect>();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(
      "func.func @run(%x: tensor<4xf32>) -> tensor<4xf32> { return %x : tensor<4xf32> }", &context);
  ASSERT_TRUE(module);
  auto function = *module->getOps<func::FuncOp>().begin();
  FailureOr<dlc::SymbolicShapes> shapes = dlc::SymbolicShapes::analyze(function);
  ASSERT_TRUE(succeeded(shapes));
  onnx::GraphProto graph;
  dlc::onnx_export::ModelScope scope(graph, *module);
  dlc::onnx_export::GraphWriter writer(scope, graph, function.getBody().front(), *shapes, nullptr);
  writer.add("Relu", {"x"});
  EXPECT_TRUE(scope.domains.empty());
  writer.add("com.example.Squareplus", {"x"});
  ASSERT_EQ(graph.node_size(), 2);
  EXPECT_EQ(graph.node(0).domain(), "");
  EXPECT_EQ(graph.node(0).op_type(), "Relu");
  EXPECT_EQ(graph.node(1).domain(), "com.example");
  EXPECT_EQ(graph.node(1).op_type(), "Squareplus");
  EXPECT_EQ(scope.domains, std::set<std::string>{"com.example"});
}

} // namespace
