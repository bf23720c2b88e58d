// SPDX-License-Identifier: Apache-2.0
// A square of B x B elements is transposed in log2(B) steps of B shuffles of two vectors each: first within the 128
// bits that an unpack instruction works on, where each step interleaves row r with row r + G / 2 of G, then by
// exchanging such parts between rows whose numbers differ in one bit.
#include "backends/halide/TransposedLoads.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"

using namespace Halide::Internal;
using Halide::Expr;

namespace dlc::halide {

namespace {
/// The vectors of elements that have the same distance from each other, in the order in which they are loaded.
class StridedLoads final : public IRVisitor {
public:
  std::vector<const Load *> loads;

private:
  using IRVisitor::visit;
  void visit(const Load *load) override {
    const Ramp *ramp = load->index.as<Ramp>();
    if (ramp && ramp->base.type().is_scalar() && is_const_one(load->predicate) && !is_const_one(ramp->stride))
      loads.push_back(load);
    IRVisitor::visit(load);
  }
};

class ReplaceLoads final : public IRMutator {
public:
  std::map<const Load *, Expr> replacements;

private:
  using IRMutator::visit;
  Expr visit(const Load *load) override {
    auto found = replacements.find(load);
    return found == replacements.end() ? IRMutator::visit(load) : found->second;
  }
};

class TransposeLoads final : public IRMutator {
public:
  explicit TransposeLoads(int registerBytes) : registerBytes(registerBytes) {}

private:
  using IRMutator::visit;
  using Rows = std::vector<Expr>;
  using Lets = std::vector<std::pair<std::string, Expr>>;

  Stmt visit(const Block *block) override;
  Stmt transpose(llvm::ArrayRef<Stmt> stores);
  Rows transposeSquare(Rows rows, Lets &lets);

  int registerBytes;
};
} // namespace

static Expr define(const Expr &value, std::vector<std::pair<std::string, Expr>> &lets) {
  lets.emplace_back(unique_name("row"), value);
  return Variable::make(value.type(), lets.back().first);
}

TransposeLoads::Rows TransposeLoads::transposeSquare(Rows rows, Lets &lets) {
  int size = static_cast<int>(rows.size()), part = std::min(size, 16 / rows.front().type().bytes());
  for (int step = 1; step < part; step *= 2) {
    Rows next(size);
    for (int base = 0; base < size; base += part)
      for (int row = 0; row < part; ++row) {
        // The lower or upper halves of all parts, interleaved.
        std::vector<int> lanes;
        for (int lane = 0; lane < size; ++lane)
          lanes.push_back(lane % 2 * size + lane / part * part + (row % 2) * part / 2 + lane % part / 2);
        const Expr &a = rows[base + row / 2], &b = rows[base + row / 2 + part / 2];
        next[base + row] = define(Shuffle::make({a, b}, lanes), lets);
      }
    rows = next;
  }
  for (int bit = part; bit < size; bit *= 2) {
    Rows next(size);
    for (int row = 0; row < size; ++row) {
      std::vector<int> lanes;
      for (int lane = 0; lane < size; ++lane)
        lanes.push_back(row & bit ? (lane & bit ? size + lane : lane + bit) : (lane & bit ? size + lane - bit : lane));
      next[row] = define(Shuffle::make({rows[row & ~bit], rows[row | bit]}, lanes), lets);
    }
    rows = next;
  }
  return rows;
}

/// The same as `stores` with squares transposed in registers; undefined if there are none.
Stmt TransposeLoads::transpose(llvm::ArrayRef<Stmt> stores) {
  int size = static_cast<int>(stores.size());
  std::vector<std::vector<const Load *>> columns;
  llvm::SmallVector<std::string> written;
  for (const Stmt &store : stores) {
    StridedLoads found;
    store.accept(&found);
    columns.push_back(found.loads);
    written.push_back(store.as<Store>()->name);
  }
  ReplaceLoads replace;
  Lets lets;
  for (size_t position = 0; position < columns.front().size(); ++position) {
    const Load *first = columns.front()[position];
    const Ramp *index = first->index.as<Ramp>();
    int lanes = first->type.lanes();
    bool isSquare = lanes % size == 0 && first->type.bytes() * size <= registerBytes && first->type.bits() >= 8 &&
                    !llvm::is_contained(written, first->name);
    for (int column = 1; isSquare && column < size; ++column) {
      const Load *load = position < columns[column].size() ? columns[column][position] : nullptr;
      const Ramp *other = load ? load->index.as<Ramp>() : nullptr;
      isSquare = load && load->name == first->name && load->type == first->type &&
                 equal(other->stride, index->stride) && is_const(simplify(other->base - index->base), column);
    }
    if (!isSquare)
      continue;
    std::vector<Rows> parts(size);
    for (int part = 0; part < lanes; part += size) {
      Rows rows;
      for (int row = 0; row < size; ++row) {
        Expr base = simplify(index->base + (part + row) * index->stride);
        rows.push_back(define(Load::make(first->type.with_lanes(size), first->name, Ramp::make(base, 1, size),
                                         first->image, first->param, const_true(size), ModulusRemainder()),
                              lets));
      }
      rows = transposeSquare(rows, lets);
      for (int column = 0; column < size; ++column)
        parts[column].push_back(rows[column]);
    }
    for (int column = 0; column < size; ++column)
      replace.replacements[columns[column][position]] =
          lanes == size ? parts[column].front() : Shuffle::make_concat(parts[column]);
  }
  if (lets.empty())
    return {};
  std::vector<Stmt> replaced;
  for (const Stmt &store : stores)
    replaced.push_back(replace.mutate(store));
  Stmt all = Block::make(replaced);
  for (auto &[name, value] : llvm::reverse(lets))
    all = LetStmt::make(name, value, all);
  return all;
}

Stmt TransposeLoads::visit(const Block *block) {
  std::vector<Stmt> statements;
  for (Stmt rest = block; rest.defined();) {
    const Block *pair = rest.as<Block>();
    statements.push_back(pair ? pair->first : rest);
    rest = pair ? pair->rest : Stmt();
  }
  std::vector<Stmt> result;
  bool isChanged = false;
  for (size_t begin = 0; begin < statements.size();) {
    size_t stores = 0;
    while (begin + stores < statements.size() && statements[begin + stores].as<Store>())
      ++stores;
    constexpr size_t leastSize = 4;
    Stmt transposed;
    size_t size = std::min<size_t>(llvm::bit_floor(stores), registerBytes);
    while (size >= leastSize && !(transposed = transpose(llvm::ArrayRef(statements).slice(begin, size))).defined())
      size /= 2;
    isChanged |= transposed.defined();
    if (transposed.defined()) {
      result.push_back(transposed);
      begin += size;
    } else {
      result.push_back(mutate(statements[begin]));
      isChanged |= !result.back().same_as(statements[begin++]);
    }
  }
  return isChanged ? Block::make(result) : Stmt(block);
}

std::unique_ptr<IRMutator> makeTransposedLoads(int registerBytes) {
  return std::make_unique<TransposeLoads>(registerBytes);
}

} // namespace dlc::halide
