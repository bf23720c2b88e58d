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
// Traits that say nothing but that an op has them; DlcBase.td says what each means.
template <typename Op> class Elementwise : public mlir::OpTrait::TraitBase<Op, Elementwise> {};
template <typename Op> class FewInstructions : public mlir::OpTrait::TraitBase<Op, FewInstructions> {};
template <typename Op> class Transcendental : public mlir::OpTrait::TraitBase<Op, Transcendental> {};
template <typename Op> class NotDifferentiable : public mlir::OpTrait::TraitBase<Op, NotDifferentiable> {};
template <typename Op> class Contraction : public mlir::OpTrait::TraitBase<Op, Contraction> {};
template <typename Op> class FollowsLayout : public mlir::OpTrait::TraitBase<Op, FollowsLayout> {};
template <typename Op> class Recomputable : public mlir::OpTrait::TraitBase<Op, Recomputable> {};
template <typename Op> class MovesElements : public mlir::OpTrait::TraitBase<Op, MovesElements> {};
template <typename Op> class MovesAllElements : public mlir::OpTrait::TraitBase<Op, MovesAllElements> {};
template <typename Op> class ConvertsLayout : public mlir::OpTrait::TraitBase<Op, ConvertsLayout> {};
template <typename Op> class WeightSource : public mlir::OpTrait::TraitBase<Op, WeightSource> {};
template <typename Op> class OutsideKernels : public mlir::OpTrait::TraitBase<Op, OutsideKernels> {};
template <typename Op> class OfProgram : public mlir::OpTrait::TraitBase<Op, OfProgram> {};
template <typename Op> class Activation : public mlir::OpTrait::TraitBase<Op, Activation> {};
} // namespace dlc

#define GET_ATTRDEF_CLASSES
#include "ir/DlcAttributes.h.inc"

#endif // DLC_IR_DLCDIALECT_H
