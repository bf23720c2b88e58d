// SPDX-License-Identifier: Apache-2.0
#include "ir/Layout.h"
#include "ir/OpsShape.h"
#include "ir/OpsTransposition.h"
#include <cstring>

using namespace mlir;

namespace dlc {

LayoutAttr getLayout(Type type) {
  auto tensor = llvm::dyn_cast<RankedTensorType>(type);
  return tensor ? llvm::dyn_cast_or_null<LayoutAttr>(tensor.getEncoding()) : LayoutAttr();
}

RankedTensorType withLayout(RankedTensorType type, LayoutAttr layout) {
  return RankedTensorType::get(type.getShape(), type.getElementType(), layout);
}

PhysicalShape getPhysicalShape(RankedTensorType type, llvm::ArrayRef<AffineExpr> dims) {
  MLIRContext *context = type.getContext();
  LayoutAttr layout = getLayout(type);
  PhysicalShape shape;
  llvm::SmallVector<int64_t> logicalTiles(type.getRank(), 1);
  if (layout && layout.getInnerDims())
    for (auto [dim, tile] : llvm::zip(layout.getInnerDims().asArrayRef(), layout.getInnerTiles().asArrayRef()))
      logicalTiles[dim] *= tile;
  for (int64_t position = 0; position < type.getRank(); ++position) {
    PhysicalDim physical;
    int64_t dim = physical.logical = layout ? layout.getOrder()[position] : position;
    AffineExpr extent = dims[dim];
    // F(m, 3) stores (m + 2) x (m + 2) values where the weight has 3 x 3.
    if (layout && layout.getWinograd() && dim >= 2)
      extent = getAffineConstantExpr(layout.getWinograd() + 2, context);
    physical.extent = logicalTiles[dim] > 1 ? extent.ceilDiv(logicalTiles[dim]) : extent;
    if (layout && layout.getHaloLow()) {
      physical.haloLow = layout.getHaloLow()[dim];
      physical.haloHigh = layout.getHaloHigh()[dim];
    }
    shape.dims.push_back(physical);
  }
  if (layout && layout.getInnerDims())
    for (auto [dim, tile] : llvm::zip(layout.getInnerDims().asArrayRef(), layout.getInnerTiles().asArrayRef())) {
      PhysicalDim block;
      block.logical = dim;
      block.extent = getAffineConstantExpr(tile, context);
      block.tile = tile;
      shape.dims.push_back(block);
    }
  AffineExpr stride = getAffineConstantExpr(1, context), offset = getAffineConstantExpr(0, context);
  for (PhysicalDim &dim : llvm::reverse(shape.dims)) {
    dim.stride = stride;
    offset = offset + stride * dim.haloLow;
    stride = stride * (dim.extent + (dim.haloLow + dim.haloHigh));
  }
  shape.elements = stride;
  shape.interiorOffset = offset;
  return shape;
}

int64_t getElementBytes(Type elementType) { return (elementType.getIntOrFloatBitWidth() + 7) / 8; }

AffineExpr getBufferBytes(RankedTensorType type, llvm::ArrayRef<AffineExpr> dims) {
  return getPhysicalShape(type, dims).elements * getElementBytes(type.getElementType());
}

std::optional<llvm::SmallVector<int64_t>> getPlainOrder(RankedTensorType type) {
  LayoutAttr layout = getLayout(type);
  if (!layout)
    return llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
  auto isZero = [](DenseI64ArrayAttr values) {
    return !values || llvm::all_of(values.asArrayRef(), [](int64_t value) { return value == 0; });
  };
  if (layout.getWinograd() || !isZero(layout.getHaloLow()) || !isZero(layout.getHaloHigh()) ||
      (layout.getInnerDims() && !layout.getInnerDims().empty()))
    return std::nullopt;
  return llvm::SmallVector<int64_t>(layout.getOrder().asArrayRef());
}

llvm::SmallVector<int64_t> getDimsInnermostFirst(RankedTensorType type) {
  LayoutAttr layout = getLayout(type);
  llvm::SmallVector<int64_t> dims;
  for (int64_t position = type.getRank(); position-- > 0;)
    dims.push_back(layout ? layout.getOrder()[position] : position);
  return dims;
}

bool isAlias(Operation *op) {
  if (llvm::isa<ReshapeOp, ReshapeLikeOp>(op))
    return !getLayout(op->getOperand(0).getType()) && !getLayout(op->getResult(0).getType());
  auto transpose = llvm::dyn_cast<TransposeOp>(op);
  if (!transpose)
    return false;
  auto from = getPlainOrder(llvm::cast<RankedTensorType>(transpose.getX().getType())),
       to = getPlainOrder(llvm::cast<RankedTensorType>(transpose.getType()));
  if (!from || !to)
    return false;
  for (auto [source, target] : llvm::zip(*from, *to))
    if (transpose.getPermutation()[target] != source)
      return false;
  return true;
}

LayoutAttr getChannelsLastLayout(MLIRContext *context, int64_t rank) {
  llvm::SmallVector<int64_t> order{0};
  for (int64_t dim = 2; dim < rank; ++dim)
    order.push_back(dim);
  order.push_back(1);
  return LayoutAttr::get(context, DenseI64ArrayAttr::get(context, order), {}, {}, {}, {}, 0);
}

namespace {
/// Walks the physical dimensions of a packed tensor, outermost first.
class Packer {
public:
  Packer(RankedTensorType type, const PhysicalShape &shape, llvm::ArrayRef<char> source,
         llvm::MutableArrayRef<char> target)
      : shape(shape), extents(type.getShape()), index(type.getRank(), 0), source(source), target(target),
        bytes(getElementBytes(type.getElementType())), sourceStrides(type.getRank(), 1) {
    for (int64_t dim = type.getRank() - 2; dim >= 0; --dim)
      sourceStrides[dim] = sourceStrides[dim + 1] * extents[dim + 1];
    // What one step of a physical dimension adds to the logical index: the product of the blocks nested inside it.
    for (size_t position = 0; position < shape.dims.size(); ++position) {
      int64_t step = 1;
      for (size_t inner = position + 1; inner < shape.dims.size(); ++inner)
        if (shape.dims[inner].tile && shape.dims[inner].logical == shape.dims[position].logical)
          step *= shape.dims[inner].tile;
      steps.push_back(step);
    }
  }

  void copy(size_t position, int64_t targetElement) {
    const PhysicalDim &dim = shape.dims[position];
    int64_t count = *constantDim(dim.extent), stride = *constantDim(dim.stride), logical = dim.logical;
    int64_t before = index[logical];
    for (int64_t i = 0; i < count && index[logical] < extents[logical]; ++i, index[logical] += steps[position]) {
      if (position + 1 < shape.dims.size()) {
        copy(position + 1, targetElement + i * stride);
        continue;
      }
      int64_t sourceElement = 0;
      for (auto [at, sourceStride] : llvm::zip(index, sourceStrides))
        sourceElement += at * sourceStride;
      int64_t run = std::min(count - i, extents[logical] - index[logical]);
      copyRun(sourceElement, sourceStrides[logical] * steps[position], targetElement + i, run);
      break;
    }
    index[logical] = before;
  }

private:
  template <typename T> void copyRunOf(int64_t from, int64_t stride, int64_t to, int64_t run) {
    for (int64_t i = 0; i < run; ++i)
      std::memcpy(target.data() + (to + i) * sizeof(T), source.data() + (from + i * stride) * sizeof(T), sizeof(T));
  }
  void copyRun(int64_t from, int64_t stride, int64_t to, int64_t run) {
    if (stride == 1)
      std::memcpy(target.data() + to * bytes, source.data() + from * bytes, run * bytes);
    else if (bytes == 4)
      copyRunOf<uint32_t>(from, stride, to, run);
    else if (bytes == 8)
      copyRunOf<uint64_t>(from, stride, to, run);
    else if (bytes == 2)
      copyRunOf<uint16_t>(from, stride, to, run);
    else
      copyRunOf<uint8_t>(from, stride, to, run);
  }

  const PhysicalShape &shape;
  llvm::ArrayRef<int64_t> extents;
  llvm::SmallVector<int64_t> index;
  llvm::ArrayRef<char> source;
  llvm::MutableArrayRef<char> target;
  int64_t bytes;
  llvm::SmallVector<int64_t> sourceStrides, steps;
};
} // namespace

void packElements(RankedTensorType packedType, llvm::ArrayRef<char> source, llvm::MutableArrayRef<char> target) {
  assert(packedType.hasStaticShape() && (!getLayout(packedType) || !getLayout(packedType).getWinograd()) &&
         "only layouts that keep the size are packed at compile time");
  Dims dims = staticDims(packedType);
  PhysicalShape shape = getPhysicalShape(packedType, dims);
  llvm::fill(target, 0);
  if (packedType.getNumElements() == 0)
    return;
  if (shape.dims.empty()) {
    std::memcpy(target.data(), source.data(), getElementBytes(packedType.getElementType()));
    return;
  }
  Packer(packedType, shape, source, target).copy(0, *constantDim(shape.interiorOffset));
}

} // namespace dlc
