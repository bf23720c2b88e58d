// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/EntryArguments.h"
#include "backends/llvm/HostEmitter.h"
#include "dlc/abi.h"
#include <cstddef>

using namespace dlc;
using mlir::Value;
namespace arith = mlir::arith;

mlir::FailureOr<Value> dlc::replaceArguments(mlir::func::FuncOp function) {
  mlir::OpBuilder builder = mlir::OpBuilder::atBlockBegin(&function.front());
  HostEmitter emit{builder, function.getLoc()};
  mlir::Block &body = function.front();
  unsigned count = body.getNumArguments();
  Value call = body.addArgument(emit.pointerType(), function.getLoc());
  mlir::Type pointer = emit.pointerType(), i64 = builder.getI64Type();

  auto has = [&](unsigned index, llvm::StringRef attribute) {
    return function.getArgAttr(index, attribute) != nullptr;
  };
  int64_t inputCount = 0;
  for (unsigned index = 0; index < count; ++index)
    inputCount += has(index, "dlc.input");
  int64_t nextInput = 0, nextOutput = inputCount, nextSymbol = 0;
  llvm::StringMap<int64_t> stateNumbers;
  for (unsigned index = 0; index < count; ++index)
    if (auto name = function.getArgAttrOfType<mlir::StringAttr>(index, "dlc.state"))
      stateNumbers.try_emplace(name.getValue(), stateNumbers.size());
  Value tensors, symbols;
  for (unsigned index = 0; index < count; ++index) {
    Value argument = body.getArgument(index), replacement;
    auto field = [&](size_t offset) { return emit.toBuffer(emit.load(pointer, call, offset), argument.getType()); };
    if (has(index, "dlc.input") || has(index, "dlc.output")) {
      if (!tensors)
        tensors = emit.load(pointer, call, offsetof(dlc_call, tensors));
      int64_t place = has(index, "dlc.input") ? nextInput++ : nextOutput++;
      replacement = emit.toBuffer(emit.load(pointer, tensors, 8 * place), argument.getType());
    } else if (has(index, "dlc.state") || has(index, "dlc.next_state")) {
      bool isNext = has(index, "dlc.next_state");
      auto name = function.getArgAttrOfType<mlir::StringAttr>(index, isNext ? "dlc.next_state" : "dlc.state");
      auto number = stateNumbers.find(name.getValue());
      if (number == stateNumbers.end())
        return function.emitError("writes the state '") << name.getValue() << "', which no argument brings";
      Value table = emit.load(pointer, call, isNext ? offsetof(dlc_call, next_states) : offsetof(dlc_call, states));
      replacement = emit.toBuffer(emit.load(pointer, table, 8 * number->second), argument.getType());
    } else if (has(index, "dlc.symbol")) {
      if (!symbols)
        symbols = emit.load(pointer, call, offsetof(dlc_call, symbols));
      Value value = emit.load(i64, symbols, 8 * nextSymbol++);
      replacement = arith::IndexCastOp::create(builder, function.getLoc(), builder.getIndexType(), value);
    } else if (has(index, "dlc.workspace")) {
      replacement = field(offsetof(dlc_call, workspace));
    } else if (has(index, "dlc.constants")) {
      replacement = field(offsetof(dlc_call, constants));
    } else if (has(index, "dlc.prepared")) {
      replacement = field(offsetof(dlc_call, prepared));
    } else if (has(index, "dlc.variables")) {
      replacement = field(offsetof(dlc_call, variables));
    } else {
      return function.emitError("argument ")
             << index
             << " of an entry point has no role: expected one of dlc.input, dlc.output, "
                "dlc.state, dlc.next_state, dlc.symbol, dlc.workspace, dlc.constants, dlc.prepared, dlc.variables";
    }
    argument.replaceAllUsesWith(replacement);
  }
  body.eraseArguments(0, count);
  function.removeArgAttrsAttr();
  function.setType(builder.getFunctionType({pointer}, builder.getI32Type()));
  return call;
}
