// SPDX-License-Identifier: Apache-2.0
#include "frontend/Recurrence.h"
#include "ir/Annotations.h"
#include "ir/LoopBuilder.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsComparison.h"
#include "ir/OpsConstant.h"
#include "ir/OpsConversion.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsLinear.h"
#include "ir/OpsLogic.h"
#include "ir/OpsReduction.h"
#include "ir/OpsShape.h"
#include "ir/OpsSlicing.h"

using namespace mlir;

namespace dlc {

int64_t getGateCount(RecurrentKind kind) {
  return kind == RecurrentKind::Elman ? 1 : kind == RecurrentKind::Gru ? 3 : 4;
}
size_t getActivationCount(RecurrentKind kind) {
  return kind == RecurrentKind::Elman ? 1 : kind == RecurrentKind::Gru ? 2 : 3;
}

static RankedTensorType typeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

static Value createSplat(OpBuilder &builder, Location location, llvm::ArrayRef<int64_t> shape, Type elementType,
                         double number) {
  auto type = RankedTensorType::get(shape, elementType);
  Attribute element = llvm::isa<FloatType>(elementType)
                          ? Attribute(builder.getFloatAttr(elementType, number))
                          : Attribute(builder.getIntegerAttr(elementType, static_cast<int64_t>(number)));
  return ConstantOp::create(builder, location, type, llvm::cast<ElementsAttr>(DenseElementsAttr::get(type, element)));
}

Value createZeroState(OpBuilder &builder, Location location, Value x, int64_t batchDim, int64_t units) {
  RankedTensorType type = typeOf(x);
  if (!type.isDynamicDim(batchDim))
    return createSplat(builder, location, {type.getDimSize(batchDim), units}, type.getElementType(), 0);
  return FillOp::create(builder, location, x, llvm::ArrayRef<int64_t>{-2 - batchDim, units}, llvm::APFloat(0.0),
                        type.getElementType());
}

namespace {

/// Appends one step of a cell.
class CellBuilder {
public:
  CellBuilder(OpBuilder &builder, Location location, const RecurrentCell &cell, LoopBuilder *loop,
              const RecurrentWeights &weights, int64_t units)
      : builder(builder), location(location), cell(cell), loop(loop), weights(weights), units(units) {}

  RecurrentState build(Value x, const RecurrentState &state) {
    switch (cell.kind) {
    case RecurrentKind::Elman:
      return {activate(0, sum(x, state.hidden)), {}};
    case RecurrentKind::Gru:
      return {buildGru(x, state.hidden), {}};
    case RecurrentKind::Lstm:
      return buildLstm(x, state);
    }
    llvm_unreachable("all kinds are built");
  }

private:
  template <typename OpTy, typename... Args> Value create(Args &&...args) {
    return OpTy::create(builder, location, std::forward<Args>(args)...);
  }
  void goOutside() {
    if (loop)
      loop->goOutside();
  }
  /// `x` [N, K] times the transpose of `weight` [M, K].
  Value multiply(Value x, Value weight) { return create<MatMulOp>(x, weight, false, true); }
  /// `x` plus a value of the function around the loop, which may be null.
  Value addBias(Value x, Value bias) { return bias ? create<AddOp>(x, bias) : x; }
  Value activate(size_t i, Value x) {
    if (cell.clip)
      x = create<ClampOp>(x, builder.getF64FloatAttr(-*cell.clip), builder.getF64FloatAttr(*cell.clip));
    return cell.activations[i](builder, location, x);
  }
  Value one() { return createSplat(builder, location, {}, typeOf(weights.recurrent).getElementType(), 1); }

  /// A gate's columns of `z` [N, gates H], whose first gate is number `first` of the cell.
  Value gate(char name, Value z, size_t first = 0) {
    size_t position = cell.gates.find(name);
    assert(position != std::string::npos && "cells name their gates");
    return create<SliceOp>(z, llvm::ArrayRef<int64_t>{0, static_cast<int64_t>(position - first) * units},
                           llvm::ArrayRef<int64_t>{-1, units}, llvm::ArrayRef<int64_t>{1, 1});
  }
  /// The hidden state as its product with R takes it.
  Value drop(Value h) { return weights.stateFactor ? create<MulOp>(h, weights.stateFactor) : h; }
  /// W x + R h + b of all gates.
  Value sum(Value x, Value h) {
    Value z = create<AddOp>(multiply(x, weights.input), multiply(drop(h), weights.recurrent));
    return addBias(z, bothBiases());
  }
  /// The sum of both biases, outside the loop.
  Value bothBiases() {
    if (!weights.inputBias || !weights.recurrentBias)
      return weights.inputBias ? weights.inputBias : weights.recurrentBias;
    OpBuilder::InsertionGuard guard(builder);
    goOutside();
    return create<AddOp>(weights.inputBias, weights.recurrentBias);
  }
  /// Elements [first, first + count) of dimension 0 of `value`, outside the loop.
  Value rows(Value value, int64_t first, int64_t count) {
    OpBuilder::InsertionGuard guard(builder);
    goOutside();
    llvm::SmallVector<int64_t> starts{first}, sizes{count}, steps{1};
    if (typeOf(value).getRank() == 2) {
      starts.push_back(0), sizes.push_back(-1), steps.push_back(1);
    }
    return create<SliceOp>(value, starts, sizes, steps);
  }

  RecurrentState buildLstm(Value x, const RecurrentState &state) {
    Value z = sum(x, state.hidden);
    auto gateOf = [&](char name, size_t peephole, Value c) {
      Value sum = gate(name, z);
      if (weights.peepholes)
        sum = create<AddOp>(sum, create<MulOp>(c, rows(weights.peepholes, peephole * units, units)));
      return activate(0, sum);
    };
    Value i = gateOf('i', 0, state.cell);
    Value forget = cell.couplesGates ? create<SubOp>(one(), i) : gateOf('f', 2, state.cell);
    Value candidate = activate(1, gate('c', z));
    Value c = create<AddOp>(create<MulOp>(forget, state.cell), create<MulOp>(i, candidate));
    Value o = gateOf('o', 1, c);
    return {create<MulOp>(o, cell.activations[2](builder, location, c)), c};
  }

  Value buildGru(Value x, Value h) {
    Value z, r, n;
    if (cell.resetsAfter) {
      Value ofInput = addBias(multiply(x, weights.input), weights.inputBias);
      Value ofState = addBias(multiply(drop(h), weights.recurrent), weights.recurrentBias);
      auto gateOf = [&](char name) { return activate(0, create<AddOp>(gate(name, ofInput), gate(name, ofState))); };
      z = gateOf('z'), r = gateOf('r');
      n = activate(1, create<AddOp>(gate('h', ofInput), create<MulOp>(r, gate('h', ofState))));
    } else {
      assert(cell.gates.find('h') == 2 && "rows of the gates that take h alone are adjacent");
      Value ofInput = addBias(multiply(x, weights.input), bothBiases());
      Value ofState = multiply(drop(h), rows(weights.recurrent, 0, 2 * units));
      auto gateOf = [&](char name) { return activate(0, create<AddOp>(gate(name, ofInput), gate(name, ofState))); };
      z = gateOf('z'), r = gateOf('r');
      Value ofReset = multiply(create<MulOp>(r, drop(h)), rows(weights.recurrent, 2 * units, units));
      n = activate(1, create<AddOp>(gate('h', ofInput), ofReset));
    }
    return create<AddOp>(create<MulOp>(create<SubOp>(one(), z), n), create<MulOp>(z, h));
  }

  OpBuilder &builder;
  Location location;
  const RecurrentCell &cell;
  LoopBuilder *loop; ///< null: the step is not in a loop
  const RecurrentWeights &weights;
  int64_t units;
};

} // namespace

/// Per sequence, as i64 [N, 1]: the number of valid steps, or for a loop in reverse the number of steps to skip.
static Value createLimits(OpBuilder &builder, Location location, Value x, Value lengths, bool isReverse) {
  Type i64 = builder.getI64Type();
  if (typeOf(lengths).getElementType() != i64)
    lengths = CastOp::create(builder, location, lengths, i64);
  Value limits = ReshapeOp::create(builder, location, lengths, llvm::ArrayRef<int64_t>{-2, 1});
  if (!isReverse)
    return limits;
  Value steps;
  if (typeOf(x).isDynamicDim(0)) {
    Value ones = FillOp::create(builder, location, x, llvm::ArrayRef<int64_t>{-2}, llvm::APFloat(1.0), i64);
    steps = ReduceOp::create(builder, location, ReductionKind::Sum, ones, llvm::ArrayRef<int64_t>{0});
  } else {
    steps = createSplat(builder, location, {}, i64, static_cast<double>(typeOf(x).getDimSize(0)));
  }
  return SubOp::create(builder, location, steps, limits);
}

RecurrentResults buildRecurrence(OpBuilder &builder, Location location, const RecurrentCell &cell,
                                 const RecurrentWeights &weights, Value x, Value lengths, RecurrentState initial,
                                 bool isReverse, bool wantsSequence) {
  int64_t units = typeOf(weights.recurrent).getDimSize(1);
  llvm::SmallVector<Value, 2> loopCarried{initial.hidden};
  if (cell.kind == RecurrentKind::Lstm)
    loopCarried.push_back(initial.cell);
  for (Value &state : loopCarried)
    if (!state)
      state = createZeroState(builder, location, x, 1, units);
  if (typeOf(x).getDimSize(0) == 1 && !lengths) {
    Value only = ReshapeOp::create(builder, location, x, ArrayRef<int64_t>{-3, typeOf(x).getDimSize(2)});
    RecurrentResults outcome;
    outcome.state = CellBuilder(builder, location, cell, nullptr, weights, units)
                        .build(only, {loopCarried[0], loopCarried.size() > 1 ? loopCarried[1] : Value()});
    if (wantsSequence)
      outcome.sequence = ReshapeOp::create(builder, location, outcome.state.hidden, ArrayRef<int64_t>{1, -2, units});
    return outcome;
  }
  Value limits = lengths ? createLimits(builder, location, x, lengths, isReverse) : Value();

  LoopBuilder loop(builder, location, loopCarried, x, isReverse);
  RecurrentState before{loop.getLoopCarried(0), loopCarried.size() > 1 ? loop.getLoopCarried(1) : Value()};
  CellBuilder step(builder, location, cell, &loop, weights, units);
  RecurrentState after = step.build(loop.getScanSlice(0), before);
  Value output = after.hidden;
  if (limits) {
    Value isValid = isReverse ? Value(GreaterOrEqualOp::create(builder, location, loop.getStep(), limits))
                              : Value(LessOp::create(builder, location, loop.getStep(), limits));
    // Lengths that a caller gives are checked before a run.
    dlc::annotation::lengths.set(isValid.getDefiningOp(), builder.getUnitAttr());
    Value zero = createSplat(builder, location, {}, typeOf(x).getElementType(), 0);
    if (wantsSequence)
      output = WhereOp::create(builder, location, isValid, after.hidden, zero);
    after.hidden = WhereOp::create(builder, location, isValid, after.hidden, before.hidden);
    if (after.cell)
      after.cell = WhereOp::create(builder, location, isValid, after.cell, before.cell);
  }
  llvm::SmallVector<Value, 2> next{after.hidden};
  if (after.cell)
    next.push_back(after.cell);
  ResultRange results = loop.finish(next, wantsSequence ? ValueRange(output) : ValueRange());
  RecurrentResults outcome;
  outcome.state = {results[0], after.cell ? Value(results[1]) : Value()};
  if (wantsSequence)
    outcome.sequence = results[loopCarried.size()];
  return outcome;
}

} // namespace dlc
