// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/ModelFile.h"
#include "frontend/onnx/ExternalData.h"
#include "frontend/onnx/WireFormat.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <climits>
#include <cstring>

using namespace mlir;

namespace dlc::onnx_import {

FailureOr<std::shared_ptr<ModelFile>> ModelFile::open(StringRef path, MLIRContext *context) {
  Location location = FileLineColLoc::get(context, path, 0, 0);
  std::shared_ptr<ModelFile> file(new ModelFile(path, location));
  if (llvm::sys::fs::is_directory(path)) {
    emitError(location) << "is a folder, not an ONNX model";
    return failure();
  }
  auto contents = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!contents) {
    emitError(location) << "cannot be read: " << contents.getError().message();
    return failure();
  }
  ArrayRef<char> bytes = file->table.addFile(std::move(*contents));
  FailureOr<SplitModel> split = splitLargeInitializers(bytes);
  if (failed(split) || split->rest.size() > INT_MAX || !file->model.ParseFromString(split->rest)) {
    emitError(location) << "is not an ONNX model, or is truncated or corrupt";
    return failure();
  }
  if (!file->model.has_graph()) {
    emitError(location) << "holds no graph: it is not an ONNX model, or is truncated or corrupt";
    return failure();
  }
  for (auto [position, data] : split->initializers)
    file->splitData[&file->model.graph().initializer(position)] = data;
  return file;
}

FailureOr<ArrayRef<char>> ModelFile::mapExternalFile(StringRef relativePath, std::string &error) {
  auto [mapped, isNew] = externalFiles.try_emplace(relativePath);
  if (!isNew)
    return mapped->second;
  if (FailureOr<std::string> file = findExternalFile(path, relativePath, error); succeeded(file)) {
    auto buffer = llvm::MemoryBuffer::getFile(*file, /*IsText=*/false, /*RequiresNullTerminator=*/false);
    if (buffer)
      return mapped->second = table.addFile(std::move(*buffer));
    error = "external data '" + *file + "' cannot be read: " + buffer.getError().message();
  }
  externalFiles.erase(mapped);
  return failure();
}

FailureOr<ArrayRef<char>> ModelFile::getExternalData(const onnx::TensorProto &tensor, int64_t size,
                                                     std::string &error) {
  FailureOr<ExternalData> data = readExternalData(tensor, error);
  if (failed(data))
    return failure();
  FailureOr<ArrayRef<char>> file = mapExternalFile(data->location, error);
  if (failed(file))
    return failure();
  uint64_t length = data->length.value_or(size);
  if (data->offset > file->size() || length > file->size() - data->offset) {
    error = "external data '" + data->location + "' has " + std::to_string(file->size()) + " bytes, " +
            std::to_string(length) + " from " + std::to_string(data->offset) + " on are needed";
    return failure();
  }
  return file->slice(data->offset, length);
}

/// All numbers of `tensor`, moved to a tensor of their own.
static std::shared_ptr<const onnx::TensorProto> takeData(onnx::TensorProto &tensor) {
  auto owner = std::make_shared<onnx::TensorProto>();
  owner->mutable_float_data()->Swap(tensor.mutable_float_data());
  owner->mutable_double_data()->Swap(tensor.mutable_double_data());
  owner->mutable_int64_data()->Swap(tensor.mutable_int64_data());
  owner->mutable_uint64_data()->Swap(tensor.mutable_uint64_data());
  if (tensor.has_raw_data())
    owner->set_allocated_raw_data(tensor.release_raw_data());
  return owner;
}

/// Elements of a typed field, which are there as they are in memory.
template <typename Field> static ArrayRef<char> asBytes(const Field &field) {
  return {reinterpret_cast<const char *>(field.data()), field.size() * sizeof(*field.data())};
}

/// The numbers of `tensor` in the protobuf's memory, if a field holds them as they are in memory.
static FailureOr<ArrayRef<char>> getHeldData(const onnx::TensorProto &tensor, Type elementType) {
  if (tensor.has_raw_data())
    return ArrayRef<char>(tensor.raw_data().data(), tensor.raw_data().size());
  if (elementType.isF32())
    return asBytes(tensor.float_data());
  if (elementType.isF64())
    return asBytes(tensor.double_data());
  if (elementType.isUnsignedInteger(64))
    return asBytes(tensor.uint64_data());
  if (elementType.isInteger(64))
    return asBytes(tensor.int64_data());
  return failure();
}

ArrayRef<char> ModelFile::unpack(ArrayRef<char> packed, int64_t count, unsigned width) {
  MutableArrayRef<char> elements = allocate(count);
  unsigned perByte = 8 / width, mask = (1u << width) - 1;
  for (int64_t i = 0; i < count; ++i)
    elements[i] = static_cast<char>(static_cast<unsigned char>(packed[i / perByte]) >> (i % perByte * width) & mask);
  return elements;
}

FailureOr<ConstantTensor> ModelFile::getTensor(const onnx::TensorProto &tensor, std::string &error) {
  Type elementType = getElementType(tensor.data_type(), location.getContext());
  if (!elementType) {
    error = "element type " + getElementTypeName(tensor.data_type()) + " is not supported";
    return failure();
  }
  SmallVector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
  std::optional<int64_t> size = getTensorSize(shape, elementType);
  if (!size) {
    error = "a tensor of shape [" +
            llvm::join(llvm::map_range(shape, [](int64_t d) { return std::to_string(d); }), ", ") +
            "] is too large or has a negative extent";
    return failure();
  }
  if (tensor.has_segment()) {
    error = "a tensor in segments is not supported";
    return failure();
  }
  ArrayRef<char> bytes;
  bool isHeld = false; // by the protobuf
  auto split = splitData.find(&tensor);
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL) {
    int64_t perByte = getPackedElements(elementType);
    FailureOr<ArrayRef<char>> external = getExternalData(tensor, (*size + perByte - 1) / perByte, error);
    if (failed(external))
      return failure();
    bytes = *external;
  } else if (split != splitData.end()) {
    bytes = split->second;
  } else if (FailureOr<ArrayRef<char>> inFile = getHeldData(tensor, elementType); succeeded(inFile)) {
    bytes = *inFile;
    isHeld = true;
  } else {
    // Narrow types are stored in wider fields, floating point as its bits; their low bytes are the value.
    int64_t width = getElementSize(elementType);
    bool isWide = elementType.isUnsignedInteger(32);
    int64_t count = isWide ? tensor.uint64_data_size() : tensor.int32_data_size();
    MutableArrayRef<char> converted = allocate(count * width);
    for (int64_t i = 0; i < count; ++i) {
      int64_t value = isWide ? static_cast<int64_t>(tensor.uint64_data(i)) : tensor.int32_data(i);
      std::memcpy(converted.data() + i * width, &value, width);
    }
    bytes = converted;
  }
  if (int64_t perByte = getPackedElements(elementType); perByte > 1) {
    int64_t packedSize = (*size + perByte - 1) / perByte;
    if (static_cast<int64_t>(bytes.size()) == packedSize)
      bytes = unpack(bytes, *size, 8 / static_cast<unsigned>(perByte));
    isHeld = false;
  }
  if (static_cast<int64_t>(bytes.size()) != *size) {
    error =
        "holds " + std::to_string(bytes.size()) + " bytes of data, its type and shape take " + std::to_string(*size);
    return failure();
  }
  if (isHeld && !bytes.empty()) {
    // The tensor is a part of `model`, which is this file's to change.
    std::shared_ptr<const onnx::TensorProto> owner = takeData(const_cast<onnx::TensorProto &>(tensor));
    bytes = *getHeldData(*owner, elementType);
    table.addMemory(bytes, owner);
    splitData[&tensor] = bytes;
  }
  return ConstantTensor{RankedTensorType::get(shape, elementType), bytes};
}

} // namespace dlc::onnx_import
