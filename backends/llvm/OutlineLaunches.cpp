// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/Passes.h"
#include "ir/Annotations.h"
#include "ir/OpsProgram.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#define DEBUG_TYPE "dlc-outline-launches"

namespace dlc {
#define GEN_PASS_DEF_OUTLINELAUNCHES
#include "backends/llvm/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

/// Splits one entry point.
class EntrySplitter {
public:
  EntrySplitter(func::FuncOp entry, int64_t partSize) : entry(entry), partSize(partSize) {}

  /// Moves runs of launches to parts.
  void run() {
    Block &body = entry.getBody().front();
    for (Operation &op : llvm::make_early_inc_range(body)) {
      if (isAddress(&op)) {
        addresses.insert(&op);
        continue;
      }
      bool isMovable = llvm::isa<dlc::LaunchOp, dlc::LaunchTableOp, dlc::FillHaloOp, memref::CopyOp>(op) &&
                       llvm::all_of(op.getOperands(), [&](Value operand) { return isKnownEverywhere(operand); });
      if (isMovable)
        group.push_back(&op);
      // Whatever else is between two launches stays between them.
      if (!isMovable || static_cast<int64_t>(group.size()) == partSize)
        flush();
    }
    flush();
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
      if (addresses.contains(&op) && op.use_empty())
        op.erase();
  }

private:
  /// Whether `value` can be computed again from the arguments of the entry point.
  bool isKnownEverywhere(Value value) {
    Operation *op = value.getDefiningOp();
    return op ? addresses.contains(op) : value.getParentBlock() == &entry.getBody().front();
  }

  /// Whether `op` computes where a buffer is, or how large, from the arguments alone.
  bool isAddress(Operation *op) {
    return llvm::isa<memref::ViewOp, affine::AffineApplyOp>(op) || op->getDialect()->getNamespace() == "arith"
               ? isPure(op) && llvm::all_of(op->getOperands(), [&](Value value) { return isKnownEverywhere(value); })
               : false;
  }

  /// Makes a function of the group; one launch alone stays.
  void flush() {
    llvm::SmallVector<Operation *> moved;
    std::swap(moved, group);
    if (moved.size() < 2)
      return;
    OpBuilder builder(entry.getContext());
    builder.setInsertionPointAfter(lastPart ? lastPart : entry);
    auto part = func::FuncOp::create(builder, entry.getLoc(), (entry.getName() + ".part" + llvm::Twine(parts)).str(),
                                     entry.getFunctionType());
    part.setPrivate();
    if (ArrayAttr attributes = entry.getArgAttrsAttr())
      part.setArgAttrsAttr(attributes);
    dlc::annotation::part.set(part, dlc::annotation::entry.get(entry).getName());
    Block *body = part.addEntryBlock();
    builder.setInsertionPoint(moved.front());
    func::CallOp::create(builder, entry.getLoc(), part, entry.getArguments());

    builder.setInsertionPointToEnd(body);
    IRMapping mapping;
    mapping.map(entry.getArguments(), body->getArguments());
    for (Operation *op : moved) {
      for (Value operand : op->getOperands())
        repeatAddress(operand, builder, mapping);
      builder.clone(*op, mapping);
      op->erase();
    }
    func::ReturnOp::create(builder, entry.getLoc());
    lastPart = part;
    ++parts;
  }

  /// Copies what computes `value` to the builder's insertion point. Addresses are offsets into blocks: a few ops.
  static void repeatAddress(Value value, OpBuilder &builder, IRMapping &mapping) {
    llvm::SmallVector<Value> pending{value};
    while (!pending.empty()) {
      Value next = pending.back();
      if (mapping.contains(next)) {
        pending.pop_back();
        continue;
      }
      size_t before = pending.size();
      for (Value operand : next.getDefiningOp()->getOperands())
        if (!mapping.contains(operand))
          pending.push_back(operand);
      if (pending.size() > before)
        continue;
      builder.clone(*next.getDefiningOp(), mapping);
      pending.pop_back();
    }
  }

  func::FuncOp entry;
  int64_t partSize;
  llvm::DenseSet<Operation *> addresses;
  llvm::SmallVector<Operation *> group; ///< ops that follow each other, addresses aside
  Operation *lastPart = nullptr;
  unsigned parts = 0;
};

class OutlineLaunches final : public dlc::impl::OutlineLaunchesBase<OutlineLaunches> {
  using OutlineLaunchesBase::OutlineLaunchesBase;
  void runOnOperation() override {
    for (auto entry : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      if (!dlc::annotation::entry.get(entry))
        continue;
      auto launches = entry.getOps<dlc::LaunchOp>();
      if (std::distance(launches.begin(), launches.end()) > partSize)
        EntrySplitter(entry, partSize).run();
    }
  }
};

} // namespace
