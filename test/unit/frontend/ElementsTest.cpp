// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/Elements.h"
#include "frontend/json/NestedNumbers.h"
#include "frontend/onnx/ConstantTensor.h"
#include "mlir/IR/MLIRContext.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <random>

using namespace dlc::json;
namespace onnx = dlc::onnx_import;

namespace {

class ElementsTest : public testing::Test {
protected:
  mlir::Type type(llvm::StringRef name) { return getElementType(name, &context); }
  uint16_t half(double value, llvm::StringRef name) {
    uint16_t bits;
    storeFloat(value, type(name), reinterpret_cast<char *>(&bits));
    return bits;
  }
  bool fits(int64_t value, llvm::StringRef name) {
    char bytes[8] = {};
    if (!storeInteger(value, type(name), bytes))
      return false;
    EXPECT_EQ(onnx::readInteger(type(name), bytes), value) << name.str();
    return true;
  }
  /// The elements of JSON text as numbers; nothing if it is rejected.
  std::optional<std::vector<double>> nested(llvm::StringRef text, llvm::ArrayRef<int64_t> shape, llvm::StringRef name) {
    std::optional<JsonValue> value = parseDocument(text, [](Position, const std::string &) {});
    Reporter reporter;
    auto bytes = readNestedNumbers(*value, shape, type(name), "'value'", reporter);
    EXPECT_EQ(reporter.hasErrors(), !bytes) << text.str();
    if (!bytes)
      return std::nullopt;
    std::vector<double> numbers;
    for (size_t i = 0; i < bytes->size(); i += getElementSize(type(name)))
      numbers.push_back(onnx::readReal(type(name), bytes->data() + i));
    return numbers;
  }

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
};

TEST_F(ElementsTest, NamesGoBothWays) {
  for (const std::string &name : getElementTypeNames()) {
    ASSERT_TRUE(type(name)) << name;
    EXPECT_EQ(dlc::json::getElementTypeName(type(name)), name);
  }
  EXPECT_FALSE(type("f8"));
  EXPECT_FALSE(type(""));
}

TEST_F(ElementsTest, ByteCountsDoNotOverflow) {
  EXPECT_EQ(getByteCount({}, type("f64")), 8u);
  EXPECT_EQ(getByteCount({2, 3}, type("i1")), 6u);
  EXPECT_EQ(getByteCount({int64_t(1) << 40}, type("f32")), uint64_t(1) << 42);
  EXPECT_EQ(getByteCount({(int64_t(1) << 40) + 1}, type("f32")), std::nullopt);
  EXPECT_EQ(getByteCount({int64_t(1) << 32, int64_t(1) << 32}, type("f32")), std::nullopt);
  EXPECT_EQ(getByteCount({INT64_MAX, INT64_MAX, 2}, type("i8")), std::nullopt);
  EXPECT_EQ(getByteCount({-1}, type("f32")), std::nullopt);
  EXPECT_EQ(getByteCount({INT64_MAX, INT64_MAX, 0}, type("f64")), 0u);
}

TEST_F(ElementsTest, IntegersOutOfRangeAreRefused) {
  for (unsigned width : {8, 16, 32}) {
    std::string bits = std::to_string(width);
    int64_t half = int64_t(1) << (width - 1);
    EXPECT_TRUE(fits(half - 1, "i" + bits));
    EXPECT_FALSE(fits(half, "i" + bits));
    EXPECT_TRUE(fits(-half, "i" + bits));
    EXPECT_FALSE(fits(-half - 1, "i" + bits));
    EXPECT_TRUE(fits(2 * half - 1, "u" + bits));
    EXPECT_FALSE(fits(2 * half, "u" + bits));
    EXPECT_FALSE(fits(-1, "u" + bits));
  }
  EXPECT_TRUE(fits(INT64_MIN, "i64"));
  EXPECT_TRUE(fits(INT64_MAX, "u64"));
  EXPECT_FALSE(fits(-1, "u64"));
  EXPECT_TRUE(fits(1, "i1"));
  EXPECT_FALSE(fits(2, "i1"));
}

TEST_F(ElementsTest, HalvesRoundToNearestEven) {
  EXPECT_EQ(half(1, "f16"), 0x3c00);
  EXPECT_EQ(half(-0.0, "f16"), 0x8000);
  EXPECT_EQ(half(65504, "f16"), 0x7bff);
  EXPECT_EQ(half(65519.99, "f16"), 0x7bff);
  EXPECT_EQ(half(65520, "f16"), 0x7c00); // a tie: to infinity, whose significand is even
  EXPECT_EQ(half(std::ldexp(1, -24), "f16"), 1);
  EXPECT_EQ(half(std::ldexp(1, -25), "f16"), 0); // a tie: to zero
  EXPECT_EQ(half(std::ldexp(3, -25), "f16"), 2); // a tie: to even
  EXPECT_EQ(half(1 + std::ldexp(1, -11), "f16"), 0x3c00);
  EXPECT_EQ(half(1 + std::ldexp(3, -11), "f16"), 0x3c02);
  EXPECT_EQ(half(INFINITY, "bf16"), 0x7f80);
  EXPECT_EQ(half(1 + std::ldexp(1, -8), "bf16"), 0x3f80);
  EXPECT_EQ(half(1 + std::ldexp(3, -8), "bf16"), 0x3f82);
  EXPECT_EQ(half(1e300, "bf16"), 0x7f80);
  for (const char *name : {"f16", "bf16"}) {
    uint16_t bits = half(NAN, name), infinity = half(INFINITY, name);
    EXPECT_GT(bits & 0x7fff, infinity) << name;
  }
}

TEST_F(ElementsTest, EveryHalfSurvivesTheWayBack) {
  for (const char *name : {"f16", "bf16"})
    for (unsigned bits = 0; bits < 0x10000; ++bits) {
      uint16_t stored = static_cast<uint16_t>(bits);
      double value = onnx::readReal(type(name), reinterpret_cast<const char *>(&stored));
      if (!std::isnan(value))
        ASSERT_EQ(half(value, name), stored) << name;
    }
}

TEST_F(ElementsTest, OnnxConstantsWrapAndTruncate) {
  auto through = [&](llvm::StringRef name, double value) {
    char bytes[8] = {};
    onnx::writeReal(type(name), value, bytes);
    return onnx::readReal(type(name), bytes);
  };
  EXPECT_EQ(through("i32", -3.9), -3);
  EXPECT_EQ(through("u8", 255), 255);
  EXPECT_EQ(through("i64", NAN), 0);
  EXPECT_EQ(through("f32", 0.1), static_cast<double>(0.1f));
  uint64_t large = UINT64_MAX;
  EXPECT_EQ(onnx::readReal(type("u64"), reinterpret_cast<char *>(&large)), 18446744073709551616.0);
  char bytes[8] = {};
  onnx::writeInteger(type("i1"), 256, bytes);
  EXPECT_EQ(bytes[0], 1);
  EXPECT_EQ(onnx::getTensorSize({0, int64_t(1) << 39}, type("f64")), 0);
  EXPECT_EQ(onnx::getTensorSize({3, 5}, type("i1")), 15);
  EXPECT_EQ(onnx::getTensorSize({int64_t(1) << 40}, type("i8")), std::nullopt);
  EXPECT_EQ(onnx::getTensorSize({-1}, type("i8")), std::nullopt);
}

TEST_F(ElementsTest, NestedListsAreTensors) {
  EXPECT_EQ(nested("[[1, 2, 3], [4, 5, 6]]", {2, 3}, "f32"), (std::vector<double>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(nested("7", {}, "i8"), std::vector<double>{7});
  EXPECT_EQ(nested("0.5", {2, 2}, "f16"), std::vector<double>(4, 0.5)); // a lone number fills the shape
  EXPECT_EQ(nested("1", {0}, "i32"), std::vector<double>{});
  EXPECT_EQ(nested("[]", {0}, "i32"), std::vector<double>{});
  EXPECT_EQ(nested("[true, 0]", {2}, "i1"), (std::vector<double>{1, 0}));
  EXPECT_EQ(nested("[1, 2]", {3}, "f32"), std::nullopt);
  EXPECT_EQ(nested("[[1], [2, 3]]", {2, 1}, "f32"), std::nullopt);
  EXPECT_EQ(nested("[[1]]", {1}, "f32"), std::nullopt);
  EXPECT_EQ(nested("[300]", {1}, "u8"), std::nullopt);
  EXPECT_EQ(nested("[1.5]", {1}, "i32"), std::nullopt);
  EXPECT_EQ(nested("[true]", {1}, "f32"), std::nullopt);
  EXPECT_EQ(nested("\"1\"", {}, "f32"), std::nullopt);
}

} // namespace
