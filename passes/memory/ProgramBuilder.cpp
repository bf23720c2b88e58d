// SPDX-License-Identifier: Apache-2.0
#include "passes/memory/ProgramBuilder.h"
#include "ir/Layout.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace {

constexpr int64_t alignment = 64;
constexpr int64_t largestExtent = (int64_t(1) << 31) - 1;

/// Where a tensor's memory is.
struct Place {
  enum Kind { Input, Output, Constant, Prepared, Arena } kind = Arena;
  int64_t index = 0; ///< argument number, or offset in bytes, or number of the arena buffer
};

/// Turns one function of kernels into a program.
class ProgramBuilder {
public:
  ProgramBuilder(func::FuncOp graph, const dlc::SymbolicShapes &shapes, dlc::KernelTable &kernels,
                 dlc::WeightTable &weights, dlc::PrepareProgram &prepare, bool shareMemory)
      : graph(graph), shapes(shapes), kernels(kernels), weights(weights), prepare(prepare), shareMemory(shareMemory),
        context(graph.getContext()) {}

  dlc::Program run() {
    findMemory();
    placeResults();
    dlc::ArenaPlan plan = dlc::planArena(buffers, shareMemory, context);
    createProgram(plan);
    emitLaunches(plan);
    return {program, buffers};
  }

private:
  static RankedTensorType getType(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

  AffineExpr getBytes(Value value) { return dlc::getBufferBytes(getType(value), shapes.getDims(value)); }

  /// Reshapes share their operand's memory.
  void findMemory() {
    for (BlockArgument argument : graph.getArguments())
      memory[argument] = argument;
    for (Operation &op : graph.getBody().front()) {
      for (Value result : op.getResults())
        memory[result] = result;
      if (auto reshape = llvm::dyn_cast<dlc::ReshapeOp>(op))
        memory[reshape.getResult()] = memory.lookup(reshape.getX());
      if (auto kernel = llvm::dyn_cast<dlc::KernelOp>(op))
        order.push_back(kernel);
    }
  }

  void placeResults() {
    auto returnOp = llvm::cast<func::ReturnOp>(graph.getBody().front().getTerminator());
    for (BlockArgument argument : graph.getArguments())
      places[argument] = {Place::Input, argument.getArgNumber()};
    for (auto [i, value] : llvm::enumerate(returnOp.getOperands()))
      places[memory.lookup(value)] = {Place::Output, static_cast<int64_t>(graph.getNumArguments() + i)};
    graph.walk([&](dlc::ConstantOp constant) {
      bool isUsed =
          llvm::any_of(constant->getUsers(), [](Operation *user) { return !llvm::isa<dlc::ConstantOp>(user); });
      if (constant->getParentOp() == graph && isUsed)
        places[constant] = {Place::Constant, weights.place(constant)};
    });
    for (auto [step, kernel] : llvm::enumerate(order)) {
      Value result = kernel.getResult();
      if (!places.count(result) &&
          llvm::all_of(kernel.getInputs(), [&](Value input) { return isKnownAtLoad(input); }) &&
          getType(result).hasStaticShape()) {
        places[result] = {Place::Prepared, prepare.bytes};
        prepare.bytes = llvm::alignTo(prepare.bytes + *dlc::constantDim(getBytes(result)), alignment);
        continue;
      }
      for (Value input : kernel.getInputs())
        extendLife(memory.lookup(input), step);
      if (places.count(result))
        continue;
      int64_t buffer = shareMemory ? findOperandToOverwrite(kernel, step) : -1;
      if (buffer < 0) {
        buffer = buffers.size();
        buffers.push_back({static_cast<int64_t>(step), static_cast<int64_t>(step), getBytes(result)});
      }
      places[result] = {Place::Arena, buffer};
    }
  }

  bool isKnownAtLoad(Value value) {
    auto place = places.find(memory.lookup(value));
    return place != places.end() && (place->second.kind == Place::Constant || place->second.kind == Place::Prepared);
  }

  void extendLife(Value value, int64_t step) {
    auto place = places.find(value);
    if (place != places.end() && place->second.kind == Place::Arena)
      buffers[place->second.index].last = step;
  }

  /// The arena buffer of an operand that dies here and that an elementwise kernel may write its result over: same size,
  /// same layout, read at the place that is written. -1 if there is none.
  int64_t findOperandToOverwrite(dlc::KernelOp kernel, int64_t step) {
    if (kernel.getRoot() != dlc::KernelRoot::Elementwise || !kernel.getSchedules())
      return -1;
    // A schedule whose last vector overlaps the one before it would read what it has written.
    for (Attribute schedule : kernel.getSchedulesAttr())
      if (llvm::cast<dlc::ScheduleAttr>(schedule).getTile("in_place", 0) == 0)
        return -1;
    for (auto [i, input] : llvm::enumerate(kernel.getInputs())) {
      auto place = places.find(memory.lookup(input));
      if (place == places.end() || place->second.kind != Place::Arena ||
          input.getType() != kernel.getResult().getType())
        continue;
      bool isRead =
          llvm::any_of(input.getUsers(), [&](Operation *user) { return user != kernel && isLater(user, kernel); });
      if (isRead || memory.lookup(input) != input || aliasesAreReadAfter(input, kernel))
        continue;
      if (!llvm::all_of(kernel.getBody().getArgument(i).getUsers(), [&](Operation *user) {
            return user->hasTrait<dlc::Elementwise>() &&
                   getType(user->getResult(0)).getShape() == getType(kernel.getResult()).getShape();
          }))
        continue;
      buffers[place->second.index].last = step;
      return place->second.index;
    }
    return -1;
  }

  static bool isLater(Operation *a, Operation *b) { return b->isBeforeInBlock(a); }

  bool aliasesAreReadAfter(Value value, Operation *op) {
    return llvm::any_of(memory, [&](const auto &entry) {
      return entry.second == value && entry.first != value &&
             llvm::any_of(entry.first.getUsers(), [&](Operation *user) { return isLater(user, op); });
    });
  }

  AffineMap makeMap(llvm::ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(0, shapes.getSymbols().size(), exprs, context);
  }

  void createProgram(const dlc::ArenaPlan &plan) {
    OpBuilder builder(graph);
    Type bytes = MemRefType::get({ShapedType::kDynamic}, builder.getI8Type());
    auto returnOp = llvm::cast<func::ReturnOp>(graph.getBody().front().getTerminator());
    unsigned inputs = graph.getNumArguments(), outputs = returnOp.getNumOperands(),
             symbols = shapes.getSymbols().size();
    llvm::SmallVector<Type> types(inputs + outputs + 3, bytes);
    types.append(symbols, builder.getIndexType());
    program = func::FuncOp::create(builder, graph.getLoc(), graph.getName(), builder.getFunctionType(types, {}));
    auto describe = [&](unsigned argument, llvm::StringRef role, llvm::StringRef name, Value tensor) {
      program.setArgAttr(argument, role, builder.getStringAttr(name));
      program.setArgAttr(argument, "dlc.tensor", TypeAttr::get(tensor.getType()));
      program.setArgAttr(argument, "dlc.dims", AffineMapAttr::get(makeMap(shapes.getDims(tensor))));
    };
    for (unsigned i = 0; i < inputs; ++i) {
      auto name = graph.getArgAttrOfType<StringAttr>(i, "dlc.name");
      describe(i, "dlc.input", name ? name.getValue() : ("input" + llvm::Twine(i)).str(), graph.getArgument(i));
    }
    for (unsigned i = 0; i < outputs; ++i) {
      auto name = graph.getResultAttrOfType<StringAttr>(i, "dlc.name");
      describe(inputs + i, "dlc.output", name ? name.getValue() : ("output" + llvm::Twine(i)).str(),
               returnOp.getOperand(i));
      if (graph.getResultAttr(i, "dlc.kept"))
        program.setArgAttr(inputs + i, "dlc.kept", builder.getUnitAttr());
    }
    constexpr llvm::StringRef roles[] = {"dlc.workspace", "dlc.constants", "dlc.prepared"};
    for (auto [i, role] : llvm::enumerate(roles))
      program.setArgAttr(inputs + outputs + i, role, builder.getUnitAttr());
    for (unsigned i = 0; i < symbols; ++i) {
      unsigned argument = inputs + outputs + 3 + i;
      program.setArgAttr(argument, "dlc.symbol", builder.getStringAttr(shapes.getSymbols()[i]));
      program.setArgAttr(argument, "dlc.minimum", builder.getI64IntegerAttr(0));
      program.setArgAttr(argument, "dlc.maximum", builder.getI64IntegerAttr(largestExtent));
    }
    program->setAttr("dlc.entry", builder.getStringAttr(graph.getName()));
    program->setAttr("dlc.workspace_bytes", AffineMapAttr::get(makeMap({plan.bytes})));
    program.addEntryBlock();
  }

  Value makeIndex(OpBuilder &builder, Location location, AffineExpr expr) {
    if (auto constant = dlc::constantDim(expr))
      return arith::ConstantIndexOp::create(builder, location, *constant);
    return affine::AffineApplyOp::create(builder, location, makeMap({expr}), getSymbolArguments());
  }

  ValueRange getSymbolArguments() { return program.getArguments().take_back(shapes.getSymbols().size()); }

  Value view(OpBuilder &builder, Location location, Value block, AffineExpr offset, AffineExpr bytes) {
    return memref::ViewOp::create(builder, location, llvm::cast<MemRefType>(block.getType()), block,
                                  makeIndex(builder, location, offset), makeIndex(builder, location, bytes));
  }

  void emitLaunches(const dlc::ArenaPlan &plan) {
    OpBuilder runBuilder = OpBuilder::atBlockEnd(&program.getBody().front());
    unsigned tensors = program.getNumArguments() - 3 - shapes.getSymbols().size();
    Value workspace = program.getArgument(tensors), constants = program.getArgument(tensors + 1),
          prepared = program.getArgument(tensors + 2);
    llvm::DenseMap<std::pair<Value, Operation *>, Value> views;
    for (dlc::KernelOp kernel : order) {
      bool isPrepared = places[kernel.getResult()].kind == Place::Prepared;
      OpBuilder &builder = isPrepared ? prepare.builder : runBuilder;
      auto getBuffer = [&](Value value) -> Value {
        value = memory.lookup(value);
        const Place &place = places[value];
        if (place.kind == Place::Input || place.kind == Place::Output)
          return program.getArgument(place.index);
        Value &buffer = views[{value, builder.getBlock()->getParentOp()}];
        if (buffer)
          return buffer;
        AffineExpr offset =
            place.kind == Place::Arena ? plan.offsets[place.index] : getAffineConstantExpr(place.index, context);
        Value block = place.kind == Place::Arena      ? workspace
                      : place.kind == Place::Constant ? (isPrepared ? prepare.constants : constants)
                                                      : (isPrepared ? prepare.prepared : prepared);
        return buffer = view(builder, value.getLoc(), block, offset, getBytes(value));
      };
      llvm::SmallVector<Value> inputs, symbols;
      for (Value input : kernel.getInputs())
        inputs.push_back(getBuffer(input));
      Value output = getBuffer(kernel.getResult());
      if (!isPrepared)
        fillHalo(builder, kernel, output);
      if (ArrayAttr names = kernel.getSymbolsAttr())
        for (auto name : names.getAsRange<StringAttr>())
          symbols.push_back(
              getSymbolArguments()[llvm::find(shapes.getSymbols(), name.getValue()) - shapes.getSymbols().begin()]);
      std::string name = kernel.getKernelName().str();
      Location location = kernel.getLoc();
      FlatSymbolRefAttr symbol = kernels.outline(kernel);
      dlc::LaunchOp::create(builder, location, symbol, builder.getStringAttr(name), inputs, output, symbols);
    }
    func::ReturnOp::create(runBuilder, graph.getLoc());
  }

  void fillHalo(OpBuilder &builder, dlc::KernelOp kernel, Value buffer) {
    RankedTensorType type = getType(kernel.getResult());
    dlc::LayoutAttr layout = dlc::getLayout(type);
    if (!layout || !layout.getHaloLow())
      return;
    dlc::FillHaloOp::create(builder, kernel.getLoc(), buffer, type, makeMap(shapes.getDims(kernel.getResult())),
                            getSymbolArguments());
  }

  func::FuncOp graph;
  const dlc::SymbolicShapes &shapes;
  dlc::KernelTable &kernels;
  dlc::WeightTable &weights;
  dlc::PrepareProgram &prepare;
  bool shareMemory;
  MLIRContext *context;
  func::FuncOp program;
  llvm::SmallVector<dlc::KernelOp> order;
  llvm::DenseMap<Value, Value> memory;
  llvm::DenseMap<Value, Place> places;
  llvm::SmallVector<dlc::ArenaBuffer> buffers;
};

} // namespace

dlc::Program dlc::buildProgram(func::FuncOp graph, const SymbolicShapes &shapes, KernelTable &kernels,
                               WeightTable &weights, PrepareProgram &prepare, bool shareMemory) {
  return ProgramBuilder(graph, shapes, kernels, weights, prepare, shareMemory).run();
}
