// SPDX-License-Identifier: Apache-2.0
// What is written for training of a graph that another importer has made.
#include "frontend/json/TrainedGraph.h"
#include "ir/Annotations.h"
#include "ir/Names.h"
#include "ir/OpsConstant.h"
#include "ir/OpsConversion.h"
#include "ir/OpsNormalization.h"
#include "ir/SignatureBuilder.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace dlc::json;

ImportedGraph::ImportedGraph(ModuleOp module, StringRef output, Reporter &reporter)
    : module(module), reporter(reporter), predict(module.lookupSymbol<func::FuncOp>("predict")) {
  assert(predict && "the importer calls the entry point of a model that is trained so");
  // Running statistics follow the data; optimizers leave them alone.
  predict.walk([&](dlc::BatchNormOp op) {
    if (dlc::annotation::momentum.get(op))
      for (Value statistics : {op.getMean(), op.getVariance()})
        if (auto parameter = module.lookupSymbol<dlc::ParameterOp>(getParameter(statistics)))
          parameter.setKind("buffer");
  });
  // An output that does not exist is reported where it is looked for.
  ValueRange results = predict.getBody().front().getTerminator()->getOperands();
  Value predictions = results.front();
  for (auto [number, result] : llvm::enumerate(results))
    if (dlc::annotation::name.getOfResult(predict, number).getValue() == output)
      predictions = result;
  findParameters(predictions);
}

ImportedGraph::~ImportedGraph() {
  module.walk([](Operation *op) {
    dlc::annotation::momentum.remove(op);
    if (!dlc::annotation::dropout.get(op))
      return;
    op->replaceAllUsesWith(op->getOperands());
    op->erase();
  });
}

StringRef ImportedGraph::getParameter(Value value) {
  auto load = value.getDefiningOp<dlc::LoadParameterOp>();
  return load ? load.getParameter() : StringRef();
}

/// Calls `visit` with the ops from which `values` depend; what is behind ops that it returns false for is left out.
static void visitSources(ValueRange values, llvm::function_ref<bool(Operation *)> visit) {
  llvm::SetVector<Operation *> seen;
  auto follow = [&](Value value) {
    if (Operation *op = value.getDefiningOp())
      seen.insert(op);
  };
  llvm::for_each(values, follow);
  for (size_t next = 0; next < seen.size(); ++next)
    seen[next]->walk([&](Operation *op) {
      if (visit(op))
        llvm::for_each(op->getOperands(), follow);
    });
}

void ImportedGraph::findParameters(Value predictions) {
  SmallVector<Operation *> barriers;
  visitSources(predictions, [&](Operation *op) {
    if (auto load = dyn_cast<dlc::LoadParameterOp>(op))
      used.insert(load.getParameter());
    if (op->hasTrait<dlc::NotDifferentiable>())
      barriers.push_back(op);
    return !op->hasTrait<dlc::NotDifferentiable>();
  });
  for (Operation *barrier : barriers)
    visitSources(barrier->getOperands(), [&](Operation *op) {
      auto load = dyn_cast<dlc::LoadParameterOp>(op);
      if (load && !used.contains(load.getParameter()))
        unreached.try_emplace(load.getParameter(), barrier);
      return true;
    });
}

std::string ImportedGraph::explainUntrained(dlc::ParameterOp parameter) const {
  if (used.contains(parameter.getSymName()))
    return "";
  Operation *barrier = unreached.lookup(parameter.getSymName());
  if (!barrier)
    return "the loss does not depend on it";
  return "the loss depends on it only through node '" + dlc::getLayerName(barrier->getLoc()) + "', whose op '" +
         barrier->getName().stripDialect().str() + "' has no gradient";
}

bool ImportedGraph::trainsByDefault(dlc::ParameterOp parameter) const {
  return cast<RankedTensorType>(parameter.getType()).getRank() > 0 && used.contains(parameter.getSymName());
}

/// Numbers that are not trained become constants again: kernels know their values.
void ImportedGraph::prepare(ArrayRef<dlc::ParameterOp> chosen) {
  for (dlc::ParameterOp parameter : chosen)
    trained.insert(parameter.getSymName());
  auto isNumber = [&](dlc::ParameterOp parameter) {
    return !trained.contains(parameter.getSymName()) && parameter.getKind() == "weight" && parameter.getValue() &&
           cast<RankedTensorType>(parameter.getType()).getRank() == 0;
  };
  SmallVector<dlc::LoadParameterOp> loads;
  module.walk([&](dlc::LoadParameterOp load) { loads.push_back(load); });
  for (dlc::LoadParameterOp load : loads)
    if (auto parameter = module.lookupSymbol<dlc::ParameterOp>(load.getParameter()); isNumber(parameter)) {
      OpBuilder builder(load);
      load.replaceAllUsesWith(
          dlc::ConstantOp::create(builder, load.getLoc(), load.getType(), *parameter.getValue()).getResult());
      load.erase();
    }
  for (auto parameter : llvm::make_early_inc_range(module.getOps<dlc::ParameterOp>()))
    if (isNumber(parameter))
      parameter.erase();
}

bool ImportedGraph::write(TrainingBatch &batch, TrainingScope *scope) {
  func::FuncOp function = batch.function;
  for (NamedAttribute attribute : predict->getDiscardableAttrs())
    function->setDiscardableAttr(attribute.getName(), attribute.getValue());
  Block &from = predict.getBody().front(), &to = function.getBody().front();
  dlc::SignatureBuilder signature(function);
  IRMapping mapping;
  for (BlockArgument argument : from.getArguments())
    mapping.map(argument, signature.addArgument(argument.getType(), argument.getLoc(),
                                                predict.getArgAttrDict(argument.getArgNumber())));
  signature.finish();
  OpBuilder builder = OpBuilder::atBlockEnd(&to);
  for (Operation &op : from.without_terminator())
    builder.clone(op, mapping);
  for (auto [number, result] : llvm::enumerate(from.getTerminator()->getOperands())) {
    std::string name = dlc::annotation::name.getOfResult(predict, number).str();
    batch.outputNames.push_back(name);
    batch.outputs.push_back(mapping.lookup(result));
  }
  if (scope) {
    SmallVector<Operation *> marked;
    function.walk([&](Operation *op) {
      if (dlc::annotation::momentum.get(op) || dlc::annotation::dropout.get(op))
        marked.push_back(op);
    });
    for (Operation *op : marked) {
      OpBuilder atOp(op);
      OpContext context(atOp, reporter, Attributes({}, nullptr), "", "the model", {});
      context.location = op->getLoc();
      Value trains = dlc::annotation::dropout.get(op) ? drop(context, op, *scope) : normalize(context, op, *scope);
      if (!trains)
        continue;
      std::replace(batch.outputs.begin(), batch.outputs.end(), Value(op->getResult(0)), trains);
      op->getResult(0).replaceAllUsesWith(trains);
      op->erase();
    }
  }
  for (auto [name, value] : llvm::zip(batch.outputNames, batch.outputs))
    batch.tensors[name] = value;
  return !reporter.hasErrors();
}

Value ImportedGraph::drop(OpContext &context, Operation *op, TrainingScope &scope) {
  return scope.drop(context, op->getOperand(0), dlc::annotation::dropout.get(op).getValueAsDouble());
}

/// By the statistics of the batch, which the running ones follow. As in other frameworks, a normalization whose scale
/// and shift are both frozen is frozen as a whole; null, too, where no parameters hold the running statistics.
Value ImportedGraph::normalize(OpContext &context, Operation *op, TrainingScope &scope) {
  auto norm = cast<dlc::BatchNormOp>(op);
  StringRef mean = getParameter(norm.getMean()), variance = getParameter(norm.getVariance());
  bool isFrozen = !trained.contains(getParameter(norm.getScale())) && !trained.contains(getParameter(norm.getBias()));
  // Steps of loops have no variables.
  bool isInGraph = isa<func::FuncOp>(op->getParentOp());
  if (isFrozen || mean.empty() || variance.empty() || mean == variance || !isInGraph)
    return {};
  return scope.normalizeBatch(context, norm.getX(), norm.getScale(), norm.getBias(), {mean.str(), variance.str()},
                              {norm.getMean(), norm.getVariance()},
                              1 - dlc::annotation::momentum.get(op).getValueAsDouble(),
                              norm.getEpsilon().convertToDouble(), /*isUnbiased=*/false);
}
