// SPDX-License-Identifier: Apache-2.0
// Elementwise ops that the table of ops does not describe.
#include "formats/onnx/OpEmitters.h"
#include "ir/OpsBits.h"
#include "ir/OpsConversion.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsLogic.h"
#include "ir/OpsTraining.h"

using namespace mlir;

namespace dlc::onnx_export {

static std::string emitClamp(ClampOp op, GraphWriter &writer) {
  Type element = getElementTypeOrSelf(op.getType());
  auto limit = [&](std::optional<llvm::APFloat> value) {
    return value ? writer.makeScalar(value->convertToDouble(), element) : std::string();
  };
  std::string low = limit(op.getLow()), high = limit(op.getHigh());
  return writer.add("Clip", {writer.getName(op.getX()), low, high});
}

static FailureOr<std::string> emitCast(CastOp op, GraphWriter &writer) {
  std::optional<int32_t> to = getOnnxType(op.getTo());
  if (!to)
    return op.emitOpError("converts to a type that ONNX lacks");
  NodeAttributes attributes{{"to", int64_t(*to)}};
  if (!op.getSaturate())
    attributes.push_back({"saturate", int64_t(0)});
  if (op.getRoundMode() != "up") {
    attributes.push_back({"round_mode", op.getRoundMode().str()});
    writer.requireOpset(24);
  }
  return writer.add("Cast", {writer.getName(op.getX())}, std::move(attributes));
}

static FailureOr<std::string> emitBitCast(BitCastOp op, GraphWriter &writer) {
  std::optional<int32_t> to = getOnnxType(op.getTo());
  if (!to)
    return op.emitOpError("converts to a type that ONNX lacks");
  writer.requireOpset(26);
  return writer.add("BitCast", {writer.getName(op.getX())}, {{"to", int64_t(*to)}});
}

void registerElementwise(OpEmitters &emitters) {
  emitters.addPlain<WhereOp>("Where");
  emitters.addPlain<StopGradientOp>("Identity");
  emitters.add<ClampOp>(emitClamp);
  emitters.add<CastOp>(emitCast);
  emitters.add<BitCastOp>(emitBitCast);
}

} // namespace dlc::onnx_export
