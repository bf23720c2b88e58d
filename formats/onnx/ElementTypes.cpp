// SPDX-License-Identifier: Apache-2.0
#include "formats/onnx/ElementTypes.h"
#include "ir/TensorDescription.h"
#include "mlir/IR/BuiltinTypes.h"
#include "onnx-ml.pb.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using Proto = onnx::TensorProto;

namespace dlc::onnx_format {
namespace {

struct Row {
  int onnxType;
  const char *name; ///< in ONNX. The schema is compiled for protobuf's lite runtime, which has no names
  Type (*make)(MLIRContext *context); ///< null where dlc has no such type
  int64_t firstOpset = 1;
};

template <typename FloatTy> Type makeFloat(MLIRContext *context) { return FloatTy::get(context); }
template <unsigned width> Type makeSignless(MLIRContext *context) { return IntegerType::get(context, width); }
template <unsigned width> Type makeUnsigned(MLIRContext *context) {
  return IntegerType::get(context, width, IntegerType::Unsigned);
}

constexpr Row rows[] = {
    {Proto::UNDEFINED, "UNDEFINED", nullptr},
    {Proto::FLOAT, "FLOAT", makeFloat<Float32Type>},
    {Proto::DOUBLE, "DOUBLE", makeFloat<Float64Type>},
    {Proto::FLOAT16, "FLOAT16", makeFloat<Float16Type>},
    {Proto::BFLOAT16, "BFLOAT16", makeFloat<BFloat16Type>},
    {Proto::BOOL, "BOOL", makeSignless<1>},
    {Proto::INT8, "INT8", makeSignless<8>},
    {Proto::INT16, "INT16", makeSignless<16>},
    {Proto::INT32, "INT32", makeSignless<32>},
    {Proto::INT64, "INT64", makeSignless<64>},
    {Proto::UINT8, "UINT8", makeUnsigned<8>},
    {Proto::UINT16, "UINT16", makeUnsigned<16>},
    {Proto::UINT32, "UINT32", makeUnsigned<32>},
    {Proto::UINT64, "UINT64", makeUnsigned<64>},
    {Proto::FLOAT8E4M3FN, "FLOAT8E4M3FN", makeFloat<Float8E4M3FNType>, 19},
    {Proto::FLOAT8E4M3FNUZ, "FLOAT8E4M3FNUZ", makeFloat<Float8E4M3FNUZType>, 19},
    {Proto::FLOAT8E5M2, "FLOAT8E5M2", makeFloat<Float8E5M2Type>, 19},
    {Proto::FLOAT8E5M2FNUZ, "FLOAT8E5M2FNUZ", makeFloat<Float8E5M2FNUZType>, 19},
    {Proto::INT4, "INT4", makeSignless<4>, 21},
    {Proto::UINT4, "UINT4", makeUnsigned<4>, 21},
    {Proto::FLOAT4E2M1, "FLOAT4E2M1", makeFloat<Float4E2M1FNType>, 23},
    {Proto::FLOAT8E8M0, "FLOAT8E8M0", makeFloat<Float8E8M0FNUType>, 24},
    {Proto::INT2, "INT2", makeSignless<2>, 25},
    {Proto::UINT2, "UINT2", makeUnsigned<2>, 25},
    {Proto::FLOAT6E2M3, "FLOAT6E2M3", makeFloat<Float6E2M3FNType>, 28},
    {Proto::FLOAT6E3M2, "FLOAT6E3M2", makeFloat<Float6E3M2FNType>, 28},
    {Proto::STRING, "STRING", nullptr},
    {Proto::COMPLEX64, "COMPLEX64", nullptr},
    {Proto::COMPLEX128, "COMPLEX128", nullptr},
};

const Row *findRow(int onnxType) {
  const Row *row = llvm::find_if(rows, [&](const Row &each) { return each.onnxType == onnxType; });
  return row == std::end(rows) ? nullptr : row;
}

const Row *findRow(Type elementType) {
  const Row *row = llvm::find_if(
      rows, [&](const Row &each) { return each.make && each.make(elementType.getContext()) == elementType; });
  return row == std::end(rows) ? nullptr : row;
}

} // namespace

Type getElementType(int onnxType, MLIRContext *context) {
  const Row *row = findRow(onnxType);
  return row && row->make ? row->make(context) : Type();
}

std::optional<int32_t> getOnnxType(Type elementType) {
  const Row *row = findRow(elementType);
  return row ? std::optional<int32_t>(row->onnxType) : std::nullopt;
}

int64_t getFirstOpset(Type elementType) {
  const Row *row = findRow(elementType);
  assert(row && "ONNX has the type");
  return row->firstOpset;
}

Type findElementType(llvm::StringRef name, MLIRContext *context) {
  for (const Row &row : rows)
    if (Type type = row.make ? row.make(context) : Type(); type && describeType(type) == name)
      return type;
  return {};
}

std::string getElementTypeName(int onnxType) {
  const Row *row = findRow(onnxType);
  return row ? row->name : std::to_string(onnxType);
}

} // namespace dlc::onnx_format
