// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/ProgramDifference.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace dlc;

/// Extents as text: those of two programs are of different contexts.
static std::string describeDims(llvm::ArrayRef<mlir::AffineExpr> dims) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::interleave(dims, stream, [&](mlir::AffineExpr dim) { stream << dim; }, ", ");
  return text;
}

static bool areSame(const TensorDescription &a, const TensorDescription &b) {
  return a.name == b.name && a.elementType == b.elementType && describeDims(a.dims) == describeDims(b.dims) &&
         a.isKept == b.isKept && a.isInPlace == b.isInPlace && a.slot == b.slot && a.isLabel == b.isLabel &&
         a.hyperparameter == b.hyperparameter;
}

static bool areSame(const SymbolDescription &a, const SymbolDescription &b) {
  return a.name == b.name && a.minimum == b.minimum && a.maximum == b.maximum && a.source == b.source &&
         a.input == b.input && a.element == b.element && !a.bound == !b.bound &&
         (!a.bound || describeDims(a.bound) == describeDims(b.bound));
}

static bool areSame(const VariableDescription &a, const VariableDescription &b) {
  return a.name == b.name && a.elementType == b.elementType && a.kind == b.kind && a.dims == b.dims &&
         a.offset == b.offset;
}

static bool areSame(const IndexCheckDescription &a, const IndexCheckDescription &b) {
  return a.what == b.what && a.tensor == b.tensor && a.flags == b.flags && a.extent == b.extent && a.steps == b.steps &&
         a.starts == b.starts && a.sizes == b.sizes && a.exception == b.exception;
}

/// The first of the elements that differ; empty if none do.
template <typename T>
static std::string compare(const std::vector<T> &first, const std::vector<T> &second, llvm::StringRef role) {
  for (auto [a, b] : llvm::zip(first, second))
    if (!areSame(a, b)) {
      if constexpr (std::is_same_v<T, IndexCheckDescription>)
        return (role + " of " + a.what).str();
      else
        return (role + " '" + a.name + "'").str();
    }
  return first.size() == second.size() ? "" : ("the number of " + role + "s").str();
}

static std::string compareEntries(const EntryDescription &first, const EntryDescription &second) {
  if (first.name != second.name)
    return "entry point '" + first.name + "'";
  std::string of = " of '" + first.name + "'";
  for (const std::string &difference :
       {compare(first.inputs, second.inputs, "input"), compare(first.outputs, second.outputs, "output"),
        compare(first.states, second.states, "state"), compare(first.symbols, second.symbols, "dimension"),
        compare(first.checks, second.checks, "check")})
    if (!difference.empty())
      return difference + of;
  return first.flags == second.flags ? "" : "the use of variables" + of;
}

std::string dlc::findDifference(const ProgramDescription &first, const ProgramDescription &second) {
  if (first.entries.size() != second.entries.size())
    return "the number of entry points";
  for (auto [a, b] : llvm::zip(first.entries, second.entries))
    if (std::string difference = compareEntries(a, b); !difference.empty())
      return difference;
  if (std::string difference = compare(first.variables, second.variables, "variable"); !difference.empty())
    return difference;
  return first.stateCount == second.stateCount && first.variableBytes == second.variableBytes
             ? ""
             : "the number of states or the size of variables";
}
