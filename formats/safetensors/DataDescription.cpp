// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/DataDescription.h"
#include "formats/json/Document.h"
#include "ir/Annotations.h"

void dlc::noteLearnedData(mlir::ModuleOp module, const Safetensors &file) {
  llvm::StringRef text = file.getMetadata("dlc.data");
  // Whoever reads it expects a JSON object.
  std::optional<json::JsonValue> data = json::parseDocument(text, [](json::Position, const std::string &) {});
  if (data && data->isObject())
    annotation::learnedData.set(module, mlir::StringAttr::get(module.getContext(), text));
  else
    annotation::learnedData.remove(module);
}
