// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/EntryArguments.h"
#include "backends/llvm/HostEmitter.h"
#include "llvm/ADT/StringMap.h"
#include <cstddef>

using namespace dlc;
using mlir::Value;
namespace arith = mlir::arith;

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

namespace {
/// Reads what a dlc_call tells of blocks and numbers.
struct CallReader {
  CallReader(HostEmitter emit, Value call) : emit(emit), call(call) {}

  HostEmitter emit;
  Value call;
  llvm::SmallDenseMap<size_t, Value> tables; ///< of addresses or numbers, by their field of the call

  Value readElement(size_t field, mlir::Type type, int64_t number) {
    Value &table = tables[field];
    if (!table)
      table = emit.load(emit.pointerType(), call, field);
    return emit.load(type, table, 8 * number);
  }

  Value findBlock(EntryArgument argument) {
    mlir::Type pointer = emit.pointerType();
    switch (argument.base) {
    case DLC_BASE_WORKSPACE:
      return emit.load(pointer, call, offsetof(dlc_call, workspace));
    case DLC_BASE_CONSTANTS:
      return emit.load(pointer, call, offsetof(dlc_call, constants));
    case DLC_BASE_PREPARED:
      return emit.load(pointer, call, offsetof(dlc_call, prepared));
    case DLC_BASE_VARIABLES:
      return emit.load(pointer, call, offsetof(dlc_call, variables));
    case DLC_BASE_TENSOR:
      return readElement(offsetof(dlc_call, tensors), pointer, argument.number);
    case DLC_BASE_STATE:
      return readElement(offsetof(dlc_call, states), pointer, argument.number);
    case DLC_BASE_NEXT_STATE:
      return readElement(offsetof(dlc_call, next_states), pointer, argument.number);
    default:
      llvm_unreachable("a buffer is in a block");
    }
  }
};
} // namespace

mlir::FailureOr<Value> dlc::replaceArguments(mlir::func::FuncOp function) {
  auto places = locateArguments(function);
  if (mlir::failed(places))
    return mlir::failure();
  mlir::OpBuilder builder = mlir::OpBuilder::atBlockBegin(&function.front());
  HostEmitter emit{builder, function.getLoc()};
  mlir::Block &body = function.front();
  unsigned count = body.getNumArguments();
  CallReader reader(emit, body.addArgument(emit.pointerType(), function.getLoc()));
  for (unsigned index = 0; index < count; ++index) {
    Value argument = body.getArgument(index);
    EntryArgument place = (*places)[index];
    if (argument.use_empty())
      continue;
    if (place.isSymbol) {
      Value number = reader.readElement(offsetof(dlc_call, symbols), builder.getI64Type(), place.number);
      argument.replaceAllUsesWith(
          arith::IndexCastOp::create(builder, function.getLoc(), builder.getIndexType(), number));
    } else {
      argument.replaceAllUsesWith(emit.toBuffer(reader.findBlock(place), argument.getType()));
    }
  }
  body.eraseArguments(0, count);
  function.removeArgAttrsAttr();
  function.setType(builder.getFunctionType({emit.pointerType()}, builder.getI32Type()));
  return reader.call;
}
