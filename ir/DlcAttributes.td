// SPDX-License-Identifier: Apache-2.0
// The attributes that ops and types need, and the enumerations.
#ifndef DLC_ATTRIBUTES
#define DLC_ATTRIBUTES

include "ir/DlcDialect.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/EnumAttr.td"

//===-- Attributes --------------------------------------------------------===//

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
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The tile size called `name`, or `otherwise` if the schedule has none.
    int64_t getTile(::llvm::StringRef name, int64_t otherwise) const;
  }];
}

//===-- Enumerations ------------------------------------------------------===//

def Dlc_KernelKind : I32EnumAttr<"KernelKind", "The kind of a kernel: its anchor op, which decides its schedule", [
  I32EnumAttrCase<"Elementwise", 0, "elementwise">, I32EnumAttrCase<"Convolution", 1, "convolution">,
  I32EnumAttrCase<"Contraction", 2, "contraction">, I32EnumAttrCase<"Window", 3, "window">,
  I32EnumAttrCase<"Reduction", 4, "reduction">, I32EnumAttrCase<"Normalization", 5, "normalization">,
  I32EnumAttrCase<"Movement", 6, "movement">,
  I32EnumAttrCase<"Recurrent", 7, "recurrent">, I32EnumAttrCase<"Attention", 8, "attention">,
  I32EnumAttrCase<"Loops", 9, "loops">]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}
def Dlc_KernelKindAttr : EnumAttr<Dlc_Dialect, Dlc_KernelKind, "kind">;
def Dlc_ReductionKind : I32EnumAttr<"ReductionKind", "What a reduction computes", [
  I32EnumAttrCase<"Sum", 0, "sum">, I32EnumAttrCase<"Mean", 1, "mean">, I32EnumAttrCase<"Max", 2, "max">,
  I32EnumAttrCase<"Min", 3, "min">, I32EnumAttrCase<"Prod", 4, "prod">, I32EnumAttrCase<"L1", 5, "l1">,
  I32EnumAttrCase<"L2", 6, "l2">, I32EnumAttrCase<"LogSum", 7, "log_sum">, I32EnumAttrCase<"LogSumExp", 8, "log_sum_exp">,
  I32EnumAttrCase<"SumSquare", 9, "sum_square">]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}
def Dlc_ReductionKindAttr : EnumAttr<Dlc_Dialect, Dlc_ReductionKind, "reduction">;
def Dlc_WindowDivisor : I32EnumAttr<"WindowDivisor", "What a window's sum is divided by", [
  I32EnumAttrCase<"None", 0, "none">, I32EnumAttrCase<"Inside", 1, "inside">, I32EnumAttrCase<"Padded", 2, "padded">]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}
def Dlc_WindowDivisorAttr : EnumAttr<Dlc_Dialect, Dlc_WindowDivisor, "window_divisor">;
def Dlc_PadMode : I32EnumAttr<"PadMode", "What padding contains", [
  I32EnumAttrCase<"Constant", 0, "constant">, I32EnumAttrCase<"Edge", 1, "edge">,
  I32EnumAttrCase<"Reflect", 2, "reflect">, I32EnumAttrCase<"Wrap", 3, "wrap">]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}
def Dlc_PadModeAttr : EnumAttr<Dlc_Dialect, Dlc_PadMode, "pad_mode">;
def Dlc_ResizeMode : I32EnumAttr<"ResizeMode", "Interpolation", [
  I32EnumAttrCase<"Nearest", 0, "nearest">, I32EnumAttrCase<"Linear", 1, "linear">, I32EnumAttrCase<"Cubic", 2, "cubic">]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}
def Dlc_ResizeModeAttr : EnumAttr<Dlc_Dialect, Dlc_ResizeMode, "resize_mode">;

#endif // DLC_ATTRIBUTES
