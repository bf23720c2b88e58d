// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a program looks like from outside: the part of the model's description that the IR tells.
#ifndef DLC_BACKENDS_LLVM_PROGRAMDESCRIPTION_H
#define DLC_BACKENDS_LLVM_PROGRAMDESCRIPTION_H

#include "ir/DlcDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include <vector>

namespace dlc {

struct SymbolDescription {
  std::string name;
  int64_t minimum = 0, maximum = 0; ///< inclusive
  uint32_t source = 0;              ///< dlc_symbol_source
  uint32_t input = 0;               ///< of an element: the number of its input
  uint64_t element = 0;             ///< and its position there
  mlir::AffineExpr bound;           ///< of what a run computes: its largest value, over the other symbols, or the
                                    ///< symbol itself if that has none; else null
};

struct TensorDescription {
  std::string name;
  uint32_t elementType = 0;             ///< dlc_element_type
  Dims dims;                            ///< over the entry point's symbols
  bool isKept = false;                  ///< exists only because of --keep-tensors
  bool isInPlace = false;               ///< a state that a run changes in place
  uint32_t slot = 0;                    ///< of a state: its number in the program
  bool isLabel = false;                 ///< what predictions are compared with
  std::optional<double> hyperparameter; ///< the default, if it is one
};

/// A parameter, or what training needs beside, as dlc_variable_info has it.
struct VariableDescription {
  std::string name;
  uint32_t elementType = 0, kind = 0;
  llvm::SmallVector<int64_t> dims;
  uint64_t offset = 0;
};

/// What the elements of an input must be, as in dlc_index_check.
struct IndexCheckDescription {
  std::string what;
  uint32_t tensor = 0, flags = 0;
  int64_t extent = 0, steps = 0; ///< encoded as there
  llvm::SmallVector<int64_t> starts, sizes;
  int64_t exception = 0;
};

struct EntryDescription {
  std::string name;
  std::vector<TensorDescription> inputs, outputs, states;
  std::vector<SymbolDescription> symbols;
  std::vector<IndexCheckDescription> checks;
  mlir::AffineMap workspaceBytes; ///< one result over the symbols
  uint32_t flags = 0;             ///< dlc_entry_flag
  uint32_t segments = 0;          ///< blocks that it reserves while it runs

  /// The bounds of its symbols, as ir/ExtentBounds.h takes them.
  llvm::SmallVector<mlir::AffineExpr> getBounds() const {
    llvm::SmallVector<mlir::AffineExpr> bounds;
    for (const SymbolDescription &symbol : symbols)
      bounds.push_back(symbol.bound);
    return bounds;
  }

  /// Whether an extent of an output is neither a number nor a symbol that the inputs give.
  bool computesShapes() const;
};

struct ProgramDescription {
  std::vector<EntryDescription> entries; ///< without `prepare`
  bool hasPrepare = false;
  uint32_t stateCount = 0; ///< of all entry points together
  uint64_t prepackedBytes = 0, constantBytes = 0, variableBytes = 0;
  std::vector<VariableDescription> variables;
  std::string launches; ///< dlc_program.launches; empty before they are numbered
};

/// Reads the attributes of the program level. Fails with a diagnostic where the ABI cannot say what they say.
mlir::FailureOr<ProgramDescription> describeProgram(mlir::ModuleOp module);

/// The ABI's code of an element type, none if the ABI has no such type.
std::optional<uint32_t> getElementTypeCode(mlir::Type type);

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_PROGRAMDESCRIPTION_H
