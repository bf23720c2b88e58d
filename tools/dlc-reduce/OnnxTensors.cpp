// SPDX-License-Identifier: Apache-2.0
// The numbers of weights while they become fewer.
#include "tools/dlc-reduce/OnnxModel.h"
#include "llvm/ADT/StringExtras.h"
#include <cstring>
#include <numeric>

using namespace dlc::reduce;

/// Bytes of an element in `raw_data`; 0: none of its own.
static size_t getElementSize(int32_t type) {
  switch (type) {
  case onnx::TensorProto::DOUBLE:
  case onnx::TensorProto::INT64:
  case onnx::TensorProto::UINT64:
  case onnx::TensorProto::COMPLEX64:
    return 8;
  case onnx::TensorProto::FLOAT:
  case onnx::TensorProto::INT32:
  case onnx::TensorProto::UINT32:
    return 4;
  case onnx::TensorProto::FLOAT16:
  case onnx::TensorProto::BFLOAT16:
  case onnx::TensorProto::INT16:
  case onnx::TensorProto::UINT16:
    return 2;
  case onnx::TensorProto::INT8:
  case onnx::TensorProto::UINT8:
  case onnx::TensorProto::BOOL:
    return 1;
  default:
    return 0;
  }
}

/// The elements as `raw_data` has them; false: they cannot be.
static bool makeRaw(onnx::TensorProto &tensor) {
  size_t size = getElementSize(tensor.data_type());
  if (size == 0 || tensor.data_type() == onnx::TensorProto::COMPLEX64 || tensor.data_location())
    return false;
  if (tensor.has_raw_data())
    return true;
  std::string raw;
  auto append = [&](auto value) { raw.append(reinterpret_cast<const char *>(&value), sizeof value); };
  for (float value : tensor.float_data())
    append(value);
  for (double value : tensor.double_data())
    append(value);
  // Little-endian, like the machines that dlc runs on.
  auto appendIntegers = [&](const auto &values) {
    for (auto value : values)
      raw.append(reinterpret_cast<const char *>(&value), size);
  };
  appendIntegers(tensor.int32_data());
  appendIntegers(tensor.int64_data());
  appendIntegers(tensor.uint64_data());
  tensor.clear_float_data();
  tensor.clear_double_data();
  tensor.clear_int32_data();
  tensor.clear_int64_data();
  tensor.clear_uint64_data();
  tensor.set_raw_data(raw);
  return true;
}

static bool isConsistent(const onnx::TensorProto &tensor) {
  size_t bytes = getElementSize(tensor.data_type());
  for (int64_t extent : tensor.dims()) {
    if (extent < 0 || (extent > 0 && bytes > (size_t(1) << 40) / static_cast<size_t>(extent)))
      return false;
    bytes *= static_cast<size_t>(extent);
  }
  return bytes == tensor.raw_data().size();
}

void dlc::reduce::cutTensor(onnx::TensorProto &tensor, int64_t from, int64_t to) {
  if (!llvm::is_contained(tensor.dims(), from) || !makeRaw(tensor) || !isConsistent(tensor))
    return;
  size_t size = getElementSize(tensor.data_type());
  for (int dim = 0; dim < tensor.dims_size(); ++dim) {
    if (tensor.dims(dim) != from)
      continue;
    size_t outer = 1, inner = size;
    for (int other = 0; other < tensor.dims_size(); ++other)
      (other < dim ? outer : inner) *= other == dim ? 1 : static_cast<size_t>(tensor.dims(other));
    std::string cut;
    for (size_t row = 0; row < outer; ++row)
      cut.append(tensor.raw_data(), row * inner * static_cast<size_t>(from), inner * static_cast<size_t>(to));
    tensor.set_raw_data(cut);
    tensor.set_dims(dim, to);
  }
}

void dlc::reduce::changeSmallIntegers(onnx::TensorProto &tensor, llvm::function_ref<int64_t(int64_t)> change) {
  constexpr int64_t mostElements = 16;
  if (tensor.data_type() != onnx::TensorProto::INT64 || tensor.dims_size() > 1 ||
      (tensor.dims_size() == 1 && tensor.dims(0) > mostElements) || !makeRaw(tensor) || !isConsistent(tensor))
    return;
  std::string raw = tensor.raw_data();
  for (size_t i = 0; i + 8 <= raw.size(); i += 8) {
    int64_t value;
    std::memcpy(&value, &raw[i], 8);
    value = change(value);
    std::memcpy(&raw[i], &value, 8);
  }
  tensor.set_raw_data(raw);
}

void dlc::reduce::fillWithOnes(onnx::TensorProto &tensor) {
  if (!makeRaw(tensor) || !isConsistent(tensor))
    return;
  std::string one;
  auto set = [&](auto value) { one.assign(reinterpret_cast<const char *>(&value), sizeof value); };
  if (tensor.data_type() == onnx::TensorProto::FLOAT)
    set(1.0f);
  else if (tensor.data_type() == onnx::TensorProto::DOUBLE)
    set(1.0);
  else if (tensor.data_type() == onnx::TensorProto::FLOAT16)
    set(uint16_t(0x3c00));
  else if (tensor.data_type() == onnx::TensorProto::BFLOAT16)
    set(uint16_t(0x3f80));
  else
    return;
  std::string raw;
  while (raw.size() < tensor.raw_data().size())
    raw += one;
  tensor.set_raw_data(raw);
}
