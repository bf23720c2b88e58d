// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/KernelBuilder.h"
#include "backends/cuda/DeviceSchedule.h"
#include "backends/halide/EmitterInterface.h"
#include "backends/halide/OpsWithoutKernel.h"
#include "backends/halide/ReductionStages.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsKernel.h"
#include "ir/OpsProgram.h"

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::Var;

namespace dlc::halide {

/// "dlc.max_pool" as the name of a Halide function.
/// Functions of doubles are those of libm, called by name: Halide would take a second call of `cos` for the Func of a
/// first op `cos`.
static std::string functionName(Operation *op) {
  bool isDouble = getElementTypeOrSelf(op->getResult(0).getType()).isF64();
  return op->getName().stripDialect().str() + (isDouble ? "_f64" : "");
}

KernelBuilder::KernelBuilder(KernelFuncOp kernel, ScheduleAttr schedule, const Halide::Target &target)
    : kernelOp(kernel), schedule(schedule), target(target) {}

KernelFuncOp KernelBuilder::getKernel() const { return llvm::cast<KernelFuncOp>(kernelOp); }
Operation *KernelBuilder::getAnchorOp() { return getKernel().getAnchorOp(); }
KernelBuilder::~KernelBuilder() = default;

/// Whether a part of `expr` may leave 32 bits though its value does not: it has a large factor.
static bool hasLargeConstant(AffineExpr expr) {
  bool found = false;
  expr.walk([&](AffineExpr part) {
    std::optional<int64_t> value = constantDim(part);
    found |= value && std::abs(*value) > INT16_MAX;
  });
  return found;
}

Expr KernelBuilder::toExpr(AffineExpr expr) const {
  if (!constantDim(expr) && hasLargeConstant(expr))
    return Halide::cast<int32_t>(toExpr(expr, Halide::Int(64)));
  return toExpr(expr, Halide::Int(32));
}

Expr KernelBuilder::toExpr(AffineExpr expr, Halide::Type type) const {
  if (auto constant = constantDim(expr))
    return Halide::Internal::make_const(type, *constant);
  if (auto symbol = llvm::dyn_cast<AffineSymbolExpr>(expr)) {
    assert(symbol.getPosition() < symbols.size() && "the kernel declares every symbol of its extents");
    return Halide::cast(type, symbols[symbol.getPosition()]);
  }
  if (AffineExpr x = matchAtLeastZero(expr))
    return Halide::max(toExpr(x, type), Halide::Internal::make_zero(type));
  if (AffineExpr x = matchSign(expr))
    return select(toExpr(x, type) < Halide::Internal::make_zero(type), Halide::Internal::make_const(type, -1),
                  Halide::Internal::make_zero(type));
  auto binary = llvm::cast<AffineBinaryOpExpr>(expr);
  Expr lhs = toExpr(binary.getLHS(), type), rhs = toExpr(binary.getRHS(), type);
  switch (binary.getKind()) {
  case AffineExprKind::Add:
    return lhs + rhs;
  case AffineExprKind::Mul:
    return lhs * rhs;
  case AffineExprKind::Mod:
    return lhs % rhs;
  case AffineExprKind::FloorDiv:
    return lhs / rhs;
  case AffineExprKind::CeilDiv:
    return (lhs + rhs - 1) / rhs;
  default:
    llvm_unreachable("leaves are handled above");
  }
}

Exprs KernelBuilder::getExtents(Value value) const {
  Exprs extents;
  for (AffineExpr dim : shapes->getDims(value))
    extents.push_back(toExpr(dim));
  return extents;
}

const TensorFunc &KernelBuilder::get(Value value) const {
  auto found = values.find(value);
  assert(found != values.end() && "operands are emitted before their users");
  return found->second;
}

const Halide::ImageParam &KernelBuilder::getBuffer(BlockArgument argument) const {
  return inputs[argument.getArgNumber()];
}

/// Arguments named after the logical dimensions that they are a part of: "d1", and "d1_i" for a block of it.
static std::vector<Var> makeArguments(RankedTensorType type) {
  std::vector<Var> arguments;
  LayoutAttr layout = getLayout(type);
  if (layout && layout.getInnerDims())
    for (int64_t i = layout.getInnerDims().size() - 1; i >= 0; --i)
      arguments.emplace_back("d" + std::to_string(layout.getInnerDims()[i]) + "_i" + std::to_string(i));
  for (int64_t position = type.getRank() - 1; position >= 0; --position)
    arguments.emplace_back("d" + std::to_string(layout ? layout.getOrder()[position] : position));
  return arguments;
}

TensorFunc KernelBuilder::wrap(Value value, Func func) const {
  return {func, llvm::cast<RankedTensorType>(value.getType()), getExtents(value)};
}

TensorFunc KernelBuilder::define(Value value, llvm::function_ref<Expr(llvm::ArrayRef<Expr>)> element) {
  auto type = llvm::cast<RankedTensorType>(value.getType());
  Func func(value.getDefiningOp() ? functionName(value.getDefiningOp()) : std::string("value"));
  std::vector<Var> arguments = makeArguments(type);
  Exprs physical(arguments.begin(), arguments.end());
  // Epilogues of convolutions, too, see NaN and infinity as they are, though sums of products may be rearranged.
  Expr result = element(toLogical(type, physical));
  // Elements of 16 bits are rounded after every op, so that a result does not depend on what is fused; the store rounds
  // the last.
  Operation *op = value.getDefiningOp();
  bool isStored = llvm::is_contained(getKernel().getYieldedValues(), value) &&
                  llvm::all_of(value.getUsers(), [](Operation *user) { return llvm::isa<YieldOp>(user); });
  if (op && op->hasTrait<Elementwise>() && !isStored)
    result = roundToElementType(result, type.getElementType());
  func(arguments) = Halide::strict_float(result);
  return wrap(value, func);
}

void KernelBuilder::setOutputDefinition(Operation *op, std::function<void(Func, const std::vector<Var> &)> define) {
  if (getKernel().getYieldedValues().size() == 1 && getKernel().getYielded() == op->getResult(0))
    defineOutput = std::move(define);
}

void KernelBuilder::setScheduler(Operation *op, Scheduler scheduler) {
  if (op == getAnchorOp())
    ownScheduler = std::move(scheduler);
}

void KernelBuilder::addStage(Operation *op, llvm::StringRef name, Func func) {
  if (op == getAnchorOp())
    rootStages[name] = func;
  else
    otherStages.push_back(func);
}

void KernelBuilder::addReduction(Operation *op, const ReductionStages &stages) {
  (op == getAnchorOp() ? reductions : otherReductions).push_back(stages);
}

Func KernelBuilder::getStage(llvm::StringRef name) const {
  auto found = rootStages.find(name);
  assert(found != rootStages.end() && "the anchor op's emitter records the stages that its scheduler needs");
  return found->second;
}

bool KernelBuilder::hasStage(llvm::StringRef name) const { return rootStages.count(name); }

RankedTensorType KernelBuilder::getOutputType() {
  return llvm::cast<RankedTensorType>(getKernel().getYielded().getType());
}

void KernelBuilder::declareInput(BlockArgument argument) {
  auto type = llvm::cast<RankedTensorType>(argument.getType());
  PhysicalShape shape = getPhysicalShape(type, shapes->getDims(argument));
  std::string name = "in" + std::to_string(argument.getArgNumber());
  Halide::ImageParam buffer(getStorageType(type.getElementType()), static_cast<int>(shape.dims.size()), name);
  for (auto [position, dim] : llvm::enumerate(llvm::reverse(shape.dims)))
    // The halo can be read: it belongs to the declared bounds.
    buffer.dim(static_cast<int>(position))
        .set_bounds(static_cast<int>(-dim.haloLow), toExpr(dim.extent + (dim.haloLow + dim.haloHigh)))
        .set_stride(toExpr(dim.stride));
  inputs.push_back(buffer);
  Func value(name + "_value");
  std::vector<Var> arguments = makeArguments(type);
  value(arguments) = fromStorage(buffer(std::vector<Expr>(arguments.begin(), arguments.end())), type.getElementType());
  values[argument] = {value, type, getExtents(argument)};
}

LogicalResult KernelBuilder::declareOutput() {
  Value yielded = getKernel().getYielded();
  RankedTensorType type = getOutputType();
  std::vector<Var> arguments = makeArguments(type);
  output = Func("out");
  if (defineOutput) {
    defineOutput(output, arguments);
  } else {
    // Several results are one tuple: one loop nest stores an element of each.
    std::vector<Expr> elements;
    for (Value value : getKernel().getYieldedValues())
      elements.push_back(
          Halide::strict_float(toStorage(get(value).func(std::vector<Expr>(arguments.begin(), arguments.end())),
                                         llvm::cast<RankedTensorType>(value.getType()).getElementType())));
    if (elements.size() == 1)
      output(arguments) = elements.front();
    else
      output(arguments) = Halide::Tuple(elements);
  }
  PhysicalShape shape = getPhysicalShape(type, shapes->getDims(yielded));
  for (auto [i, dim] : llvm::enumerate(llvm::reverse(shape.dims))) {
    int position = static_cast<int>(i);
    bool isSplit = dim.logical == schedule.getSplit() && !dim.tile;
    // The other results of a tuple have the first one's position and extent: Halide takes those of the first alone.
    std::vector<Halide::OutputImageParam> buffers = output.output_buffers();
    for (Halide::OutputImageParam &buffer : buffers)
      buffer.dim(position).set_stride(toExpr(dim.stride));
    if (!isSplit)
      buffers.front().dim(position).set_bounds(0, toExpr(dim.extent));
    if (!isSplit)
      output.bound(arguments[position], 0, toExpr(dim.extent));
  }
  return success();
}

Var KernelBuilder::getOutputVar(int64_t logicalDim) const { return Var("d" + std::to_string(logicalDim)); }

std::optional<int64_t> KernelBuilder::getOutputExtent(size_t position) const {
  Value yielded = getKernel().getYielded();
  PhysicalShape shape = getPhysicalShape(llvm::cast<RankedTensorType>(yielded.getType()), shapes->getDims(yielded));
  const PhysicalDim &dim = shape.dims[shape.dims.size() - 1 - position];
  if (dim.logical == schedule.getSplit() && !dim.tile)
    return std::nullopt;
  return constantDim(dim.extent);
}

std::vector<Halide::Argument> KernelBuilder::getArguments() const {
  std::vector<Halide::Argument> arguments;
  for (const Halide::ImageParam &input : inputs)
    arguments.push_back(input);
  for (const Halide::Param<int32_t> &symbol : symbols)
    arguments.push_back(symbol);
  return arguments;
}

LogicalResult KernelBuilder::build(const Scheduler &scheduler) {
  FailureOr<KernelShapes> analyzed = KernelShapes::analyze(getKernel());
  if (failed(analyzed))
    return failure();
  shapes = std::move(*analyzed);
  if (ArrayAttr names = getKernel().getSymbolsAttr())
    for (size_t i = 0; i < names.size(); ++i)
      symbols.emplace_back("symbol" + std::to_string(i));
  Block &body = getKernel().getBody().front();
  for (BlockArgument argument : body.getArguments())
    declareInput(argument);
  for (Operation &op : body.without_terminator()) {
    auto emitter = llvm::dyn_cast<EmitterOpInterface>(op);
    if (!emitter) {
      llvm::StringRef why = findReasonForNoKernel(op.getName().getStringRef());
      return op.emitOpError("has no kernel on this target") << (why.empty() ? "" : ": ") << why;
    }
    FailureOr<TensorFunc> result = emitter.emit(*this);
    if (failed(result))
      return failure();
    values[op.getResult(0)] = *result;
  }
  if (failed(declareOutput()))
    return failure();
  if (target.has_gpu_feature()) {
    for (auto &stage : rootStages)
      otherStages.push_back(stage.second);
    cuda::scheduleOnDevice(output, otherStages);
    return success();
  }
  for (Func &stage : otherStages)
    stage.compute_root();
  for (ReductionStages &stages : otherReductions)
    stages.computeRoot();
  if (ownScheduler)
    return ownScheduler(*this);
  if (!scheduler)
    return getKernel().emitError("no schedules exist for kernels of the kind '")
           << stringifyKernelKind(getKernel().getKind()) << "'";
  return scheduler(*this);
}

} // namespace dlc::halide
