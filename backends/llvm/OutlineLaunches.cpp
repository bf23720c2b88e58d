// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/Passes.h"
#include "ir/Annotations.h"
#include "ir/OpsProgram.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"

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
    size_t position = 0;
    for (Operation &op : body)
      positions[&op] = position++;
    for (Operation &op : llvm::make_early_inc_range(body)) {
      if (isAddress(&op)) {
        addresses.insert(&op);
        continue;
      }
      if (op.hasTrait<OpTrait::IsTerminator>() || !isMovable(&op) ||
          !llvm::all_of(getCaptures(&op), [&](Value value) { return isKnown(value); })) {
        // Whatever else is between two launches stays between them.
        flush();
        continue;
      }
      members.insert(&op);
      launches += countLaunches(&op);
      for (Operation *user : op.getUsers())
        lastUse = std::max(lastUse, positions.lookup(body.findAncestorOpInBlock(*user)));
      if (lastUse <= positions.lookup(&op)) {
        complete = members.size();
        if (launches >= partSize)
          flush();
      }
    }
    flush();
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
      if (addresses.contains(&op) && op.use_empty())
        op.erase();
  }

  static int64_t countLaunches(Operation *op) {
    int64_t count = 0;
    op->walk([&](dlc::LaunchOp) { ++count; });
    return count;
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

  /// Whether `op` is lowered in a part as in an entry point. Ops without memory effects depend on loops' results here.
  static bool isMovable(Operation *op) {
    if (llvm::isa<RegionBranchOpInterface>(op))
      return llvm::all_of(op->getRegions(), [](Region &region) {
        return llvm::all_of(region.getOps(), [](Operation &inner) {
          return inner.hasTrait<OpTrait::IsTerminator>() || isMovable(&inner);
        });
      });
    return llvm::isa<dlc::LaunchOp, dlc::LaunchTableOp, dlc::FillHaloOp, memref::CopyOp, memref::LoadOp,
                     memref::StoreOp>(op) ||
           isPure(op);
  }

  /// The operands of `op`, and what its regions use from around it.
  static llvm::SetVector<Value> getCaptures(Operation *op) {
    llvm::SetVector<Value> values(op->operand_begin(), op->operand_end());
    getUsedValuesDefinedAbove(op->getRegions(), values);
    return values;
  }

  /// Whether `value` can be computed again, or is a result of the group.
  bool isKnown(Value value) {
    return isKnownEverywhere(value) || (value.getDefiningOp() && members.contains(value.getDefiningOp()));
  }

  /// Makes a function of the group, without members at its end whose results are used after it; one op alone stays
  /// unless it holds several launches.
  void flush() {
    llvm::SmallVector<Operation *> moved = llvm::to_vector(members.getArrayRef().take_front(complete));
    bool isWorthIt = moved.size() > 1 || (moved.size() == 1 && countLaunches(moved.front()) > 1);
    members.clear();
    launches = 0;
    lastUse = complete = 0;
    if (!isWorthIt)
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
      for (Value operand : getCaptures(op))
        repeatAddress(operand, builder, mapping);
      builder.clone(*op, mapping);
    }
    for (Operation *op : llvm::reverse(moved))
      op->erase();
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
  llvm::DenseMap<Operation *, size_t> positions; ///< in the entry point, before anything has moved
  // The group: ops that follow each other, addresses aside.
  llvm::SetVector<Operation *> members;
  size_t complete = 0; ///< number of the first members whose results are not used by later ops
  size_t lastUse = 0;  ///< position of the last user of the members' results
  int64_t launches = 0;
  Operation *lastPart = nullptr;
  unsigned parts = 0;
};

class OutlineLaunches final : public dlc::impl::OutlineLaunchesBase<OutlineLaunches> {
  using OutlineLaunchesBase::OutlineLaunchesBase;
  void runOnOperation() override {
    for (auto entry : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      if (!dlc::annotation::entry.get(entry))
        continue;
      if (EntrySplitter::countLaunches(entry) > partSize)
        EntrySplitter(entry, partSize).run();
    }
  }
};

} // namespace
