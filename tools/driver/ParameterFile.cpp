// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/ParameterFile.h"
#include "formats/safetensors/DataDescription.h"
#include "ir/ConstantData.h"
#include "ir/DlcDialect.h"
#include "ir/OpsParameter.h"
#include "ir/TensorDescription.h"

using namespace mlir;

LogicalResult dlc::readParameters(ModuleOp module, llvm::StringRef path) {
  std::optional<Safetensors> file = Safetensors::open(path, module.getContext());
  if (!file)
    return failure();
  noteLearnedData(module, *file);
  Location location = FileLineColLoc::get(module.getContext(), path, 0, 0);
  LogicalResult result = success();
  for (auto parameter : module.getOps<ParameterOp>()) {
    if (parameter.getKind() != "weight" && parameter.getKind() != "buffer")
      continue;
    const Safetensors::Tensor *tensor = file->find(parameter.getSymName());
    if (!tensor)
      result = emitError(location) << "it lacks '" << parameter.getSymName() << "', which is "
                                   << describeType(parameter.getType()) << " in the model";
    else if (tensor->type != parameter.getType())
      result = emitError(location) << "'" << parameter.getSymName() << "' is " << describeType(tensor->type)
                                   << " there and " << describeType(parameter.getType()) << " in the model";
    else
      parameter.setValueAttr(borrowConstant(tensor->type, tensor->bytes, parameter.getSymName()));
  }
  return result;
}
