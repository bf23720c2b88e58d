// SPDX-License-Identifier: Apache-2.0
// The attributes that say what functions, arguments, results and ops are for, where their type does not: the values of
// the keys in Annotations.def. No op's class needs them.
#ifndef DLC_ANNOTATIONS
#define DLC_ANNOTATIONS

include "ir/DlcDialect.td"
include "mlir/IR/EnumAttr.td"

class Dlc_Annotation<string name, string attrMnemonic> : Dlc_Attr<name, attrMnemonic> {
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

//===-- Checks before a run -----------------------------------------------===//

def Dlc_ElementCheckKind : I32EnumAttr<"ElementCheckKind", "What the elements of an input must be", [
  I32EnumAttrCase<"Index", 0, "index">, I32EnumAttrCase<"IndexFromEnd", 1, "index_from_end">,
  I32EnumAttrCase<"Length", 2, "length">, I32EnumAttrCase<"Room", 3, "room">,
  I32EnumAttrCase<"Probability", 4, "probability">]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}

def Dlc_ElementCheckAttr : Dlc_Annotation<"ElementCheck", "element_check"> {
  let summary = "What the runtime checks about the elements of an input before a run";
  let description = [{
    - `kind`: an `index` is from 0 to `extent` - 1, an `index_from_end` from -`extent` to `extent` - 1, a `length` from 0 to
      `extent`, a `probability` is a floating-point number from 0 to 1; `room`: with `steps` added, a state is at most
      `extent`.
    - `what`: what is indexed, for the message.
    - `extent`, `steps`: a number, or the name of a symbol.
    - `exception`: the one element that may be outside.
    - `starts`, `sizes`: the part of the input that is checked, one each per dimension; a size of -1 is the whole
      dimension. Without them, all of it.
  }];
  let parameters = (ins
    EnumParameter<Dlc_ElementCheckKind>:$kind,
    "::mlir::StringAttr":$what,
    "::mlir::Attribute":$extent,
    OptionalParameter<"::mlir::Attribute">:$steps,
    OptionalParameter<"::mlir::IntegerAttr">:$exception,
    OptionalParameter<"::mlir::DenseI64ArrayAttr">:$starts,
    OptionalParameter<"::mlir::DenseI64ArrayAttr">:$sizes);
  let builders = [AttrBuilder<(ins "::dlc::ElementCheckKind":$kind, "::mlir::StringAttr":$what,
                                   "::mlir::Attribute":$extent, CArg<"::mlir::Attribute", "{}">:$steps),
                              "return $_get($_ctxt, kind, what, extent, steps, nullptr, nullptr, nullptr);">];
}

def Dlc_ExtentRelation : I32EnumAttr<"ExtentRelation", "What must hold of two extents", [
  I32EnumAttrCase<"Equal", 0, "equal">, I32EnumAttrCase<"AtLeast", 1, "at_least">,
  I32EnumAttrCase<"OtherThan", 2, "other_than">, I32EnumAttrCase<"AtMost", 3, "at_most">]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}

def Dlc_ExtentCheckAttr : Dlc_Annotation<"ExtentCheck", "extent_check"> {
  let summary = "What must hold of two extents in a run";
  let description = [{
    The first of the two results of `values` is `equal` to, `at_least`, `other_than` or `at_most` the second. `what` is the layer
    that needs it.
  }];
  let parameters = (ins
    EnumParameter<Dlc_ExtentRelation>:$relation,
    "::mlir::AffineMapAttr":$values,
    "::mlir::StringAttr":$what);
}

def Dlc_ExtentChecksAttr : Dlc_Annotation<"ExtentChecks", "extent_checks"> {
  let summary = "What must hold of the extents of a function's tensors";
  let description = [{
    `checks` are `#dlc.extent_check`s over `symbols`, the names of dimensions.
  }];
  let parameters = (ins "::mlir::ArrayAttr":$symbols, "::mlir::ArrayAttr":$checks);
}

def Dlc_SymbolBoundsAttr : Dlc_Annotation<"SymbolBounds", "symbol_bounds"> {
  let summary = "The least and the greatest value of a symbol that callers may choose";
  let parameters = (ins
    DefaultValuedParameter<"int64_t", "0">:$minimum,
    DefaultValuedParameter<"int64_t", "::dlc::largestExtent">:$maximum);
}

//===-- Steps of loops ----------------------------------------------------===//

def Dlc_LoopStepAttr : Dlc_Annotation<"LoopStep", "loop_step"> {
  let summary = "What the function of an outlined loop's step is";
  let description = [{
    It returns `loop_carried` values for the next step and then one slice of each of `scan_outputs` outputs. The extents
    of its arguments (`dlc.extents`) are over `symbols`, names of dimensions of the entry point.
  }];
  let parameters = (ins "::mlir::ArrayAttr":$symbols, "int64_t":$loop_carried, "int64_t":$scan_outputs);
}

def Dlc_ResultExtentsAttr : Dlc_Annotation<"ResultExtents", "result_extents"> {
  let summary = "The extents that the functions of an outlined loop or choice give its results";
  let description = [{
    One affine map over `symbols` per result of a choice, or per slice of a loop's scan outputs. They are what inference
    through the functions would find.
  }];
  let parameters = (ins "::mlir::ArrayAttr":$symbols, "::mlir::ArrayAttr":$extents);
}

//===-- Programs ----------------------------------------------------------===//

def Dlc_EntryPointAttr : Dlc_Annotation<"EntryPoint", "entry_point"> {
  let summary = "A program function that the library's description lists";
  let description = [{
    - `name`: the entry point's; `prepare` is what a library runs once when it is loaded.
    - `workspace_bytes`: over the program's symbols.
    - `reads_variables`, `writes_variables`: whether it reads the old, gives new values of variables; `reads_derived`:
      whether it reads what other entry points derive from variables.
    - `segments`: how many blocks of memory it reserves in a run.
  }];
  let parameters = (ins
    "::mlir::StringAttr":$name,
    OptionalParameter<"::mlir::AffineMapAttr">:$workspace_bytes,
    DefaultValuedParameter<"bool", "false">:$reads_variables,
    DefaultValuedParameter<"bool", "false">:$writes_variables,
    DefaultValuedParameter<"bool", "false">:$reads_derived,
    DefaultValuedParameter<"int64_t", "0">:$segments);
  let builders = [AttrBuilder<(ins "::mlir::StringAttr":$name),
                              "return $_get($_ctxt, name, nullptr, false, false, false, 0);">];
}

def Dlc_TensorRole : I32EnumAttr<"TensorRole", "What callers do with a tensor of a program", [
  I32EnumAttrCase<"Input", 0, "input">, I32EnumAttrCase<"Output", 1, "output">, I32EnumAttrCase<"State", 2, "state">,
  I32EnumAttrCase<"NextState", 3, "next_state">]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}

def Dlc_ProgramTensorAttr : Dlc_Annotation<"ProgramTensor", "program_tensor"> {
  let summary = "An argument of a program that is the memory of a tensor";
  let description = [{
    - `role`, `name`: an `input`, an `output`, a `state` from the run before or the `next_state` of that name.
    - `tensor`, `dims`: its type, and its extents over the program's symbols.
    - `checks`: a list of `#dlc.element_check`, of an input or state.
    - `hyperparameter`: of an input, the value that it has if the caller gives none.
    - `label`: whether an input is what predictions are compared with.
    - `in_place`: whether a run changes the state where it is; there is no next state then.
    - `kept`: whether an output exists only for `--keep-tensors`.
  }];
  let parameters = (ins
    EnumParameter<Dlc_TensorRole>:$role,
    "::mlir::StringAttr":$name,
    "::mlir::RankedTensorType":$tensor,
    "::mlir::AffineMapAttr":$dims,
    OptionalParameter<"::mlir::ArrayAttr">:$checks,
    OptionalParameter<"::mlir::FloatAttr">:$hyperparameter,
    DefaultValuedParameter<"bool", "false">:$label,
    DefaultValuedParameter<"bool", "false">:$in_place,
    DefaultValuedParameter<"bool", "false">:$kept);
}

def Dlc_ElementSourceAttr : Dlc_Annotation<"ElementSource", "element_source"> {
  let summary = "The element of an input that decides a symbol";
  let description = [{
    The symbol is the greater of 0 and of element `position`, negated if `negative`, of the tensor that argument number
    `argument` of the program is; -1 if no argument is the input that the graph names, which is an error of the graph.
  }];
  let parameters = (ins "int64_t":$argument, "int64_t":$position, DefaultValuedParameter<"bool", "false">:$negative);
}

def Dlc_ProgramSymbolAttr : Dlc_Annotation<"ProgramSymbol", "program_symbol"> {
  let summary = "An argument of a program that is the value of a symbol";
  let description = [{
    One of an input's extents, or what `element` says. A symbol with a `bound`, an expression of the others, is one that
    the program computes and that is at most this.
  }];
  let parameters = (ins
    "::mlir::StringAttr":$name,
    DefaultValuedParameter<"int64_t", "0">:$minimum,
    DefaultValuedParameter<"int64_t", "::dlc::largestExtent">:$maximum,
    OptionalParameter<"::dlc::ElementSourceAttr">:$element,
    OptionalParameter<"::mlir::AffineMapAttr">:$bound);
}

def Dlc_ProgramBlock : I32EnumAttr<"ProgramBlock", "A block of memory that a program is given", [
  I32EnumAttrCase<"Workspace", 0, "workspace">, I32EnumAttrCase<"Constants", 1, "constants">,
  I32EnumAttrCase<"Prepacked", 2, "prepacked">, I32EnumAttrCase<"Variables", 3, "variables">]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}
def Dlc_ProgramBlockAttr : EnumAttr<Dlc_Dialect, Dlc_ProgramBlock, "program_block"> {
  let assemblyFormat = "`<` $value `>`";
}

def Dlc_ProgramMemoryAttr : Dlc_Annotation<"ProgramMemory", "program_memory"> {
  let summary = "How much memory the entry points of a program need, if each symbol is 1";
  let description = [{
    - `arena_bytes`: the greatest workspace.
    - `live_bytes`: the greatest sum of what is live at one time, which no plan can do better than.
    - `prepacked_bytes`: of the block that `prepare` fills.
  }];
  let parameters = (ins "int64_t":$arena_bytes, "int64_t":$live_bytes, "int64_t":$prepacked_bytes);
}

def Dlc_MachineRatesAttr : Dlc_Annotation<"MachineRates", "machine_rates"> {
  let summary = "What one core of a processor computes and reads per nanosecond";
  let description = [{
    - `name`: of the processor, or the hash of the file that the rates were read from.
    - `operations`: on f32, in full vectors; a multiply-add is two.
    - `cache_bytes`: what one core uses of each level of the cache, from the nearest on.
    - `bandwidths`: bytes from each level, and from memory.
  }];
  let parameters = (ins "mlir::StringAttr":$name, "mlir::FloatAttr":$operations, "mlir::DenseI64ArrayAttr":$cache_bytes,
                    "mlir::DenseF64ArrayAttr":$bandwidths);
}

#endif // DLC_ANNOTATIONS
