// SPDX-License-Identifier: Apache-2.0
// The largest elements of rows, and sorted rows.
//
// An entry is an element and its index in one integer, so that entries are ordered as elements are, equal elements by
// their index, and no two are equal. An entry is collected if it is above the k-th of those seen so far. For small k,
// these are kept in order. Otherwise entries are collected in memory for twice as many; when that is full, quickselect
// moves the k largest to the front, and a merge sort puts those of the last time in order. Blocks of elements of which
// none is above are skipped by one comparison of vectors. Loops move entries without branches, which would be
// mispredicted.
#include "backends/loops/LoopBodyInterface.h"
#include "ir/OpsSelection.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace dlc::loops {
namespace {

/// Elements as integers of their width that are ordered as the elements are: larger is earlier. Scalars and vectors.
class Keys {
public:
  Keys(ImplicitLocOpBuilder &builder, Type elementType, bool smallest)
      : builder(builder), real(llvm::dyn_cast<FloatType>(elementType)), isUnsigned(elementType.isUnsignedInteger()),
        smallest(smallest), width(std::max(elementType.getIntOrFloatBitWidth(), 8u)) {}

  unsigned getWidth() const { return width; }

  Value get(Value bits) const {
    auto constant = [&](const llvm::APInt &number) -> Value {
      Type type = bits.getType();
      Attribute value = IntegerAttr::get(getElementTypeOrSelf(type), number);
      if (auto vector = llvm::dyn_cast<VectorType>(type))
        value = DenseElementsAttr::get(vector, value);
      return arith::ConstantOp::create(builder, type, llvm::cast<TypedAttr>(value));
    };
    Value key = bits, none = constant(llvm::APInt::getZero(width));
    if (real) {
      // Sign and magnitude; zeros of both signs are equal, and NaN is larger than every number.
      Value magnitude = arith::AndIOp::create(builder, bits, constant(llvm::APInt::getSignedMaxValue(width)));
      Value isNegative = arith::CmpIOp::create(builder, arith::CmpIPredicate::slt, bits, none);
      Value negative = arith::SubIOp::create(builder, none, magnitude);
      llvm::APInt infinity = APFloat::getInf(real.getFloatSemantics()).bitcastToAPInt();
      Value isNan = arith::CmpIOp::create(builder, arith::CmpIPredicate::sgt, magnitude, constant(infinity));
      key = arith::SelectOp::create(builder, isNegative, negative, magnitude);
      key = arith::SelectOp::create(builder, isNan, constant(llvm::APInt::getSignedMaxValue(width)), key);
    } else if (isUnsigned) {
      key = arith::XOrIOp::create(builder, bits, constant(llvm::APInt::getSignedMinValue(width)));
    }
    if (smallest)
      key = arith::XOrIOp::create(builder, key, constant(llvm::APInt::getAllOnes(width)));
    return key;
  }

private:
  ImplicitLocOpBuilder &builder;
  FloatType real;
  bool isUnsigned, smallest;
  unsigned width;
};

class Selection {
public:
  Selection(LoopBody &body, Type elementType, int64_t k, int64_t axis, bool smallest)
      : body(body), builder(body.getBuilder()), x(body.getOperand(0)), result(body.getResult()), axis(axis),
        keys(builder, elementType, smallest), entryType(builder.getIntegerType(keys.getWidth() > 32 ? 128 : 64)),
        indexBits(keys.getWidth() > 32 ? 64 : 32), extent(x.getExtent(axis)),
        wanted(smaller(result.getExtent(axis), extent)) {
    constexpr int64_t mostInOrder = 24;
    keepsOrder = k >= 0 && k <= mostInOrder;
    // All elements are sorted at once if most of them are wanted.
    capacity = keepsOrder ? wanted : k < 0 ? extent : smaller(extent, wanted * 2);
    // Merging reads one entry behind the last.
    half = capacity + 1;
    entries = body.allocate(entryType, {half * 2});
  }

  /// `store(index in the result, index along the axis)` for each element that is selected; -1 behind the last.
  void write(llvm::function_ref<void(llvm::ArrayRef<Scalar>, Scalar)> store) {
    llvm::SmallVector<Scalar> index;
    forOthers(0, index, [&] {
      llvm::SmallVector<Scalar> at(index);
      at[axis] = body.integer(0);
      first = x.getOffset(at);
      select();
      body.forRange(body.integer(0), wanted, [&](Scalar position) {
        Scalar entry = entries.loadAt(source->get() + position);
        Value reversed = arith::TruncIOp::create(builder, builder.getIntegerType(indexBits), entry.getValue());
        Scalar bits(builder, reversed, /*isUnsigned=*/true);
        at[axis] = position;
        store(at, getLastIndex() - bits.as(builder.getI64Type()));
      });
      body.forRange(wanted, result.getExtent(axis), [&](Scalar position) {
        at[axis] = position;
        store(at, body.integer(-1));
      });
    });
  }

private:
  /// Loops over all dimensions but the axis; threads share those before it.
  void forOthers(int64_t dim, llvm::SmallVector<Scalar> &index, llvm::function_ref<void()> step) {
    if (dim == x.getRank())
      return step();
    auto inner = [&](Scalar position) {
      index.push_back(position);
      forOthers(dim + 1, index, step);
      index.pop_back();
    };
    if (dim < axis)
      body.forDim(dim, inner);
    else if (dim == axis)
      inner(body.integer(0));
    else
      body.forRange(body.integer(0), x.getExtent(dim), inner);
  }

  Scalar getLastIndex() { return body.integer(indexBits == 64 ? INT64_MAX : UINT32_MAX); }

  Value getKey(Scalar index) {
    return keys.get(x.loadAt(first + index * x.getStride(axis)).asBits(keys.getWidth()).getValue());
  }

  /// An entry: the key, and below it the index, backwards.
  Scalar makeEntry(Value key, Scalar index) {
    Value shift = arith::ConstantOp::create(builder, builder.getIntegerAttr(entryType, indexBits));
    Value high = arith::ShLIOp::create(builder, arith::ExtSIOp::create(builder, entryType, key), shift);
    Value low = (getLastIndex() - index).getValue();
    if (low.getType() != entryType)
      low = arith::ExtUIOp::create(builder, entryType, low);
    return {builder, arith::OrIOp::create(builder, high, low)};
  }

  /// Below all keys, or equal to the lowest one, and below all entries.
  Scalar getLowestKey() { return makeConstant(llvm::APInt::getSignedMinValue(keys.getWidth())); }
  Scalar getLowestEntry() {
    return makeConstant(llvm::APInt::getSignedMinValue(keys.getWidth()).sext(entryType.getWidth()) << indexBits);
  }
  Scalar makeConstant(const llvm::APInt &number) {
    IntegerType type = builder.getIntegerType(number.getBitWidth());
    return {builder, arith::ConstantOp::create(builder, builder.getIntegerAttr(type, number))};
  }

  /// Leaves the selected entries, in order, from entry `source` on.
  void select() {
    source = body.variable(body.integer(0));
    count = body.variable(body.integer(0));
    least = body.variable(getLowestEntry());
    leastKey = body.variable(getLowestKey());
    if (keepsOrder)
      body.forRange(body.integer(0), wanted, [&](Scalar position) { entries.storeAt(position, getLowestEntry()); });
    body.forRange(body.integer(0), (extent + (blockSize - 1)) / blockSize, [&](Scalar block) {
      Scalar begin = block * blockSize, end = smaller(begin + blockSize, extent);
      body.ifTrue(mayHave(begin, end), [&] {
        body.forRange(begin, end, [&](Scalar index) {
          Scalar entry = makeEntry(getKey(index), index);
          body.ifTrue(entry > least->get(), [&] { keepsOrder ? insert(entry) : collect(entry); });
        });
      });
    });
    if (!keepsOrder) {
      body.ifTrue(count->get() > wanted, [&] { keepLargest(); });
      sort();
    }
  }

  /// Entries above `last`, of those seen the last of the k, are collected from now on.
  void setLeast(Scalar last) {
    least->set(last);
    Value shift = arith::ConstantOp::create(builder, builder.getIntegerAttr(entryType, indexBits));
    Value key = arith::ShRSIOp::create(builder, last.getValue(), shift);
    leastKey->set({builder, arith::TruncIOp::create(builder, builder.getIntegerType(keys.getWidth()), key)});
  }

  /// Puts `entry` where it belongs among the k; the last of them falls out.
  void insert(Scalar entry) {
    Variable moved = body.variable(entry);
    body.forRange(body.integer(0), wanted, [&](Scalar position) {
      Scalar there = entries.loadAt(position), here = moved.get();
      entries.storeAt(position, larger(there, here));
      moved.set(smaller(there, here));
    });
    setLeast(entries.loadAt(larger(wanted - 1, body.integer(0))));
  }

  void collect(Scalar entry) {
    entries.storeAt(count->get(), entry);
    count->set(count->get() + 1);
    body.ifTrue((count->get() == capacity) & (wanted < capacity), [&] {
      keepLargest();
      Variable last = body.variable(entries.loadAt(body.integer(0)));
      body.forRange(body.integer(1), wanted,
                    [&](Scalar position) { last.set(smaller(last.get(), entries.loadAt(position))); });
      setLeast(last.get());
    });
  }

  /// Moves the k largest of the collected entries to the front, and forgets the others. There are more than k.
  void keepLargest() {
    Variable low = body.variable(body.integer(0)), high = body.variable(count->get());
    // Entries before `low` are among the k largest, those from `high` on are not. Each step splits what is between by
    // an entry that is not its largest; two thirds of it remain at most, as a rule.
    constexpr int64_t mostSteps = 96;
    body.forRange(body.integer(0), body.integer(mostSteps), [&](Scalar) {
      Scalar begin = low.get(), end = high.get();
      body.ifTrue((begin < wanted) & (wanted < end), [&] {
        Scalar a = entries.loadAt(begin), b = entries.loadAt((begin + end) / 2), c = entries.loadAt(end - 1);
        // Not the largest: an entry, at least, is above it.
        Scalar median = larger(smaller(a, b), smaller(larger(a, b), c));
        Scalar pivot = loops::select(end - begin > 2, median, smaller(a, c));
        Variable split = body.variable(begin);
        body.forRange(begin, end, [&](Scalar position) {
          Scalar to = split.get(), entry = entries.loadAt(position), other = entries.loadAt(to);
          Scalar isAbove = entry > pivot;
          entries.storeAt(position, loops::select(isAbove, other, entry));
          entries.storeAt(to, loops::select(isAbove, entry, other));
          split.set(to + isAbove.as(builder.getI64Type()));
        });
        Scalar middle = split.get();
        Scalar isIn = middle <= wanted;
        low.set(loops::select(isIn, middle, begin));
        high.set(loops::select(isIn, end, middle));
      });
    });
    body.ifTrue((low.get() < wanted) & (wanted < high.get()), [&] {
      sort();
      // They are back where entries are collected.
      body.forRange(body.integer(0), wanted,
                    [&](Scalar position) { entries.storeAt(position, entries.loadAt(source->get() + position)); });
      source->set(body.integer(0));
    });
    count->set(wanted);
  }

  /// Whether an element of a block may be above the k-th largest: always of the last block, which is not full.
  Scalar mayHave(Scalar begin, Scalar end) {
    auto stride = x.getStride(axis).getValue().getDefiningOp<arith::ConstantOp>();
    Scalar always(builder, arith::ConstantOp::create(builder, builder.getBoolAttr(true)));
    if (!x.getAddress() || !stride || llvm::cast<IntegerAttr>(stride.getValue()).getInt() != 1)
      return always;
    Scalar isFull = end - begin == blockSize;
    Variable answer = body.variable(always);
    body.ifTrue(isFull, [&] {
      auto vector = VectorType::get({blockSize}, builder.getIntegerType(keys.getWidth()));
      Value offset = ((first + begin) * (keys.getWidth() / 8.0)).getValue();
      Value address = LLVM::GEPOp::create(builder, LLVM::LLVMPointerType::get(builder.getContext()),
                                          builder.getI8Type(), x.getAddress(), llvm::ArrayRef<LLVM::GEPArg>{offset});
      Value bits = LLVM::LoadOp::create(builder, vector, address, /*alignment=*/keys.getWidth() / 8);
      Value largest = LLVM::vector_reduce_smax::create(builder, vector.getElementType(), keys.get(bits));
      answer.set(Scalar(builder, largest) >= leastKey->get());
    });
    return answer.get();
  }

  /// Sorts the entries from `source` on, the largest first; they move between the two halves of memory.
  void sort() {
    Scalar none = body.integer(0), count = this->count->get();
    body.forRange(none, body.integer(32), [&](Scalar pass) {
      Scalar one = body.integer(1);
      Scalar size(builder, arith::ShLIOp::create(builder, one.getValue(), pass.getValue()));
      body.ifTrue(size < count, [&] {
        Scalar from = source->get(), to = half - from;
        body.forRange(none, (count + (size * 2 - 1)) / (size * 2), [&](Scalar run) {
          Scalar begin = run * size * 2, middle = smaller(begin + size, count), end = smaller(middle + size, count);
          Variable left = body.variable(from + begin), right = body.variable(from + middle);
          Scalar leftEnd = from + middle, rightEnd = from + end;
          body.forRange(to + begin, to + end, [&](Scalar position) {
            Scalar i = left.get(), j = right.get(), a = entries.loadAt(i), b = entries.loadAt(j);
            Scalar takesLeft = (i < leftEnd) & ((j >= rightEnd) | (a > b));
            entries.storeAt(position, loops::select(takesLeft, a, b));
            left.set(i + takesLeft.as(builder.getI64Type()));
            right.set(j + (!takesLeft).as(builder.getI64Type()));
          });
        });
        source->set(to);
      });
    });
  }

  static constexpr int64_t blockSize = 16;

  LoopBody &body;
  ImplicitLocOpBuilder &builder;
  LoopTensor x, result;
  int64_t axis;
  Keys keys;
  IntegerType entryType;
  unsigned indexBits;
  bool keepsOrder; ///< the k entries are always in order; else the first `count` ones are those collected
  Scalar extent, wanted, capacity, half, first;
  LoopTensor entries;
  std::optional<Variable> source, count, least, leastKey;
};

/// Stores the element of `x` at `index` along `axis`; 0 for -1.
void storeElement(LoopBody &body, const LoopTensor &x, llvm::ArrayRef<Scalar> at, int64_t axis, Scalar index) {
  body.ifTrue(
      index >= 0,
      [&] {
        llvm::SmallVector<Scalar> chosen(at);
        chosen[axis] = index;
        body.getResult().store(at, x.load(chosen));
      },
      [&] { body.getResult().store(at, body.integer(0)); });
}

void writeTopK(TopKOp op, LoopBody &body) {
  auto axis = static_cast<int64_t>(op.getAxis());
  LoopTensor x = body.getOperand(0);
  if (op.getIndices()) {
    LoopTensor indices = body.getOperand(1);
    body.forResult(x.getRank(), [&](llvm::ArrayRef<Scalar> at) { storeElement(body, x, at, axis, indices.load(at)); });
    return;
  }
  Selection(body, getElementTypeOrSelf(op.getX()), op.getK(), axis, op.getSmallest())
      .write([&](llvm::ArrayRef<Scalar> at, Scalar index) { storeElement(body, x, at, axis, index); });
}

void writeTopKIndices(TopKIndicesOp op, LoopBody &body) {
  Selection(body, getElementTypeOrSelf(op.getX()), op.getK(), op.getAxis(), op.getSmallest())
      .write([&](llvm::ArrayRef<Scalar> at, Scalar index) { body.getResult().store(at, index); });
}

} // namespace

void addTopK(MLIRContext *context) {
  addBody<TopKOp, &writeTopK>(context);
  addBody<TopKIndicesOp, &writeTopKIndices>(context);
}

} // namespace dlc::loops
