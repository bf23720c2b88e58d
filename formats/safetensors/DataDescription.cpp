// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/DataDescription.h"
#include "formats/json/Document.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MemoryBuffer.h"

std::string dlc::readDataDescription(llvm::StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  llvm::StringRef content = buffer ? (*buffer)->getBuffer() : llvm::StringRef();
  if (content.size() < 8)
    return "";
  uint64_t headerBytes = llvm::support::endian::read64le(content.data());
  if (headerBytes > content.size() - 8)
    return "";
  std::optional<json::JsonValue> header =
      json::parseDocument(content.substr(8, headerBytes), [](json::Position, const std::string &) {});
  const json::JsonValue *metadata = header ? header->find("__metadata__") : nullptr;
  const json::JsonValue *text = metadata ? metadata->find("dlc.data") : nullptr;
  if (!text || !text->isString())
    return "";
  // Whoever reads it expects a JSON object.
  std::optional<json::JsonValue> data = json::parseDocument(text->string, [](json::Position, const std::string &) {});
  return data && data->isObject() ? text->string : "";
}
