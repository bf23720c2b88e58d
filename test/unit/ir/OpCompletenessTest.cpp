// SPDX-License-Identifier: Apache-2.0
// Every op has an emitter, a gradient rule and a form in ONNX, or the tables say that it has none.
#include "backends/cpu/CpuBackend.h"
#include "backends/halide/EmitterInterface.h"
#include "backends/halide/OpsWithoutKernel.h"
#include "backends/loops/LoopBodyInterface.h"
#include "formats/onnx/OpEmitters.h"
#include "ir/DlcDialect.h"
#include "passes/training/GradientRules.h"
#include "gtest/gtest.h"

using namespace mlir;

namespace {

class OpCompleteness : public testing::Test {
protected:
  OpCompleteness() {
    DialectRegistry registry;
    registry.insert<dlc::DlcDialect>();
    dlc::registerCpuBackend(registry);
    dlc::registerGradientRules(registry);
    context.appendDialectRegistry(registry);
    context.loadDialect<dlc::DlcDialect>();
    ops = context.getRegisteredOperationsByDialect("dlc");
  }

  MLIRContext context;
  llvm::ArrayRef<RegisteredOperationName> ops;
};

TEST_F(OpCompleteness, OpsAreRegistered) { EXPECT_GT(ops.size(), 100u); }

TEST_F(OpCompleteness, EmitterOrReason) {
  for (RegisteredOperationName op : ops) {
    llvm::StringRef name = op.getStringRef();
    bool hasBody = op.hasInterface<dlc::loops::LoopBodyOpInterface>();
    bool hasEmitter = op.hasInterface<dlc::halide::EmitterOpInterface>() || hasBody;
    bool hasReason = !dlc::halide::findReasonForNoKernel(name).empty();
    EXPECT_TRUE(hasEmitter || hasReason) << name.str()
                                         << ": add an emitter, or a reason for none in OpsWithoutKernel.cpp";
    EXPECT_FALSE(hasEmitter && hasReason) << name.str() << " has an emitter and a reason for none";
    if (hasEmitter)
      EXPECT_TRUE(op.hasInterface<dlc::KernelOpInterface>()) << name.str() << " has no kind of kernel";
    EXPECT_EQ(op.hasInterface<dlc::LoopOpInterface>(), hasBody)
        << name.str() << ": add its body in backends/loops, or the interface";
  }
}

TEST_F(OpCompleteness, GradientOrNotDifferentiable) {
  for (RegisteredOperationName op : ops) {
    bool hasRule = op.hasInterface<dlc::GradientOpInterface>(), isFlat = op.hasTrait<dlc::NotDifferentiable>();
    // Other ops are not functions of tensors, and a constant depends on none.
    if (op.hasInterface<dlc::KernelOpInterface>() && !op.hasTrait<OpTrait::ConstantLike>())
      EXPECT_TRUE(hasRule || isFlat) << op.getStringRef().str()
                                     << ": add a rule in passes/training, or the trait Dlc_NotDifferentiable";
  }
}

TEST_F(OpCompleteness, OnnxFormOrReason) {
  for (RegisteredOperationName op : ops) {
    llvm::StringRef name = op.getStringRef();
    bool hasForm = dlc::onnx_export::OpEmitters::find(name),
         hasReason = !dlc::onnx_export::OpEmitters::findReasonForNone(name).empty();
    EXPECT_TRUE(hasForm || hasReason) << name.str() << ": add a row or an emitter in formats/onnx, or addNone";
    EXPECT_FALSE(hasForm && hasReason) << name.str() << " has a form and a reason for none";
  }
}

TEST_F(OpCompleteness, RowsDescribeTheirOps) {
  llvm::StringMap<int> names, written;
  for (const dlc::onnx_format::OpRow &row : dlc::onnx_format::getOpTable()) {
    std::optional<RegisteredOperationName> op = RegisteredOperationName::lookup(row.op, &context);
    ASSERT_TRUE(op) << row.name << " is not an op";
    EXPECT_EQ(names[row.name]++, 0) << row.name << " has two rows";
    if (row.isWritten)
      EXPECT_EQ(written[row.op]++, 0) << row.op.str() << " would be written as two nodes";
    EXPECT_EQ(op->getAttributeNames().size(), row.attributes.size()) << row.name;
    for (const dlc::onnx_format::OpAttribute &attribute : row.attributes) {
      EXPECT_TRUE(llvm::is_contained(op->getAttributeNames(), attribute.property)) << row.name << attribute.name.str();
      double number;
      if (attribute.kind == dlc::onnx_format::OpAttribute::Kind::Choice)
        EXPECT_TRUE(llvm::is_contained(attribute.choices, attribute.isTrue)) << row.name;
      else
        EXPECT_FALSE(attribute.otherwise.getAsDouble(number)) << row.name << attribute.name.str();
    }
  }
}

} // namespace
