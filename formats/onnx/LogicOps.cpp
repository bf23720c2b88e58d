// SPDX-License-Identifier: Apache-2.0
// Comparisons, predicates and logic.
#include "formats/onnx/GraphWriter.h"
#include "formats/onnx/OpTable.h"
#include "ir/OpsComparison.h"
#include "ir/OpsLogic.h"

using namespace mlir;

namespace dlc::onnx_format {

static FailureOr<std::string> writeBitShift(BitShiftOp op, onnx_export::GraphWriter &writer) {
  if (!getElementTypeOrSelf(op.getType()).isUnsignedInteger())
    return op.emitOpError("has no form in ONNX for signed integers");
  return writer.add("BitShift", {writer.getName(op.getLhs()), writer.getName(op.getRhs())},
                    {{"direction", std::string(op.getLeft() ? "LEFT" : "RIGHT")}});
}

void addLogicOps(OpRows &rows) {
  constexpr ElementClass booleans = ElementClass::Bool, integers = ElementClass::Integer,
                         numbers = ElementClass::Number;
  rows.push_back(row<IsNanOp>("IsNaN", 9, ElementClass::Real));
  rows.push_back(row<IsInfOp>("IsInf", 10, ElementClass::Real,
                              {flag("detect_negative", "1", "Whether -infinity counts"),
                               flag("detect_positive", "1", "Whether infinity counts")}));
  rows.push_back(row<NotOp>("Not", 1, booleans));
  rows.push_back(row<BitwiseNotOp>("BitwiseNot", 18, integers));
  rows.push_back(row<AndOp>("And", 1, booleans));
  rows.push_back(row<OrOp>("Or", 1, booleans));
  rows.push_back(row<XorOp>("Xor", 1, booleans));
  rows.push_back(row<BitwiseAndOp>("BitwiseAnd", 18, integers));
  rows.push_back(row<BitwiseOrOp>("BitwiseOr", 18, integers));
  rows.push_back(row<BitwiseXorOp>("BitwiseXor", 18, integers));
  rows.push_back(row<EqualOp>("Equal", 1, ElementClass::Any));
  rows.push_back(row<GreaterOp>("Greater", 1, numbers));
  rows.push_back(row<GreaterOrEqualOp>("GreaterOrEqual", 12, numbers));
  rows.push_back(row<LessOp>("Less", 1, numbers));
  rows.push_back(row<LessOrEqualOp>("LessOrEqual", 12, numbers));
  rows.push_back(row<BitShiftOp>("BitShift", 11, integers,
                                 {choice("direction", "left", {"LEFT", "RIGHT"}, "LEFT", "", "Which way bits move")})
                     .writtenBy<BitShiftOp>(writeBitShift));
}

} // namespace dlc::onnx_format
