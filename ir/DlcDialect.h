// SPDX-License-Identifier: Apache-2.0
/// \file
/// The dlc dialect: attributes and interfaces. Its ops are in the headers of their families (OpFamilies.def).
#ifndef DLC_IR_DLCDIALECT_H
#define DLC_IR_DLCDIALECT_H

#include "ir/ShapeInference.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace dlc {
class GradientBuilder;
}

#include "ir/DlcDialect.h.inc"
#include "ir/DlcEnums.h.inc"
#include "ir/DlcInterfaces.h.inc"

namespace dlc {
/// Marks ops that compute each result element from the operands' elements at the same (broadcast) index.
template <typename ConcreteOp> class Elementwise : public mlir::OpTrait::TraitBase<ConcreteOp, Elementwise> {};
} // namespace dlc

#define GET_ATTRDEF_CLASSES
#include "ir/DlcAttributes.h.inc"

#endif // DLC_IR_DLCDIALECT_H
