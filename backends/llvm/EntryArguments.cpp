// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/EntryArguments.h"
#include "backends/llvm/HostEmitter.h"
#include "ir/Annotations.h"
#include "llvm/ADT/StringMap.h"
#include <cstddef>

using namespace dlc;
using mlir::Value;
namespace arith = mlir::arith;

static dlc_argument_base getBase(ProgramBlock block) {
  switch (block) {
  case ProgramBlock::Workspace:
    return DLC_BASE_WORKSPACE;
  case ProgramBlock::Constants:
    return DLC_BASE_CONSTANTS;
  case ProgramBlock::Prepacked:
    return DLC_BASE_PREPARED;
  case ProgramBlock::Variables:
    return DLC_BASE_VARIABLES;
  }
  llvm_unreachable("every block has a base");
}

mlir::FailureOr<llvm::SmallVector<EntryArgument>> dlc::locateArguments(mlir::func::FuncOp function) {
  // Outputs follow the inputs, and a next state has the number of the state, wherever their arguments are.
  int64_t inputCount = 0;
  llvm::StringMap<int64_t> stateNumbers;
  for (unsigned index = 0; index < function.getNumArguments(); ++index) {
    ProgramTensorAttr tensor = annotation::tensor.getOfArgument(function, index);
    inputCount += tensor && tensor.getRole() == TensorRole::Input;
    if (tensor && tensor.getRole() == TensorRole::State)
      stateNumbers.try_emplace(tensor.getName().getValue(), stateNumbers.size());
  }

  int64_t nextInput = 0, nextOutput = inputCount, nextSymbol = 0;
  llvm::SmallVector<EntryArgument> result;
  for (unsigned index = 0; index < function.getNumArguments(); ++index) {
    EntryArgument argument;
    if (ProgramTensorAttr tensor = annotation::tensor.getOfArgument(function, index)) {
      TensorRole role = tensor.getRole();
      if (role == TensorRole::Input || role == TensorRole::Output) {
        argument.base = DLC_BASE_TENSOR;
        argument.number = role == TensorRole::Input ? nextInput++ : nextOutput++;
      } else {
        auto number = stateNumbers.find(tensor.getName().getValue());
        if (number == stateNumbers.end())
          return function.emitError("writes the state '")
                 << tensor.getName().getValue() << "', which no argument brings";
        argument.base = role == TensorRole::NextState ? DLC_BASE_NEXT_STATE : DLC_BASE_STATE;
        argument.number = number->second;
      }
    } else if (annotation::symbol.getOfArgument(function, index)) {
      argument.isSymbol = true;
      argument.number = nextSymbol++;
    } else if (ProgramBlockAttr block = annotation::block.getOfArgument(function, index)) {
      argument.base = getBase(block.getValue());
    } else {
      return function.emitError("argument ")
             << index << " of an entry point has no role: expected one of dlc.tensor, dlc.symbol, dlc.block";
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
  auto positions = locateArguments(function);
  if (mlir::failed(positions))
    return mlir::failure();
  mlir::OpBuilder builder = mlir::OpBuilder::atBlockBegin(&function.front());
  HostEmitter emit{builder, function.getLoc()};
  mlir::Block &body = function.front();
  unsigned count = body.getNumArguments();
  CallReader reader(emit, body.addArgument(emit.pointerType(), function.getLoc()));
  for (unsigned index = 0; index < count; ++index) {
    Value argument = body.getArgument(index);
    EntryArgument position = (*positions)[index];
    if (argument.use_empty())
      continue;
    if (position.isSymbol) {
      Value number = reader.readElement(offsetof(dlc_call, symbols), builder.getI64Type(), position.number);
      argument.replaceAllUsesWith(
          arith::IndexCastOp::create(builder, function.getLoc(), builder.getIndexType(), number));
    } else {
      argument.replaceAllUsesWith(emit.toBuffer(reader.findBlock(position), argument.getType()));
    }
  }
  body.eraseArguments(0, count);
  function.removeArgAttrsAttr();
  function.setType(builder.getFunctionType({emit.pointerType()}, builder.getI32Type()));
  return reader.call;
}
