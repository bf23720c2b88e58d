// SPDX-License-Identifier: Apache-2.0
// The order of nodes, and weights that are split off before protobuf reads a file.
#include "frontend/GateActivation.h"
#include "frontend/onnx/NodeOrder.h"
#include "frontend/onnx/WireFormat.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include <gtest/gtest.h>

using namespace dlc::onnx_import;

namespace {

class OnnxFileTest : public testing::Test {
protected:
  void addNode(const std::vector<std::string> &inputs, const std::vector<std::string> &outputs) {
    onnx::NodeProto *node = nodes.Add();
    node->set_op_type("Op");
    for (const std::string &input : inputs)
      node->add_input(input);
    for (const std::string &output : outputs)
      node->add_output(output);
  }
  /// The order of `nodes` where "x" is what the surroundings define; empty if it is refused.
  std::vector<int> order() {
    message.clear();
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
      message += diagnostic.str() + "\n";
      return mlir::success();
    });
    auto found = orderNodes(nodes, [](llvm::StringRef name) { return name == "x"; }, mlir::UnknownLoc::get(&context));
    EXPECT_EQ(mlir::failed(found), !message.empty());
    return mlir::failed(found) ? std::vector<int>() : std::vector<int>(found->begin(), found->end());
  }

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  NodeList nodes;
  std::string message;
};

TEST_F(OnnxFileTest, AnOrderThatHoldsIsKept) {
  addNode({"x"}, {"a"});
  addNode({"x"}, {"b"});
  addNode({"a", "b", ""}, {"c"});
  EXPECT_EQ(order(), (std::vector<int>{0, 1, 2}));
}

TEST_F(OnnxFileTest, NodesComeAfterWhatTheyRead) {
  addNode({"b", "b"}, {"c"});
  addNode({"a"}, {"b", ""});
  addNode({"x"}, {"a"});
  EXPECT_EQ(order(), (std::vector<int>{2, 1, 0}));
}

TEST_F(OnnxFileTest, SubgraphsReadTheirSurroundings) {
  addNode({"x"}, {"result"});
  onnx::GraphProto *body = nodes[0].add_attribute()->mutable_g();
  body->add_input()->set_name("inner");
  onnx::NodeProto *node = body->add_node();
  node->add_input("inner");
  node->add_input("later");
  node->add_output("y");
  body->add_output()->set_name("y");
  addNode({"x"}, {"later"});
  EXPECT_EQ(order(), (std::vector<int>{1, 0}));
}

TEST_F(OnnxFileTest, BrokenGraphsAreReported) {
  addNode({"a"}, {"b"});
  addNode({"b"}, {"a"});
  EXPECT_TRUE(order().empty());
  EXPECT_NE(message.find("cycle"), std::string::npos) << message;
  nodes.Clear();
  addNode({"x"}, {"a"});
  addNode({"x"}, {"a"});
  EXPECT_TRUE(order().empty());
  EXPECT_NE(message.find("'a' is already defined"), std::string::npos) << message;
  nodes.Clear();
  addNode({"nowhere"}, {"x"});
  EXPECT_TRUE(order().empty());
  EXPECT_NE(message.find("reads 'nowhere'"), std::string::npos) << message;
  EXPECT_NE(message.find("'x' is already defined"), std::string::npos) << message;
}

onnx::ModelProto makeModel() {
  onnx::ModelProto model;
  model.set_ir_version(9);
  model.mutable_graph()->set_name("graph");
  for (size_t bytes : {16, 5000, 0, 70000}) {
    onnx::TensorProto *tensor = model.mutable_graph()->add_initializer();
    tensor->set_name("w" + std::to_string(bytes));
    tensor->add_dims(static_cast<int64_t>(bytes));
    tensor->set_data_type(onnx::TensorProto::INT8);
    tensor->set_raw_data(std::string(bytes, static_cast<char>(bytes)));
  }
  model.mutable_graph()->add_node()->set_op_type("Add");
  return model;
}

TEST_F(OnnxFileTest, LargeWeightsAreSplitOff) {
  onnx::ModelProto model = makeModel(), rest;
  std::string file = model.SerializeAsString();
  mlir::FailureOr<SplitModel> split = splitLargeInitializers(file);
  ASSERT_TRUE(mlir::succeeded(split));
  EXPECT_LT(split->rest.size(), 500u);
  ASSERT_TRUE(rest.ParseFromString(split->rest));
  ASSERT_EQ(split->initializers.size(), 2u);
  for (int position : {1, 3}) {
    llvm::ArrayRef<char> data = split->initializers[position];
    EXPECT_TRUE(data.data() >= file.data() && data.data() + data.size() <= file.data() + file.size()) << "a copy";
    EXPECT_FALSE(rest.graph().initializer(position).has_raw_data());
    rest.mutable_graph()->mutable_initializer(position)->set_raw_data(data.data(), data.size());
  }
  EXPECT_EQ(rest.SerializeAsString(), file);
}

TEST_F(OnnxFileTest, CutFilesNeverReadBeyondTheirEnd) {
  std::string file = makeModel().SerializeAsString();
  for (size_t bytes = 0; bytes < file.size(); bytes += bytes < 300 ? 1 : 97) {
    // A copy of exactly this size, so that a sanitizer sees what is read behind it.
    std::vector<char> cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(bytes));
    mlir::FailureOr<SplitModel> split = splitLargeInitializers(cut);
    onnx::ModelProto model;
    EXPECT_FALSE(mlir::succeeded(split) && model.ParseFromString(split->rest) && model.graph().node_size() == 1);
  }
}

TEST_F(OnnxFileTest, GateActivationsAreFoundByName) {
  std::string problem;
  auto found = dlc::getGateActivations({"Sigmoid", "TANH", "leakyrelu"}, {}, {}, problem);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), 3u);
  EXPECT_FALSE(dlc::getGateActivations({"Sigmoid", "Sinus"}, {}, {}, problem));
  EXPECT_NE(problem.find("'Sinus' is not one of Affine, "), std::string::npos) << problem;
}

} // namespace
