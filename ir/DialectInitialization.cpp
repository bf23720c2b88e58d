// SPDX-License-Identifier: Apache-2.0
// What the dialect does that needs its ops, which the header does not know.
#include "ir/ConstantTable.h"
#include "ir/DlcDialect.h"
#include "ir/OpsConstant.h"

using namespace mlir;

#include "ir/DlcDialect.cpp.inc"
#include "ir/DlcEnums.cpp.inc"
#include "ir/DlcInterfaces.cpp.inc"

namespace dlc {

void DlcDialect::initialize() {
  registerAttributes();
#define DLC_OP_FAMILY(family) register##family##Ops();
#include "ir/OpFamilies.def"
  addInterfaces<ConstantTable>();
}

// Here and not beside the rest of its class, which needs no dialect but the one that owns it.
ConstantTable &ConstantTable::get(MLIRContext *context) {
  return *context->getOrLoadDialect<DlcDialect>()->getRegisteredInterface<ConstantTable>();
}

Operation *DlcDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location location) {
  auto elements = llvm::dyn_cast<ElementsAttr>(value);
  if (!elements || !llvm::isa<RankedTensorType>(type))
    return nullptr;
  return ConstantOp::create(builder, location, type, elements);
}

} // namespace dlc
