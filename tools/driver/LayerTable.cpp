// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/LayerTable.h"
#include "analysis/KernelCost.h"
#include "ir/ExtentDescription.h"
#include "ir/Names.h"
#include "ir/OpsConstant.h"
#include "ir/OpsParameter.h"
#include "ir/SymbolicShapes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;

namespace {
/// Neighbouring ops that have the name of one layer.
struct Layer {
  std::string name, op;
  Value result;                    ///< of the last one
  double operations = 0, most = 0; ///< of all ops, and of the op with most of them, which the layer is called after
  int64_t parameters = 0;
};
} // namespace

/// Operations of `op`; of one with regions, those of its ops, once.
static double countOperations(Operation *op) {
  bool isTensor = op->getNumResults() && isa<RankedTensorType>(op->getResult(0).getType());
  bool areTensors = isTensor && llvm::all_of(op->getOperandTypes(), llvm::IsaPred<RankedTensorType>);
  double operations = areTensors && !op->getNumRegions() ? dlc::estimateOperations(op) : 0;
  for (Region &region : op->getRegions())
    for (Operation &inner : region.getOps())
      operations += countOperations(&inner);
  return operations;
}

/// Elements of the weights that `op` reads and that are not in `seen`, nor, later, again.
static int64_t countParameters(Operation *op, llvm::SmallPtrSetImpl<const void *> &seen) {
  int64_t count = 0;
  op->walk([&](Operation *inner) {
    for (Value operand : inner->getOperands()) {
      auto type = dyn_cast<RankedTensorType>(operand.getType());
      if (!type || !type.hasStaticShape())
        continue;
      const void *identity = nullptr;
      if (auto load = operand.getDefiningOp<dlc::LoadParameterOp>())
        identity = load.getParameterAttr().getAsOpaquePointer();
      else if (auto constant = operand.getDefiningOp<dlc::ConstantOp>();
               constant && type.getRank() && isa<FloatType>(type.getElementType()))
        identity = constant.getAsOpaquePointer();
      if (identity && seen.insert(identity).second)
        count += type.getNumElements();
    }
  });
  return count;
}

static func::FuncOp findMain(ModuleOp module) {
  for (const char *name : {"run", "predict"})
    if (auto function = module.lookupSymbol<func::FuncOp>(name))
      return function;
  auto functions = module.getOps<func::FuncOp>();
  return functions.empty() ? func::FuncOp() : *functions.begin();
}

/// Whether `extent` has at most `left` parts, so that a person can read it.
static bool isReadable(AffineExpr extent, int &left) {
  if (--left < 0)
    return false;
  auto binary = dyn_cast<AffineBinaryOpExpr>(extent);
  return !binary || (isReadable(binary.getLHS(), left) && isReadable(binary.getRHS(), left));
}

/// "N, 16, 8", with "?" for extents that nobody could read: those that follow from others in many steps.
static std::string writeExtents(ArrayRef<AffineExpr> dims, ArrayRef<std::string> symbols) {
  std::string text;
  for (AffineExpr dim : dims) {
    int parts = 16;
    text += (text.empty() ? "" : ", ") + (isReadable(dim, parts) ? dlc::describeExtent(dim, symbols) : "?");
  }
  return text;
}

std::string dlc::listLayers(ModuleOp module) {
  func::FuncOp function = findMain(module);
  if (!function)
    return "";
  // What cannot be inferred is reported where it matters.
  ScopedDiagnosticHandler quiet(module.getContext(), [](Diagnostic &) { return success(); });
  FailureOr<SymbolicShapes> shapes = SymbolicShapes::analyze(function);
  if (failed(shapes))
    return "";
  SmallVector<Layer> layers;
  llvm::SmallPtrSet<const void *, 16> seen;
  for (Operation &op : function.getOps()) {
    if (op.hasTrait<WeightSource>() || !op.getNumResults() || !isa<RankedTensorType>(op.getResult(0).getType()) ||
        !shapes->contains(op.getResult(0)))
      continue;
    std::string name = getLayerName(op.getLoc());
    if (layers.empty() || layers.back().name != name || name.empty())
      layers.push_back({name, "", {}});
    Layer &layer = layers.back();
    double operations = countOperations(&op);
    if (layer.op.empty() || operations > layer.most) {
      layer.op = op.getName().stripDialect().str();
      layer.most = operations;
    }
    layer.result = op.getResult(0);
    layer.operations += operations;
    layer.parameters += countParameters(&op, seen);
  }
  std::string text;
  llvm::raw_string_ostream stream(text);
  for (Layer &layer : layers) {
    llvm::replace(layer.name, '\t', ' ');
    llvm::replace(layer.name, '\n', ' ');
    std::string extents = writeExtents(shapes->getDims(layer.result), shapes->getSymbols());
    stream << layer.name << '\t' << layer.op << '\t' << extents << '\t' << layer.parameters << '\t'
           << static_cast<int64_t>(std::min(layer.operations, 9e18)) << '\n';
  }
  return text;
}
