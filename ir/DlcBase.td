// SPDX-License-Identifier: Apache-2.0
// The dialect, its attributes, and the base classes of its ops.
#ifndef DLC_BASE
#define DLC_BASE

include "mlir/IR/OpBase.td"
include "mlir/IR/CommonTypeConstraints.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "ir/DlcInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Dlc_Dialect : Dialect {
  let name = "dlc";
  let cppNamespace = "::dlc";
  let summary = "Deep-learning models, from graphs of tensors to kernels and programs";
  let description = [{
    Three levels share this dialect. *Graph* ops compute on tensors and have one result each; their
    shapes are functions of their operands' shapes. *Kernels* (`dlc.kernel`) group graph ops that one
    Halide pipeline computes. *Program* ops (`dlc.kernel_func`, `dlc.launch`) run kernels on byte buffers.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let dependentDialects = ["::mlir::func::FuncDialect"];
  let extraClassDeclaration = [{ void registerAttributes(); }];
}

//===-- Attributes --------------------------------------------------------===//

class Dlc_Attr<string name, string attrMnemonic> : AttrDef<Dlc_Dialect, name> {
  let mnemonic = attrMnemonic;
}

def Dlc_LayoutAttr : Dlc_Attr<"Layout", "layout"> {
  let summary = "How a tensor's elements are stored in memory";
  let description = [{
    The encoding of a tensor type. It never changes what a tensor means: shapes and operands stay logical.

    - `order`: the logical dimensions from outermost to innermost; `[0, 2, 3, 1]` is NHWC of a logical NCHW tensor.
    - `halo_low`, `halo_high`: elements of the zero halo before and after the interior, per logical dimension;
      the memory planner owns them.
    - `inner_dims`, `inner_tiles`: blocks split off logical dimensions and placed innermost, in this order;
      a weight `[CO/32][ky][kx][CI][32]` has `order = [0, 2, 3, 1], inner_dims = [0], inner_tiles = [32]`.
      A partial last block is filled with zeros.
    - `winograd`: m of F(m x m, 3 x 3) if the two innermost logical dimensions (3 x 3) of a convolution weight
      are stored as transformed (m+2) x (m+2) tiles; 0 otherwise.

    No encoding means row-major without halo.
  }];
  let parameters = (ins
    "::mlir::DenseI64ArrayAttr":$order,
    OptionalParameter<"::mlir::DenseI64ArrayAttr">:$halo_low,
    OptionalParameter<"::mlir::DenseI64ArrayAttr">:$halo_high,
    OptionalParameter<"::mlir::DenseI64ArrayAttr">:$inner_dims,
    OptionalParameter<"::mlir::DenseI64ArrayAttr">:$inner_tiles,
    DefaultValuedParameter<"int64_t", "0">:$winograd);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Dlc_ScheduleAttr : Dlc_Attr<"Schedule", "schedule"> {
  let summary = "How a kernel's loops are arranged for one instruction set";
  let description = [{
    - `algorithm`: the template ("direct", "winograd", "gemm", "rows", ...), defined by the kernel kind.
    - `isa`: the instruction set it was made for ("x86-64-v4", "aarch64", ...).
    - `vector`: lanes of a vector of the kernel's accumulator type.
    - `split`: the logical dimension of the result whose outermost loop may be split between threads; -1 if none.
    - `grain`: ranges of that dimension start at multiples of this (in elements of the dimension).
    - `tiles`: named sizes that the template takes.
  }];
  let parameters = (ins
    "::mlir::StringAttr":$algorithm,
    "::mlir::StringAttr":$isa,
    "int64_t":$vector,
    DefaultValuedParameter<"int64_t", "-1">:$split,
    DefaultValuedParameter<"int64_t", "1">:$grain,
    OptionalParameter<"::mlir::DictionaryAttr">:$tiles);
  let assemblyFormat = "`<` struct(params) `>`";
  let extraClassDeclaration = [{
    /// The tile size called `name`, or `otherwise` if the schedule has none.
    int64_t getTile(::llvm::StringRef name, int64_t otherwise) const;
  }];
}

//===-- Op classes --------------------------------------------------------===//

defvar Dlc_Tensor = AnyRankedTensor;
// i1 holds booleans, which do no arithmetic.
def Dlc_Integer : Type<And<[AnyInteger.predicate, Neg<I1.predicate>]>, "integer">;
def Dlc_Number : Type<Or<[AnyFloat.predicate, Dlc_Integer.predicate]>, "number">;
defvar Dlc_RealTensor = RankedTensorOf<[AnyFloat]>;
defvar Dlc_IntegerTensor = RankedTensorOf<[Dlc_Integer]>;
defvar Dlc_NumberTensor = RankedTensorOf<[Dlc_Number]>;
defvar Dlc_BoolTensor = RankedTensorOf<[I1]>;

class Dlc_Op<string opMnemonic, list<Trait> traits = []> : Op<Dlc_Dialect, opMnemonic, traits>;

/// An op of the graph level: no side effect, one result, whose extents `inferShape` and whose element type
/// `inferElementType` compute from an adaptor, before the op exists.
class Dlc_GraphOp<string opMnemonic, list<Trait> traits = []>
    : Dlc_Op<opMnemonic, traits # [Pure, DeclareOpInterfaceMethods<InferTypeOpInterface>,
                                   DeclareOpInterfaceMethods<Dlc_DimensionOpInterface>]> {
  let results = (outs Dlc_Tensor:$result);
  // How the result's extents follow: an expression of type LogicalResult over `location`, `adaptor`, `dims`
  // (operands' extents) and `result`.
  code shapeRule = "inferShape(location, adaptor, dims, result)";
  // The result's element type: an expression over `adaptor`.
  code elementTypeRule = "::mlir::getElementTypeOrSelf(*adaptor.getOperands().begin())";
  let extraClassDeclaration = [{
    static ::mlir::LogicalResult inferShape(std::optional<::mlir::Location> location, Adaptor adaptor,
                                            ::llvm::ArrayRef<::dlc::Dims> dims, ::dlc::Dims &result);
    static bool isCompatibleReturnTypes(::mlir::TypeRange inferred, ::mlir::TypeRange actual);
  }];
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
  }];
}

#endif // DLC_BASE
