// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/Parameters.h"
#include "frontend/json/Elements.h"
#include "ir/OpsParameter.h"

using namespace mlir;
using namespace dlc::json;

Value Parameters::load(const ParameterRequest &request, OpBuilder &builder, Location location) {
  std::string name = request.getName();
  auto [it, isNew] = types.try_emplace(name, request.type);
  if (!isNew && it->second != request.type)
    reporter.error(request.position, request.label + " needs parameter '" + name + "' of shape " +
                                         formatShape(request.type.getShape()) + ", which has the shape " +
                                         formatShape(it->second.getShape()));
  if (!isNew)
    return LoadParameterOp::create(builder, location, request.type, name).getResult();
  DictionaryAttr initializer;
  ElementsAttr value = source.get(request, isTrained ? &initializer : nullptr);
  if (value || initializer) {
    OpBuilder::InsertionGuard guard(builder);
    if (last)
      builder.setInsertionPointAfter(last);
    else
      builder.setInsertionPointToStart(module.getBody());
    last = ParameterOp::create(builder, location, name, request.type, value, initializer, request.kind);
  }
  return LoadParameterOp::create(builder, location, request.type, name).getResult();
}
