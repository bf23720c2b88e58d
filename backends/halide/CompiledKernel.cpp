// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/CompiledKernel.h"
#include "llvm/Support/Endian.h"

using namespace llvm::support;

namespace dlc::halide {

/// Two numbers of 8 bytes, little endian: the bytes of scratch memory and of the bitcode. Then the bitcode, and the
/// object file to the end.
constexpr size_t headerBytes = 16;

std::string CompiledKernel::serialize() const {
  char header[headerBytes];
  endian::write64le(header, static_cast<uint64_t>(scratchBytes));
  endian::write64le(header + 8, bitcode.size());
  return std::string(header, headerBytes) + bitcode + object;
}

std::optional<CompiledKernel> CompiledKernel::deserialize(llvm::StringRef bytes) {
  if (bytes.size() < headerBytes)
    return std::nullopt;
  uint64_t bitcodeBytes = endian::read64le(bytes.data() + 8);
  if (bitcodeBytes > bytes.size() - headerBytes)
    return std::nullopt;
  llvm::StringRef contents = bytes.drop_front(headerBytes);
  CompiledKernel kernel;
  kernel.scratchBytes = static_cast<int64_t>(endian::read64le(bytes.data()));
  kernel.bitcode = contents.take_front(bitcodeBytes).str();
  kernel.object = contents.drop_front(bitcodeBytes).str();
  return kernel;
}

} // namespace dlc::halide
