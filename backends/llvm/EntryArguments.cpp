// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/EntryArguments.h"
#include "llvm/ADT/StringMap.h"

using namespace dlc;

mlir::FailureOr<llvm::SmallVector<EntryArgument>> dlc::locateArguments(mlir::func::FuncOp function) {
  // Outputs follow the inputs, and a next state has the number of the state, wherever their arguments are.
  int64_t inputCount = 0;
  llvm::StringMap<int64_t> stateNumbers;
  for (unsigned index = 0; index < function.getNumArguments(); ++index) {
    inputCount += function.getArgAttr(index, "dlc.input") != nullptr;
    if (auto name = function.getArgAttrOfType<mlir::StringAttr>(index, "dlc.state"))
      stateNumbers.try_emplace(name.getValue(), stateNumbers.size());
  }

  int64_t nextInput = 0, nextOutput = inputCount, nextSymbol = 0;
  llvm::SmallVector<EntryArgument> result;
  for (unsigned index = 0; index < function.getNumArguments(); ++index) {
    auto has = [&](llvm::StringRef attribute) { return function.getArgAttr(index, attribute) != nullptr; };
    EntryArgument argument;
    if (has("dlc.input") || has("dlc.output")) {
      argument.base = DLC_BASE_TENSOR;
      argument.number = has("dlc.input") ? nextInput++ : nextOutput++;
    } else if (has("dlc.state") || has("dlc.next_state")) {
      bool isNext = has("dlc.next_state");
      auto name = function.getArgAttrOfType<mlir::StringAttr>(index, isNext ? "dlc.next_state" : "dlc.state");
      auto number = stateNumbers.find(name.getValue());
      if (number == stateNumbers.end())
        return function.emitError("writes the state '") << name.getValue() << "', which no argument brings";
      argument.base = isNext ? DLC_BASE_NEXT_STATE : DLC_BASE_STATE;
      argument.number = number->second;
    } else if (has("dlc.symbol")) {
      argument.isSymbol = true;
      argument.number = nextSymbol++;
    } else if (has("dlc.workspace")) {
      argument.base = DLC_BASE_WORKSPACE;
    } else if (has("dlc.constants")) {
      argument.base = DLC_BASE_CONSTANTS;
    } else if (has("dlc.prepared")) {
      argument.base = DLC_BASE_PREPARED;
    } else if (has("dlc.variables")) {
      argument.base = DLC_BASE_VARIABLES;
    } else {
      return function.emitError("argument ")
             << index
             << " of an entry point has no role: expected one of dlc.input, dlc.output, "
                "dlc.state, dlc.next_state, dlc.symbol, dlc.workspace, dlc.constants, dlc.prepared, dlc.variables";
    }
    result.push_back(argument);
  }
  return result;
}
