// SPDX-License-Identifier: Apache-2.0
#include "formats/onnx/ElementTypes.h"
#include "ir/TensorDescription.h"
#include "mlir/IR/BuiltinTypes.h"
#include "onnx-ml.pb.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace dlc::onnx_format;

namespace {

TEST(ElementTypes, EveryTypeOfTheSchemaHasAName) {
  for (int type = 0; type <= onnx::TensorProto::DataType_MAX; ++type)
    EXPECT_NE(getElementTypeName(type), std::to_string(type)) << "ONNX has a type that the table lacks";
  EXPECT_EQ(getElementTypeName(onnx::TensorProto::DataType_MAX + 1),
            std::to_string(onnx::TensorProto::DataType_MAX + 1));
}

TEST(ElementTypes, AllWaysBack) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  int count = 0;
  for (int onnxType = 0; onnxType <= onnx::TensorProto::DataType_MAX; ++onnxType)
    if (Type type = getElementType(onnxType, &context)) {
      ++count;
      EXPECT_EQ(getOnnxType(type), onnxType);
      EXPECT_EQ(findElementType(dlc::describeType(type), &context), type);
    }
  EXPECT_EQ(count, 25);
}

TEST(ElementTypes, FirstOpsets) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  EXPECT_EQ(getFirstOpset(Float32Type::get(&context)), 1);
  EXPECT_EQ(getFirstOpset(IntegerType::get(&context, 4)), 21);
  EXPECT_EQ(getFirstOpset(Float8E8M0FNUType::get(&context)), 24);
}

TEST(ElementTypes, WhatOnnxLacks) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  EXPECT_FALSE(getElementType(onnx::TensorProto::STRING, &context));
  EXPECT_FALSE(getElementType(-1, &context));
  EXPECT_FALSE(getOnnxType(IntegerType::get(&context, 3)));
  EXPECT_FALSE(getOnnxType(IndexType::get(&context)));
  EXPECT_FALSE(findElementType("f3", &context));
  EXPECT_FALSE(findElementType("", &context));
}

} // namespace
