// SPDX-License-Identifier: Apache-2.0
// Attention as products around a softmax: ONNX has an op for it from opset 23 on.
#include "formats/onnx/OpEmitters.h"
#include "ir/OpsAttention.h"

using namespace mlir;

namespace dlc::onnx_export {

namespace {

class AttentionNodes {
public:
  AttentionNodes(AttentionOp op, GraphWriter &writer)
      : op(op), writer(writer), element(getElementTypeOrSelf(op.getType())) {}

  std::string build() {
    llvm::ArrayRef<AffineExpr> query = writer.getDims(op.getQuery()), key = writer.getDims(op.getKey());
    std::string keys = repeatHeads(op.getKey()), values = repeatHeads(op.getValue());
    std::string turned = writer.add("Transpose", {keys}, {{"perm", std::vector<int64_t>{0, 1, 3, 2}}});
    std::string scaled = writer.add("Mul", {writer.getName(op.getQuery()), number(op.getScale().convertToDouble())});
    std::string scores = writer.add("MatMul", {scaled, turned});
    if (double cap = op.getSoftcap().convertToDouble(); cap > 0)
      scores = writer.add("Mul", {writer.add("Tanh", {writer.add("Div", {scores, number(cap)})}), number(cap)});
    if (op.getMask() && !getElementTypeOrSelf(op.getMask().getType()).isInteger(1))
      scores = writer.add("Add", {scores, writer.getName(op.getMask())});
    std::string seen = findSeen(query[2], key[2]);
    if (seen.empty())
      return writer.add("MatMul", {writer.add("Softmax", {scores}, {{"axis", int64_t(-1)}}), values});
    // A query that sees nothing gets zeros; its scores must not be all -infinity.
    std::string masked = writer.add("Where", {seen, scores, number(-1e30)});
    std::string shares = writer.add("Softmax", {masked}, {{"axis", int64_t(-1)}});
    return writer.add("MatMul", {writer.add("Where", {seen, shares, number(0)}), values});
  }

private:
  std::string number(double value) {
    // Half numbers end at 65504.
    return writer.makeScalar(element.isF16() ? std::max(value, -60000.0) : value, element);
  }

  /// Neighbouring heads of the query share one of `value`, [B, G, T, D].
  std::string repeatHeads(Value value) {
    int64_t heads = llvm::cast<RankedTensorType>(op.getQuery().getType()).getDimSize(1),
            groups = llvm::cast<RankedTensorType>(value.getType()).getDimSize(1);
    std::string name = writer.getName(value);
    if (groups == heads)
      return name;
    llvm::ArrayRef<AffineExpr> dims = writer.getDims(value);
    MLIRContext *context = op.getContext();
    llvm::SmallVector<AffineExpr> spread{dims[0], dims[1], getAffineConstantExpr(heads / groups, context), dims[2],
                                         dims[3]},
        joined{dims[0], getAffineConstantExpr(heads, context), dims[2], dims[3]};
    std::string repeated =
        writer.add("Expand", {writer.add("Unsqueeze", {name, writer.makeInts({2})}), writer.makeShape(spread)});
    return writer.add("Reshape", {repeated, writer.makeShape(joined)}, {{"allowzero", int64_t(1)}});
  }

  std::string both(const std::string &a, const std::string &b) { return a.empty() ? b : writer.add("And", {a, b}); }

  std::string count(AffineExpr extent, llvm::ArrayRef<int64_t> shape) {
    std::string limit = writer.add("Squeeze", {writer.makeExtent(extent), writer.makeInts({0})});
    std::string positions = writer.add("Range", {writer.makeInt(0), limit, writer.makeInt(1)});
    return writer.add("Reshape", {positions, writer.makeInts(shape)});
  }

  /// Which keys each query sees, broadcast to [B, H, S, T]; empty if all do.
  std::string findSeen(AffineExpr queries, AffineExpr keys) {
    std::string seen, lengths;
    if (op.getMask() && getElementTypeOrSelf(op.getMask().getType()).isInteger(1))
      seen = writer.getName(op.getMask());
    if (!op.getLengths() && !op.getLeft() && !op.getRight())
      return seen;
    std::string key = count(keys, {1, 1, 1, -1});
    if (op.getLengths()) {
      std::string wide =
          writer.add("Cast", {writer.getName(op.getLengths())}, {{"to", int64_t(onnx::TensorProto::INT64)}});
      lengths = writer.add("Reshape", {wide, writer.makeInts({-1, 1, 1, 1})});
      seen = both(seen, writer.add("Less", {key, lengths}));
    }
    if (!op.getLeft() && !op.getRight())
      return seen;
    std::string position = count(queries, {1, 1, -1, 1});
    if (op.getFromEnd()) {
      std::string end = lengths.empty() ? writer.makeExtent(keys) : lengths;
      position = writer.add("Add", {position, writer.add("Sub", {end, writer.makeExtent(queries)})});
    }
    auto compare = [&](const char *comparison, std::optional<int64_t> distance) {
      if (distance)
        seen = both(seen, writer.add(comparison, {key, writer.add("Add", {position, writer.makeInt(*distance)})}));
    };
    compare("GreaterOrEqual", op.getFirstDistance());
    compare("LessOrEqual", op.getLastDistance());
    return seen;
  }

  AttentionOp op;
  GraphWriter &writer;
  Type element;
};

} // namespace

void registerAttention(OpEmitters &emitters) {
  emitters.add<AttentionOp>([](AttentionOp op, GraphWriter &writer) { return AttentionNodes(op, writer).build(); });
}

} // namespace dlc::onnx_export
