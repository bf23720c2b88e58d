// SPDX-License-Identifier: Apache-2.0
/// \file
/// A node without a model: ONNX's ops in graphs that another frontend builds.
#ifndef DLC_FRONTEND_ONNX_SINGLENODE_H
#define DLC_FRONTEND_ONNX_SINGLENODE_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/SmallVector.h"
#include <string>
#include <vector>

namespace dlc {
class CustomOps;
}

namespace dlc::onnx_import {

/// An operand: a value of the graph, or numbers; neither where it is left out.
struct SingleOperand {
  mlir::Value value;
  mlir::Type elementType; ///< of numbers; null if there are none
  llvm::SmallVector<int64_t> shape;
  std::vector<char> bytes; ///< row-major
};

/// An attribute: numbers or strings, a list of them or just one.
struct SingleAttribute {
  enum class Kind { Integers, Reals, Strings };
  std::string name;
  Kind kind = Kind::Integers;
  bool isList = false;
  std::vector<int64_t> integers;
  std::vector<double> reals;
  std::vector<std::string> strings;
};

struct SingleNode {
  std::string name, op; ///< ops of other domains than ONNX's own by "DOMAIN.OP"
  std::vector<SingleOperand> operands;
  std::vector<SingleAttribute> attributes;
  std::vector<bool> results; ///< which results are needed
  /// Null: `op` is one of ONNX. Else it is one of these.
  const CustomOps *customOps = nullptr;
};

/// The ops that importSingleNode takes, sorted: those on tensors, with attributes that are numbers and strings.
std::vector<std::string> getSingleOps();
/// Whether models of ONNX can have `op`, of its own domain or of the one before the name.
bool isOnnxOp(llvm::StringRef op);

/// Appends the ops of `node`, in its newest version, to the graph where `builder` is: the same ops as of a model that
/// has the node. Gives one value for each result, null where it is not needed. Fails after errors at `location`; warns
/// of attributes that the op does not have.
mlir::FailureOr<llvm::SmallVector<mlir::Value>> importSingleNode(const SingleNode &node, mlir::OpBuilder &builder,
                                                                 mlir::Location location);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_SINGLENODE_H
