// SPDX-License-Identifier: Apache-2.0
// The base classes of ops.
#ifndef DLC_BASE
#define DLC_BASE

include "mlir/IR/OpBase.td"
include "mlir/IR/CommonTypeConstraints.td"
include "mlir/IR/CommonAttrConstraints.td"
include "ir/DlcAttributes.td"
include "ir/DlcInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

defvar Dlc_Tensor = AnyRankedTensor;
// i1 holds booleans, and what is narrower than a byte, or floating point of a byte, is quantized: these do no arithmetic.
def Dlc_Integer
    : Type<And<[AnyInteger.predicate, CPred<"::llvm::cast<::mlir::IntegerType>($_self).getWidth() >= 8">]>, "integer">;
def Dlc_Real
    : Type<And<[AnyFloat.predicate, CPred<"::llvm::cast<::mlir::FloatType>($_self).getWidth() >= 16">]>, "floating-point">;
def Dlc_Number : Type<Or<[Dlc_Real.predicate, Dlc_Integer.predicate]>, "number">;
defvar Dlc_RealTensor = RankedTensorOf<[Dlc_Real]>;
defvar Dlc_IntegerTensor = RankedTensorOf<[Dlc_Integer]>;
defvar Dlc_NumberTensor = RankedTensorOf<[Dlc_Number]>;
defvar Dlc_BoolTensor = RankedTensorOf<[I1]>;

class Dlc_Trait<string name> : NativeOpTrait<name> { let cppNamespace = "::dlc"; }

/// Each element of the result is computed from the elements of the operands at the same (broadcast) index.
def Dlc_Elementwise : Dlc_Trait<"Elementwise">;
/// An elementwise op of a few instructions: repeating it costs less than memory traffic.
def Dlc_FewInstructions : Dlc_Trait<"FewInstructions">;
/// An elementwise op of tens of operations: a polynomial, or a function of libm.
def Dlc_Transcendental : Dlc_Trait<"Transcendental">;
/// One that is infinite or NaN for some finite operands, whatever its constants.
defvar Dlc_Singular = Dlc_SingularOpInterface;
/// One for which that depends on its constants: it defines `isSingular`.
defvar Dlc_SingularByConstants = DeclareOpInterfaceMethods<Dlc_SingularOpInterface, ["isSingular"]>;
/// Totals or statistics of the first operand: the op defines `getReducedDims`.
defvar Dlc_Reduces = DeclareOpInterfaceMethods<Dlc_ReductionOpInterface>;
/// Row i of the result depends on row i of some operands: the op defines `keepsRows`.
defvar Dlc_KeepsRows = DeclareOpInterfaceMethods<Dlc_BatchOpInterface, ["keepsRows"]>;
/// Not a function with a derivative: the result is an index, a boolean or an integer, or depends on no number. Layouts
/// are assigned after differentiation.
def Dlc_NotDifferentiable : Dlc_Trait<"NotDifferentiable">;
/// Every element of the result is a sum of products, or depends on such: it mixes many elements of the operands.
def Dlc_Contraction : Dlc_Trait<"Contraction">;
/// Computes the same whatever the order of dimensions in memory, with a result as large as its operand.
def Dlc_FollowsLayout : Dlc_Trait<"FollowsLayout">;
/// Every element of the result is an element of the first operand, unchanged.
def Dlc_MovesElements : Dlc_Trait<"MovesElements">;
/// And every element of the first operand is one of the result's, once or several times, if that has elements.
def Dlc_MovesAllElements : Dlc_Trait<"MovesAllElements">;
/// Stores a tensor in another layout.
def Dlc_ConvertsLayout : Dlc_Trait<"ConvertsLayout">;
/// Gives a constant or the value of a parameter, which nothing computes.
def Dlc_WeightSource : Dlc_Trait<"WeightSource">;
/// Neither computed by a kernel nor part of one: memory, a shape, or what the host program does.
def Dlc_OutsideKernels : Dlc_Trait<"OutsideKernels">;
/// An op of the program, which exists after `--dlc-lower-to-program` only.
def Dlc_OfProgram : Dlc_Trait<"OfProgram">;
/// Computing the op again costs less than storing what it gives, as of elementwise ops.
def Dlc_Recomputable : Dlc_Trait<"Recomputable">;

/// An attribute of Annotations.td, whose class ir/Annotations.h declares.
def Dlc_ExtentChecks : Attr<CPred<"::llvm::isa<::dlc::ExtentChecksAttr>($_self)">, "a #dlc.extent_checks"> {
  let storageType = "::dlc::ExtentChecksAttr";
  let returnType = "::dlc::ExtentChecksAttr";
  let convertFromStorage = "$_self";
}

/// A sum of products whose operations are counted.
defvar Dlc_SumOfProducts = [Dlc_Contraction, DeclareOpInterfaceMethods<Dlc_ContractionOpInterface>];

class Dlc_Op<string opMnemonic, list<Trait> traits = []> : Op<Dlc_Dialect, opMnemonic, traits>;

/// An op of the graph level: one result, whose extents `inferShape` and whose element type `inferElementType` compute
/// from an adaptor, before the op exists. All but those that say otherwise have no side effect (Dlc_GraphOp).
class Dlc_ImpureGraphOp<string opMnemonic, list<Trait> traits = []>
    : Dlc_Op<opMnemonic, traits # [DeclareOpInterfaceMethods<InferTypeOpInterface>,
                                   DeclareOpInterfaceMethods<Dlc_DimensionOpInterface>,
                                   DeclareOpInterfaceMethods<Dlc_KernelOpInterface>]> {
  let results = (outs Dlc_Tensor:$result);
  // How the result's extents follow: an expression of type LogicalResult over `location`, `adaptor`, `dims`
  // (operands' extents) and `result`.
  code shapeRule = "inferShape(location, adaptor, dims, result)";
  // The result's element type: an expression over `adaptor`.
  code elementTypeRule = "::mlir::getElementTypeOrSelf(*adaptor.getOperands().begin())";
  // The kind of kernels whose anchor it can be.
  string kernelKind = "Movement";
  // What an element of its operands or result takes: an expression.
  code operationsPerElement = "5";
  // Of ops with EvaluationOpInterface: an expression over the elements `x` and `y` of the operands.
  code evaluation = "";
  // What its class declares besides.
  code ownDeclarations = "";
  let extraClassDeclaration = [{
    static ::mlir::LogicalResult inferShape(std::optional<::mlir::Location> location, Adaptor adaptor,
                                            ::llvm::ArrayRef<::dlc::Dims> dims, ::dlc::Dims &result);
    static bool isCompatibleReturnTypes(::mlir::TypeRange inferred, ::mlir::TypeRange actual);
  }] # ownDeclarations;
  let extraClassDefinition = [{
    ::mlir::LogicalResult $cppClass::inferReturnTypes(
        ::mlir::MLIRContext *context, std::optional<::mlir::Location> location, ::mlir::ValueRange operands,
        ::mlir::DictionaryAttr attributes, ::mlir::OpaqueProperties properties, ::mlir::RegionRange regions,
        ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      $cppClass::Adaptor adaptor(operands, attributes, properties, regions);
      return ::dlc::inferReturnType(
          context, location, operands.getTypes(),
          [&](::llvm::ArrayRef<::dlc::Dims> dims, ::dlc::Dims &result) -> ::mlir::LogicalResult { return }] # shapeRule # [{; },
          [&]() -> ::mlir::Type { return }] # elementTypeRule # [{; }, types);
    }
    bool $cppClass::isCompatibleReturnTypes(::mlir::TypeRange inferred, ::mlir::TypeRange actual) {
      return ::dlc::areCompatibleIgnoringLayout(inferred, actual);
    }
    ::mlir::LogicalResult $cppClass::inferDims(::llvm::ArrayRef<::dlc::Dims> dims, ::dlc::Dims &result) {
      std::optional<::mlir::Location> location = getLoc();
      $cppClass::Adaptor adaptor(*this);
      return }] # shapeRule # [{;
    }
    ::dlc::KernelKind $cppClass::getKernelKind() { return ::dlc::KernelKind::}] # kernelKind # [{; }
    int64_t $cppClass::getOperationsPerElement() { return }] # operationsPerElement # [{; }
  }] # !if(!empty(evaluation), "", [{
    double $cppClass::evaluate(double x, double y) { return }] # evaluation # [{; }
  }]);
}

class Dlc_GraphOp<string opMnemonic, list<Trait> traits = []> : Dlc_ImpureGraphOp<opMnemonic, traits # [Pure]>;

#endif // DLC_BASE
