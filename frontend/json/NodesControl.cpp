// SPDX-License-Identifier: Apache-2.0
// Control flow: nodes whose branches and steps are other functions of the model.
#include "frontend/json/NodeKinds.h"
#include "ir/ExtentAlgebra.h"
#include "ir/IfBuilder.h"
#include "ir/LoopBuilder.h"
#include "ir/OpsLogic.h"
#include "ir/OpsTraining.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace dlc::json;

/// Whether two tensors have one element type and the same extents in every run.
static bool haveSameType(Value a, Value b) {
  if (typeOf(a).getElementType() != typeOf(b).getElementType() || typeOf(a).getRank() != typeOf(b).getRank())
    return false;
  SmallVector<std::string> names;
  SmallVector<dlc::Dims> extents = dlc::inferExtents({a, b}, names);
  return llvm::equal(extents[0], extents[1], [](AffineExpr left, AffineExpr right) {
    return dlc::normalizeExtent(left) == dlc::normalizeExtent(right);
  });
}

/// Input `i` as one element of rank 0, as a tensor of the element type `type`.
static Value getScalar(NodeContext &context, size_t i, Type type) {
  Value value = context.operand(i, type);
  if (!value)
    return {};
  if (typeOf(value).getElementType() != type || !typeOf(value).hasStaticShape() || typeOf(value).getNumElements() != 1)
    return context.error("expects one " + describeType(type) + " as its input " + Twine(i + 1) + ", got " +
                         describeTensor(value));
  return typeOf(value).getRank() == 0 ? value : context.reshape(value, {});
}

/// Whether what was built in `block` only computes; an error if not.
static bool isPure(NodeContext &context, Block &block) {
  for (Operation &op : block)
    if (!isMemoryEffectFree(&op) || isa<dlc::GradientOp>(op)) {
      context.error("calls a function that trains, or takes a gradient: that is for the function around the node");
      return false;
    }
  return true;
}

/// The results of the function that attribute `key` names; none after an error.
static SmallVector<Value> call(NodeContext &context, StringRef key, ValueRange arguments) {
  SmallVector<Value> results =
      context.graph->call(context, context.attributes.string(key), arguments, /*isTraining=*/false);
  if (results.empty() || !isPure(context, *context.builder.getInsertionBlock()))
    return {};
  return results;
}

static NodeResults buildIf(NodeContext &context) {
  Value condition = getScalar(context, 0, context.builder.getI1Type());
  SmallVector<Value> arguments = context.operands();
  if (!condition || llvm::is_contained(arguments, Value()))
    return {};
  dlc::IfBuilder both(context.builder, context.location, condition);
  SmallVector<Value> results[2];
  constexpr StringLiteral keys[] = {"then_branch", "else_branch"};
  for (auto [branch, key] : llvm::enumerate(keys)) {
    both.enter(branch);
    results[branch] = call(context, key, ArrayRef(arguments).drop_front());
    if (results[branch].empty())
      return {};
    if (results[branch].size() < context.outputCount) {
      context.error(key, "names " + Twine(context.outputCount) + " outputs of a function that has " +
                             Twine(results[branch].size()));
      return {};
    }
    results[branch].truncate(context.outputCount);
    both.endBranch(results[branch]);
  }
  for (auto [onTrue, onFalse] : llvm::zip(results[0], results[1]))
    if (!haveSameType(onTrue, onFalse)) {
      context.error("has a result that is " + describeTensor(onTrue) + " in one branch and " + describeTensor(onFalse) +
                    " in the other: both must give the same");
      return {};
    }
  return NodeResults(both.finish(ValueRange(results[0]).getTypes()));
}

namespace {
/// How often a loop runs.
struct StepLimit {
  int64_t count = std::numeric_limits<int64_t>::max();
  Value limit; ///< null: `count`
};
} // namespace

static std::optional<StepLimit> getStepLimit(NodeContext &context) {
  StepLimit steps;
  Type i64 = context.builder.getI64Type();
  if (context.hasInput(0) && context.inputs[0].literal) {
    if (context.inputs[0].literal->kind != JsonValue::Kind::Integer) {
      context.error("expects a whole number of steps as its input 1");
      return std::nullopt;
    }
    steps.count = std::max<int64_t>(context.inputs[0].literal->integer, 0);
  } else if (context.hasInput(0)) {
    steps.limit = getScalar(context, 0, i64);
    if (!steps.limit)
      return std::nullopt;
  }
  if (!context.hasInput(1))
    return steps;
  Value holds = getScalar(context, 1, context.builder.getI1Type());
  if (!holds)
    return std::nullopt;
  auto number = [&](int64_t value) {
    auto type = RankedTensorType::get({}, i64);
    return context.constant(DenseElementsAttr::get(type, context.builder.getI64IntegerAttr(value)));
  };
  steps.limit = context.create<dlc::WhereOp>(holds, steps.limit ? steps.limit : number(steps.count), number(0));
  return steps;
}

static NodeResults buildLoop(NodeContext &context) {
  Builder &builder = context.builder;
  std::optional<StepLimit> steps = getStepLimit(context);
  SmallVector<Value> given;
  for (size_t i = 2; i < context.inputs.size(); ++i)
    given.push_back(context.operand(i));
  if (!steps || llvm::is_contained(given, Value()))
    return {};
  size_t loopCarried =
      context.attributes.isGiven("loop_carried") ? context.attributes.integer("loop_carried") : given.size();
  if (loopCarried > given.size()) {
    context.error("loop_carried",
                  "has " + Twine(loopCarried) + " loop-carried values and " + Twine(given.size()) + " inputs for them");
    return {};
  }
  auto initial = ArrayRef(given).take_front(loopCarried);
  dlc::LoopBuilder loop(context.builder, context.location, initial, {}, /*isReverse=*/false, steps->count);
  if (steps->limit)
    loop.setLimit(steps->limit);
  Value holds = context.constant(DenseElementsAttr::get(RankedTensorType::get({}, builder.getI1Type()), true));
  SmallVector<Value> arguments{loop.getStep(), holds};
  for (size_t i = 0; i < loopCarried; ++i)
    arguments.push_back(loop.getLoopCarried(i));
  llvm::append_range(arguments, ArrayRef(given).drop_front(loopCarried));
  SmallVector<Value> results = call(context, "body", arguments);
  if (results.empty())
    return {};
  if (results.size() < loopCarried + 1 || context.outputCount > results.size() - 1) {
    context.error("body",
                  "names a function of " + Twine(results.size()) +
                      " outputs; it gives whether there is another step, the loop-carried values, and then scan "
                      "outputs");
    return {};
  }
  auto next = ArrayRef(results).slice(1, loopCarried), slices = ArrayRef(results).drop_front(1 + loopCarried);
  Value stop;
  if (results.front() != holds) {
    auto type = typeOf(results.front());
    if (!type.getElementType().isInteger(1) || !type.hasStaticShape() || type.getNumElements() != 1) {
      context.error("body", "gives " + describeTensor(results.front()) + " instead of one truth value");
      return {};
    }
    stop = context.create<dlc::NotOp>(type.getRank() == 0 ? results.front() : context.reshape(results.front(), {}));
  }
  bool isCounted = !stop && !steps->limit && steps->count <= INT32_MAX;
  if (!slices.empty() && !isCounted) {
    context.error(
        "stacks outputs of steps whose number only a run knows, which is not supported: give a number of steps, "
        "no condition, and return the condition that the body is given");
    return {};
  }
  auto isLoopCarriedAs = [&](Value before, Value after) {
    if (before.getType() == after.getType() && haveSameType(before, after))
      return true;
    context.error("has the loop-carried value " + describeTensor(before) + ", which its body makes " +
                  describeTensor(after));
    return false;
  };
  for (auto [before, after] : llvm::zip(initial, next))
    if (before.getType() != after.getType() && !isLoopCarriedAs(before, after))
      return {};
  ResultRange made = loop.finish(next, slices, stop);
  // Symbolic extents of a step are those of the loop, which has operands now.
  for (auto [before, after] : llvm::zip(initial, next))
    if (!isLoopCarriedAs(before, after))
      return {};
  return NodeResults(made.take_front(results.size() - 1));
}

void dlc::json::addControlNodes(std::vector<NodeKind> &kinds) {
  kinds.push_back({"If",
                   1,
                   SIZE_MAX,
                   SIZE_MAX,
                   {required("then_branch", string(), "The function that a run calls where the first input is true"),
                    required("else_branch", string(), "The function that it calls otherwise")},
                   buildIf});
  kinds.push_back(
      {"Loop",
       0,
       SIZE_MAX,
       SIZE_MAX,
       {required("body", string(),
                 "The function of a step: of the step's number, true, the loop-carried values and the other "
                 "inputs; it gives whether there is another step, the loop-carried values, and scan outputs"),
        optional("loop_carried", integer(0), "",
                 "How many inputs after the first two are loop-carried; all, if missing")},
       buildLoop});
}
