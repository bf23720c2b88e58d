// SPDX-License-Identifier: Apache-2.0
// A core that computes while it reads waits for memory longer than one that only reads: what it has asked for is
// bounded by the instructions that it has in flight, and these are mostly multiply-adds. Weights that come from memory
// or a slow third-level cache arrive at half the rate then. So each step of a sum asks for the line that a later step
// needs. Packed weights are read in the order of memory, so that the steps beyond the end of one block are the first
// ones of the next.
//
// Panels of 256 x 32 floats that come from memory, with 7 x 32 sums in registers for each of so many passes over a
// panel (Emerald Rapids, one core, GFLOP/s without and with 4096 bytes ahead): 1 pass 29, 54; 2 passes 50, 81; 7 passes
// 101, 128; 14 passes 130, 149.
//
// Halide's own directive counts lines of vectors in elements, and fetches for writing.
#include "backends/halide/Prefetch.h"
#include "backends/halide/KernelBuilder.h"
#include "ir/Layout.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"

using namespace mlir;
using namespace Halide::Internal;
using Halide::Expr;

namespace dlc::halide {

constexpr int64_t lineBytes = 64;

namespace {
/// The vectors of neighbouring elements that a step loads of a buffer, by the index of the first, one for each line.
class LinesOfStep final : public IRVisitor {
public:
  explicit LinesOfStep(const std::string &buffer) : buffer(buffer) {}

  struct Line {
    Halide::Type element;
    Expr index;
  };
  std::vector<Line> lines;

private:
  using IRVisitor::visit;
  void visit(const LetStmt *let) override {
    let->value.accept(this);
    values[let->name] = substitute(values, let->value);
    let->body.accept(this);
  }
  void visit(const Let *let) override {
    let->value.accept(this);
    values[let->name] = substitute(values, let->value);
    let->body.accept(this);
  }
  void visit(const Load *load) override {
    const Ramp *ramp = load->index.as<Ramp>();
    if (load->name != buffer || !ramp || !is_const_one(ramp->stride) || !ramp->base.type().is_scalar()) {
      IRVisitor::visit(load);
      return;
    }
    Halide::Type element = load->type.element_of();
    int64_t elements = lineBytes / element.bytes();
    for (int64_t first = 0; first < ramp->lanes; first += elements)
      add({element, substitute(values, ramp->base) + static_cast<int>(first)}, elements);
  }
  /// Adds the line of `candidate` unless it is one that is known. Loads come in ascending order.
  void add(const Line &candidate, int64_t elements) {
    for (const Line &line : lines) {
      std::optional<int64_t> distance = as_const_int(simplify(candidate.index - line.index));
      if (distance && *distance >= 0 && *distance < elements)
        return;
    }
    lines.push_back(candidate);
  }

  const std::string &buffer;
  std::map<std::string, Expr> values;
};

class Prefetches final : public IRMutator {
public:
  Prefetches(std::string loops, std::string buffer, int steps)
      : loops(std::move(loops)), buffer(std::move(buffer)), steps(steps) {}

private:
  using IRMutator::visit;
  Stmt visit(const For *loop) override {
    Stmt inner = IRMutator::visit(loop);
    if (llvm::StringRef(loop->name).starts_with(loops) && inner.same_as(loop)) {
      LinesOfStep found(buffer);
      loop->body.accept(&found);
      std::vector<Stmt> body;
      Expr base = Variable::make(Halide::Handle(), buffer), later = Variable::make(Halide::Int(32), loop->name) + steps;
      for (const LinesOfStep::Line &line : found.lines)
        if (Expr index = simplify(substitute(loop->name, later, line.index)); !equal(index, simplify(line.index)))
          body.push_back(Evaluate::make(
              Call::make(line.element, Call::prefetch, {base, index, Expr(1), Expr(1)}, Call::Intrinsic)));
      if (!body.empty()) {
        body.push_back(loop->body);
        return For::make(loop->name, loop->min, loop->extent, loop->for_type, loop->partition_policy, loop->device_api,
                         Halide::Internal::Block::make(body));
      }
    }
    return inner;
  }

  std::string loops, buffer;
  int steps;
};
} // namespace

void prefetchWeights(KernelBuilder &builder, const Halide::Func &sum, int columns) {
  int64_t bytes = builder.getSchedule().getTile(prefetchTile, 0);
  auto weights = llvm::dyn_cast<BlockArgument>(builder.getAnchorOp()->getOperand(1));
  if (bytes <= 0 || !weights)
    return;
  const Halide::ImageParam &buffer = builder.getBuffer(weights);
  int64_t stepBytes = buffer.type().bytes();
  LayoutAttr layout = getLayout(weights.getType());
  if (layout && layout.getInnerTiles())
    for (int64_t tile : layout.getInnerTiles().asArrayRef())
      stepBytes *= tile;
  else
    stepBytes *= columns;
  auto steps = static_cast<int>(std::max<int64_t>(bytes / stepBytes, 1));
  builder.addLoweringPass(std::make_unique<Prefetches>(sum.name() + ".s1.", buffer.name(), steps));
}

void adjustPrefetches(llvm::Module &module) {
  constexpr uint64_t forReading = 0, intoSecondLevel = 3;
  for (llvm::Function &function : module)
    for (llvm::Instruction &instruction : llvm::instructions(function))
      if (auto *call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
          call && call->getIntrinsicID() == llvm::Intrinsic::prefetch) {
        llvm::Type *type = llvm::Type::getInt32Ty(module.getContext());
        call->setArgOperand(1, llvm::ConstantInt::get(type, forReading));
        call->setArgOperand(2, llvm::ConstantInt::get(type, intoSecondLevel));
      }
}

} // namespace dlc::halide
