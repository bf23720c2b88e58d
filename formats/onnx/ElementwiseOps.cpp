// SPDX-License-Identifier: Apache-2.0
// Arithmetic and elementary functions.
#include "formats/onnx/GraphWriter.h"
#include "formats/onnx/OpTable.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsExtrema.h"

using namespace mlir;

namespace dlc::onnx_format {

/// ONNX has the remainder with the divisor's sign for integers only.
static std::string writeMod(ModOp op, onnx_export::GraphWriter &writer) {
  std::string lhs = writer.getName(op.getLhs()), rhs = writer.getName(op.getRhs());
  if (op.getFmod() || !llvm::isa<FloatType>(getElementTypeOrSelf(op.getType())))
    return writer.add("Mod", {lhs, rhs}, {{"fmod", int64_t(op.getFmod())}});
  std::string times = writer.add("Floor", {writer.add("Div", {lhs, rhs})});
  return writer.add("Sub", {lhs, writer.add("Mul", {times, rhs})});
}

void addElementwiseOps(OpRows &rows) {
  constexpr ElementClass numbers = ElementClass::Number, real = ElementClass::Real;
  rows.push_back(row<AbsOp>("Abs", 1, numbers));
  rows.push_back(row<NegOp>("Neg", 1, numbers));
  rows.push_back(row<SignOp>("Sign", 9, numbers));
  rows.push_back(row<CeilOp>("Ceil", 1, real));
  rows.push_back(row<FloorOp>("Floor", 1, real));
  rows.push_back(row<RoundOp>("Round", 11, real));
  rows.push_back(row<SqrtOp>("Sqrt", 1, real));
  rows.push_back(row<ReciprocalOp>("Reciprocal", 1, real));
  rows.push_back(row<ExpOp>("Exp", 1, real));
  rows.push_back(row<LogOp>("Log", 1, real));
  rows.push_back(row<ErfOp>("Erf", 9, real).takesIntegersBefore(13));
  rows.push_back(row<SinOp>("Sin", 7, real));
  rows.push_back(row<CosOp>("Cos", 7, real));
  rows.push_back(row<TanOp>("Tan", 7, real));
  rows.push_back(row<AsinOp>("Asin", 7, real));
  rows.push_back(row<AcosOp>("Acos", 7, real));
  rows.push_back(row<AtanOp>("Atan", 7, real));
  rows.push_back(row<SinhOp>("Sinh", 9, real));
  rows.push_back(row<CoshOp>("Cosh", 9, real));
  rows.push_back(row<AsinhOp>("Asinh", 9, real));
  rows.push_back(row<AcoshOp>("Acosh", 9, real));
  rows.push_back(row<AtanhOp>("Atanh", 9, real));
  rows.push_back(row<AddOp>("Add", 1, numbers));
  rows.push_back(row<SubOp>("Sub", 1, numbers));
  rows.push_back(row<MulOp>("Mul", 1, numbers));
  rows.push_back(row<DivOp>("Div", 1, numbers));
  // From opset 7 on, the exponent may be of another type.
  rows.push_back(row<PowOp>("Pow", 1, numbers));
  rows.push_back(row<ModOp>("Mod", 10, numbers, {flag("fmod", "0", "Whether the result has the sign of the dividend")})
                     .writtenBy<ModOp>(writeMod));
  rows.push_back(row<MaxOp>("Max", 1, numbers).variadic());
  rows.push_back(row<MinOp>("Min", 1, numbers).variadic());
  rows.push_back(row<AddOp>("Sum", 1, numbers).variadic().onlyRead());
}

} // namespace dlc::onnx_format
