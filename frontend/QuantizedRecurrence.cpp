// SPDX-License-Identifier: Apache-2.0
// ONNX Runtime multiplies quantized gates with inputs that it quantizes in every step; here they become numbers when a
// library is loaded, which is nearer to the layer that was quantized.
#include "frontend/QuantizedRecurrence.h"
#include "ir/OpsQuantization.h"
#include "ir/OpsShape.h"
#include "ir/OpsTransposition.h"

using namespace mlir;

namespace dlc {

Value dequantizeGates(OpBuilder &builder, Location location, Value weight, Value scale, Value zeroPoint,
                      llvm::function_ref<void(const llvm::Twine &)> error) {
  auto typeOf = [](Value value) { return llvm::cast<RankedTensorType>(value.getType()); };
  RankedTensorType type = typeOf(weight);
  if (type.getRank() != 3 || !type.hasStaticShape() || !type.getElementType().isInteger(8) ||
      !typeOf(scale).getElementType().isF32()) {
    error("expects weights of i8 or u8, [directions, inputs, gates], with scales of f32");
    return {};
  }
  int64_t directions = type.getDimSize(0), gates = type.getDimSize(2);
  auto spread = [&](Value value) -> Value {
    int64_t count = typeOf(value).hasStaticShape() ? typeOf(value).getNumElements() : 0;
    if (count != directions && count != directions * gates) {
      error("expects a scale and zero point per direction, or per gate of each");
      return {};
    }
    llvm::SmallVector<int64_t> shape{directions, 1, count == directions ? 1 : gates};
    return ReshapeOp::create(builder, location, RankedTensorType::get(shape, typeOf(value).getElementType()), value,
                             shape);
  };
  Value spreadScale = spread(scale), spreadZero = zeroPoint ? spread(zeroPoint) : Value();
  if (!spreadScale || (zeroPoint && !spreadZero))
    return {};
  Value numbers = DequantizeOp::create(builder, location, RankedTensorType::get(type.getShape(), builder.getF32Type()),
                                       weight, spreadScale, spreadZero);
  auto transposed = RankedTensorType::get({directions, gates, type.getDimSize(1)}, builder.getF32Type());
  return TransposeOp::create(builder, location, transposed, numbers, llvm::ArrayRef<int64_t>{0, 2, 1});
}

} // namespace dlc
