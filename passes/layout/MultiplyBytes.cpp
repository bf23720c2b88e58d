// SPDX-License-Identifier: Apache-2.0
// sum((x - z) w) = sum(x w) - z sum(w), where x stays u8 and the last term is a constant for each result channel. What
// pads x is z then, in a copy of x: a halo holds zeros. An i8 x is moved to u8, and z with it, by 128.
#include "analysis/IntegerProducts.h"
#include "analysis/TargetInterface.h"
#include "ir/ConstantData.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsConstant.h"
#include "ir/OpsConversion.h"
#include "ir/OpsConvolution.h"
#include "ir/OpsLinear.h"
#include "ir/OpsMovement.h"
#include "ir/OpsQuantization.h"
#include "passes/Passes.h"
#include "passes/graph/FoldConstants.h"

#define DEBUG_TYPE "dlc-multiply-bytes"

namespace dlc {
#define GEN_PASS_DEF_MULTIPLYBYTES
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

constexpr int64_t signBit = 128;

/// A number of u8 as a constant of rank 0.
Value createByte(OpBuilder &builder, Location location, int64_t value) {
  auto type = RankedTensorType::get({}, builder.getIntegerType(8, /*isSigned=*/false));
  auto byte = static_cast<char>(value);
  return dlc::ConstantOp::create(builder, location, type, dlc::makeConstant(type, byte));
}

RankedTensorType typeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

/// A factor as bytes: it is `x - zeroPoint`.
struct Bytes {
  Value x;                         ///< u8
  Value zeroPoint;                 ///< u8, one element
  std::optional<int64_t> constant; ///< the number that it is, if that is known
};

class MultiplyBytes final : public dlc::impl::MultiplyBytesBase<MultiplyBytes> {
  using MultiplyBytesBase::MultiplyBytesBase;
  void runOnOperation() override {
    llvm::SmallVector<const dlc::Machine *> machines;
    for (const std::string &isa : isas) {
      machines.push_back(dlc::findMachine(isa));
      if (!machines.back()) {
        getOperation().emitError() << "there is no instruction set '" << isa << "'";
        return signalPassFailure();
      }
    }
    const dlc::TargetInterface &target = dlc::TargetInterface::get(&getContext());
    llvm::SmallVector<Operation *> products;
    getOperation().walk([&](Operation *op) {
      if (dlc::multipliesIntegers(op) && target.multipliesBytes(op, machines))
        products.push_back(op);
    });
    for (Operation *op : products)
      turn(op);
  }

  void turn(Operation *op) {
    std::optional<dlc::ConstantData> weight = dlc::ConstantData::get(op->getOperand(1));
    RankedTensorType type = typeOf(op->getOperand(1));
    if (!weight || !type.getElementType().isInteger(8) || type.getElementType().isUnsignedInteger())
      return;
    OpBuilder builder(op);
    auto conv = llvm::dyn_cast<dlc::ConvOp>(op);
    bool isPadded = conv && llvm::any_of(conv.getPads(), [](int64_t pad) { return pad > 0; });
    std::optional<Bytes> bytes = findBytes(builder, op, isPadded);
    if (!bytes)
      return;
    op->setOperand(0, bytes->x);
    if (bytes->constant == 0)
      return;
    if (isPadded)
      pad(builder, conv, *bytes->constant);
    Value correction = correct(builder, op, *weight, *bytes);
    auto difference = dlc::SubOp::create(builder, op->getLoc(), op->getResult(0), correction);
    op->getResult(0).replaceAllUsesExcept(difference, difference);
    // What reads the sum follows it.
    difference->moveAfter(op);
  }

  /// Pads the first operand of `conv` with `value` before it.
  void pad(OpBuilder &builder, dlc::ConvOp conv, int64_t value) {
    llvm::SmallVector<int64_t> own(conv.getPads()), low{0, 0}, high{0, 0};
    for (auto [number, extent] : llvm::enumerate(own))
      (number < own.size() / 2 ? low : high).push_back(std::max<int64_t>(extent, 0));
    for (int64_t &extent : own)
      extent = std::min<int64_t>(extent, 0);
    Value padding = createByte(builder, conv.getLoc(), value);
    conv.setOperand(
        0, dlc::PadOp::create(builder, conv.getLoc(), conv.getX(), padding, low, high, dlc::PadMode::Constant));
    conv.setPads(own);
  }

  /// The first operand of `op` as bytes; none if it is something else, or if its zero point has to be known and is not.
  std::optional<Bytes> findBytes(OpBuilder &builder, Operation *op, bool isKnown) {
    Value x = op->getOperand(0), zeroPoint;
    if (auto center = x.getDefiningOp<dlc::CenterOp>()) {
      x = center.getX();
      zeroPoint = center.getZeroPoint();
      if (!typeOf(zeroPoint).hasStaticShape() || typeOf(zeroPoint).getNumElements() != 1)
        return std::nullopt;
    }
    Type element = typeOf(x).getElementType();
    bool isSigned = !element.isUnsignedInteger();
    // A u8 factor without a zero point is as it should be.
    if (!element.isInteger(8) || (!isSigned && !zeroPoint))
      return std::nullopt;
    std::optional<double> number = zeroPoint ? dlc::getUniformConstant(zeroPoint) : 0.0;
    if (!number && isKnown)
      return std::nullopt;
    Bytes bytes{isSigned ? moveToUnsigned(x) : x, {}, std::nullopt};
    if (number) {
      bytes.constant = static_cast<int64_t>(*number) + (isSigned ? signBit : 0);
      return bytes;
    }
    bytes.zeroPoint = isSigned ? addSignBit(builder, op->getLoc(), zeroPoint) : zeroPoint;
    return bytes;
  }

  /// x + 128, of i8 in u8.
  Value addSignBit(OpBuilder &builder, Location location, Value x) {
    Type byte = builder.getIntegerType(8, /*isSigned=*/false);
    Value wrapped = dlc::CastOp::create(builder, location, x, byte);
    return dlc::AddOp::create(builder, location, wrapped, createByte(builder, location, signBit));
  }

  /// The same of a factor. What else takes it for a number takes that of u8, so that it need not be stored twice.
  Value moveToUnsigned(Value x) {
    Value &moved = unsignedValues[x];
    if (moved)
      return moved;
    OpBuilder builder(&getContext());
    builder.setInsertionPointAfterValue(x);
    moved = addSignBit(builder, x.getLoc(), x);
    for (Operation *user : llvm::make_early_inc_range(x.getUsers())) {
      auto dequantize = llvm::dyn_cast<dlc::DequantizeOp>(user);
      if (!dequantize || dequantize.getX() != x)
        continue;
      Value zeroPoint = dequantize.getZeroPoint();
      std::optional<double> number = zeroPoint ? dlc::getUniformConstant(zeroPoint) : 0.0;
      if (!number || (zeroPoint && typeOf(zeroPoint).getNumElements() != 1))
        continue;
      builder.setInsertionPoint(dequantize);
      Value shifted = createByte(builder, dequantize.getLoc(), static_cast<int64_t>(*number) + signBit);
      dequantize.replaceAllUsesWith(dlc::DequantizeOp::create(builder, dequantize.getLoc(), dequantize.getType(), moved,
                                                              dequantize.getScale(), shifted)
                                        .getResult());
      dequantize.erase();
    }
    return moved;
  }

  /// The zero point times the sum of the weights of each channel, in i32, which broadcasts to the result of `op`.
  Value correct(OpBuilder &builder, Operation *op, const dlc::ConstantData &weight, const Bytes &bytes) {
    llvm::ArrayRef<int64_t> shape = weight.getType().getShape();
    auto matmul = llvm::dyn_cast<dlc::MatMulOp>(op);
    // Rows of the weight are channels, or columns are.
    bool areRows = !matmul || matmul.getTransposeRhs();
    int64_t channels = areRows ? shape[0] : shape[1], terms = weight.getType().getNumElements() / channels;
    std::vector<int32_t> sums(channels);
    for (int64_t channel = 0; channel < channels; ++channel)
      for (int64_t term = 0; term < terms; ++term)
        sums[channel] +=
            static_cast<int32_t>(weight.getDouble(areRows ? channel * terms + term : term * channels + channel));
    if (bytes.constant)
      for (int32_t &sum : sums)
        sum *= static_cast<int32_t>(*bytes.constant);
    llvm::SmallVector<int64_t> extents{channels};
    if (!matmul)
      extents.append(shape.size() - 2, 1);
    auto type = RankedTensorType::get(extents, builder.getI32Type());
    auto data = llvm::ArrayRef(reinterpret_cast<const char *>(sums.data()), sums.size() * sizeof(int32_t));
    Value correction = dlc::ConstantOp::create(builder, op->getLoc(), type, dlc::makeConstant(type, data));
    if (bytes.constant)
      return correction;
    Value factor = dlc::CastOp::create(builder, op->getLoc(), bytes.zeroPoint, builder.getI32Type());
    return dlc::MulOp::create(builder, op->getLoc(), correction, factor);
  }

  llvm::DenseMap<Value, Value> unsignedValues; ///< of i8 values, in u8
};

} // namespace
