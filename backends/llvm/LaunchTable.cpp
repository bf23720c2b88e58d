// SPDX-License-Identifier: Apache-2.0
#include "backends/llvm/LaunchTable.h"
#include "ir/OpsProgram.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/IR/Matchers.h"

using namespace dlc;
using mlir::AffineExpr;
using mlir::Value;

/// What a table holds as a word of 32 bits.
static bool isWord(int64_t value) { return value == static_cast<int32_t>(value); }

/// `index` over `numbers`. Null if it is not computed from arguments and constants in the entry point's own block.
AffineExpr LaunchTableBuilder::express(Value index) {
  auto found = expressions.find(index);
  if (found != expressions.end())
    return found->second;
  mlir::Builder builder(entry.getContext());
  AffineExpr result;
  llvm::APInt constant;
  mlir::Operation *op = index.getDefiningOp();
  if (mlir::matchPattern(index, mlir::m_ConstantInt(&constant))) {
    result = builder.getAffineConstantExpr(constant.getSExtValue());
  } else if (auto apply = llvm::dyn_cast_or_null<mlir::affine::AffineApplyOp>(op)) {
    llvm::SmallVector<AffineExpr> operands;
    for (Value operand : apply.getMapOperands())
      operands.push_back(express(operand));
    mlir::AffineMap map = apply.getAffineMap();
    llvm::ArrayRef<AffineExpr> all = operands;
    if (!llvm::is_contained(operands, AffineExpr()))
      result =
          map.getResult(0).replaceDimsAndSymbols(all.take_front(map.getNumDims()), all.drop_front(map.getNumDims()));
  } else if (index.getParentBlock() == &entry.getBody().front()) {
    result = builder.getAffineSymbolExpr(numbers.size());
    numbers.push_back(index);
  }
  expressions[index] = result;
  return result;
}

std::optional<LaunchTableBuilder::Address> LaunchTableBuilder::locate(Value buffer) {
  mlir::Builder builder(entry.getContext());
  Address result;
  result.offset = builder.getAffineConstantExpr(0);
  while (auto view = buffer.getDefiningOp<mlir::memref::ViewOp>()) {
    AffineExpr shift = express(view.getByteShift());
    if (!shift)
      return std::nullopt;
    result.offset = result.offset + shift;
    buffer = view.getSource();
  }
  auto argument = llvm::dyn_cast<mlir::BlockArgument>(buffer);
  if (!argument || argument.getOwner() != &entry.getBody().front())
    return std::nullopt;
  const EntryArgument &source = arguments[argument.getArgNumber()];
  if (source.isSymbol || !isWord(source.number << DLC_BASE_BITS))
    return std::nullopt;
  result.base = static_cast<int32_t>(source.base | source.number << DLC_BASE_BITS);
  return result;
}

/// The number of `term` among those of the table.
int64_t LaunchTableBuilder::addTerm(AffineExpr term) {
  return terms.try_emplace(term, static_cast<int64_t>(terms.size())).first->second;
}

/// Adds `factor` times `expr` to the constant and to the coefficients of terms.
void LaunchTableBuilder::linearize(AffineExpr expr, int64_t factor, int64_t &constant,
                                   std::map<int64_t, int64_t> &coefficients) {
  // Wraps as the sum does when the table is run.
  auto multiply = [](int64_t lhs, int64_t rhs) {
    return static_cast<int64_t>(static_cast<uint64_t>(lhs) * static_cast<uint64_t>(rhs));
  };
  llvm::SmallVector<std::pair<AffineExpr, int64_t>> pending{{expr, factor}};
  while (!pending.empty()) {
    auto [next, times] = pending.pop_back_val();
    auto binary = llvm::dyn_cast<mlir::AffineBinaryOpExpr>(next);
    if (auto number = llvm::dyn_cast<mlir::AffineConstantExpr>(next)) {
      constant += multiply(number.getValue(), times);
    } else if (binary && binary.getKind() == mlir::AffineExprKind::Add) {
      pending.push_back({binary.getLHS(), times});
      pending.push_back({binary.getRHS(), times});
    } else if (binary && binary.getKind() == mlir::AffineExprKind::Mul &&
               llvm::isa<mlir::AffineConstantExpr>(binary.getRHS())) {
      pending.push_back(
          {binary.getLHS(), multiply(times, llvm::cast<mlir::AffineConstantExpr>(binary.getRHS()).getValue())});
    } else {
      coefficients[addTerm(next)] += times;
    }
  }
}

/// The position of `expr` among the values of the table.
int32_t LaunchTableBuilder::addValue(AffineExpr expr) {
  auto [found, isNew] = valuePositions.try_emplace(expr, static_cast<int32_t>(values.size()));
  if (isNew) {
    int64_t constant = 0;
    std::map<int64_t, int64_t> coefficients;
    linearize(expr, 1, constant, coefficients);
    // A constant is the sum with zero times any term: the runtime need not look what it is.
    values.push_back(constant);
    if (coefficients.empty())
      values.append({0, 0, 0});
    for (auto [number, term] : llvm::enumerate(coefficients)) {
      values.append({term.first, term.second});
      if (number == 0)
        values.push_back(static_cast<int64_t>(coefficients.size()) - 1);
    }
  }
  return found->second;
}

void LaunchTableBuilder::addArguments(llvm::ArrayRef<Address> addresses, llvm::ArrayRef<AffineExpr> symbols) {
  auto addArgument = [&](int32_t base, AffineExpr offset) {
    if (auto constant = constantDim(offset); constant && isWord(*constant))
      words.append({base | DLC_BASE_IMMEDIATE, static_cast<int32_t>(*constant)});
    else
      words.append({base, addValue(offset)});
  };
  for (const Address &address : addresses)
    addArgument(address.base, address.offset);
  for (AffineExpr symbol : symbols)
    addArgument(DLC_BASE_NONE, symbol);
  largest = std::max(largest, addresses.size() + symbols.size());
}

bool LaunchTableBuilder::add(LaunchOp launch, KernelInterface &kernel) {
  // Launches that do not fit their kernels stay for --dlc-lower-entry-points, which says so.
  if (kernel.alternatingPart > 0 || !kernel.fits(launch))
    return false;
  llvm::SmallVector<Address> addresses;
  llvm::SmallVector<Value> buffers(launch.getInputs());
  llvm::append_range(buffers, launch.getOutputs());
  for (Value buffer : buffers) {
    auto address = locate(buffer);
    if (!address)
      return false;
    addresses.push_back(*address);
  }
  llvm::SmallVector<AffineExpr> symbols;
  for (Value symbol : launch.getSymbols()) {
    symbols.push_back(express(symbol));
    if (!symbols.back())
      return false;
  }
  mlir::Builder builder(entry.getContext());
  AffineExpr extent = builder.getAffineConstantExpr(1), nanoseconds = kernel.nanoseconds.replaceSymbols(symbols);
  if (kernel.splitDim >= 0)
    extent = kernel.getResultDims()[kernel.splitDim].replaceSymbols(symbols);
  int64_t grain = kernel.mayBeSplit(nanoseconds) ? kernel.grain : 0;
  if (!isWord(grain))
    return false;

  auto [function, isNew] = kernelNumbers.try_emplace(launch.getKernel(), static_cast<int32_t>(kernels.size()));
  if (isNew)
    kernels.push_back(launch.getKernelAttr());
  words.append({function->second, static_cast<int32_t>(addresses.size() + symbols.size()), addValue(extent),
                static_cast<int32_t>(grain), grain ? addValue(nanoseconds) : 0});
  addArguments(addresses, symbols);
  members.push_back(launch);
  return true;
}

bool LaunchTableBuilder::add(mlir::memref::CopyOp copy) {
  auto from = copy.getSource().getDefiningOp<mlir::memref::ViewOp>(),
       to = copy.getTarget().getDefiningOp<mlir::memref::ViewOp>();
  if (!from || !to || from.getSizes().size() != 1 || to.getSizes().size() != 1)
    return false;
  AffineExpr bytes = express(from.getSizes().front());
  auto source = locate(from), target = locate(to);
  if (!bytes || bytes != express(to.getSizes().front()) || !source || !target)
    return false;
  words.append({DLC_LAUNCH_COPY, 2, addValue(bytes), 0, 0});
  addArguments({*target, *source}, {});
  members.push_back(copy);
  return true;
}

void LaunchTableBuilder::createTable() {
  mlir::OpBuilder builder(members.back());
  mlir::Location location = entry.getLoc();
  llvm::SmallVector<Value> operands;
  for (auto [term, position] : terms) {
    // Only the numbers that it is made of: few of what the entry point computes.
    llvm::SmallVector<AffineExpr> renumbered(numbers.size());
    llvm::SmallVector<Value> used;
    term.walk([&](AffineExpr part) {
      auto symbol = llvm::dyn_cast<mlir::AffineSymbolExpr>(part);
      if (!symbol || renumbered[symbol.getPosition()])
        return;
      renumbered[symbol.getPosition()] = builder.getAffineSymbolExpr(used.size());
      used.push_back(numbers[symbol.getPosition()]);
    });
    if (llvm::isa<mlir::AffineSymbolExpr>(term)) {
      operands.push_back(used.front());
      continue;
    }
    auto map = mlir::AffineMap::get(0, used.size(), term.replaceSymbols(renumbered));
    operands.push_back(mlir::affine::AffineApplyOp::create(builder, location, map, used));
  }
  LaunchTableOp::create(builder, location, members.size(), builder.getArrayAttr(kernels), words, values, largest,
                        operands);
  for (mlir::Operation *member : members)
    member->erase();
  clear();
}

void LaunchTableBuilder::clear() {
  members.clear();
  words.clear();
  values.clear();
  kernels.clear();
  kernelNumbers.clear();
  valuePositions.clear();
  terms.clear();
  largest = 0;
}
