// SPDX-License-Identifier: Apache-2.0
/// \file
/// Builds a `dlc.if` together with its branches.
#ifndef DLC_IR_IFBUILDER_H
#define DLC_IR_IFBUILDER_H

#include "ir/Annotations.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/PatternMatch.h"

namespace dlc {
class IfOp;

/// While one exists, the builder that it was given appends to the branch that was entered last, which may read all
/// values that are there before the op; `finish` restores it behind the op.
class IfBuilder {
public:
  IfBuilder(mlir::OpBuilder &builder, mlir::Location location, mlir::Value condition);

  /// Discards an unfinished op, whose error was reported.
  ~IfBuilder();

  /// Lets the builder append to a branch: 0 is taken where the condition is true, 1 where it is not.
  void enter(unsigned branch);
  /// Ends the branch that was entered last.
  void endBranch(mlir::ValueRange values);
  /// Conditions on extents that runs have to meet which take the branch; null: none.
  void setChecks(unsigned branch, ExtentChecksAttr checks);
  /// Ends the op, whose results have the types `types`.
  mlir::ResultRange finish(mlir::TypeRange types);

private:
  mlir::OpBuilder &builder;
  mlir::Operation *op; ///< an IfOp; until `finish` without results, null afterwards
};

/// An op like `op`, at its position and with its branches, with results of the types `results`. Values of `op` that are
/// still used, and the ends of the branches, are the caller's to replace; then it erases `op`.
IfOp rebuildIf(mlir::OpBuilder &builder, IfOp op, mlir::TypeRange results);

/// Drops results without a reader; gives the op, or what replaces it.
IfOp dropUnreadResults(mlir::RewriterBase &rewriter, IfOp op);

} // namespace dlc

#endif // DLC_IR_IFBUILDER_H
